"""Ten orders go to a topic, keyed by table, and a kitchen that is a group of one reads them.

With Kafka this is the first program that everybody writes. This one needs no server: the cluster is in the process.
"""

from concur.pubsub import Admin, Consumer, EmbeddedCluster, NewTopic, Producer


def main() -> None:
    with EmbeddedCluster(brokers=3) as cluster:
        config = {"bootstrap.servers": cluster.bootstrap_servers}

        with Admin(config) as admin:
            admin.create_topics([NewTopic("orders", num_partitions=4, replication_factor=3)])

        with Producer({**config, "key.serializer": str.encode, "value.serializer": str.encode}) as producer:
            for number in range(10):
                producer.send("orders", f"order {number}", key=f"table {number % 3}")
            producer.flush()

        decode = {"key.deserializer": bytes.decode, "value.deserializer": bytes.decode}
        group = {"group.id": "kitchen", "auto.offset.reset": "earliest"}
        with Consumer({**config, **decode, **group}) as consumer:
            consumer.subscribe(["orders"])
            seen = 0
            while seen < 10:
                for record in consumer.poll(timeout=1.0):
                    print(record.offset, record.key, record.value)
                    seen += 1


if __name__ == "__main__":
    main()
