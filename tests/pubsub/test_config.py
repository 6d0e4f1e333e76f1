"""The configuration: defaults, what values may look like, what is refused and how."""

from pathlib import Path

import pytest

from concur.pubsub import config_keys
from concur.pubsub.config import (
    admin_config,
    broker_config,
    consumer_config,
    producer_config,
    topic_config,
)
from concur.pubsub.errors import ConfigError

HERE = {"bootstrap.servers": "embedded://orders"}


def producer(**given):
    return producer_config(HERE | {key.replace("_", "."): value for key, value in given.items()})


def consumer(**given):
    return consumer_config(HERE | {key.replace("_", "."): value for key, value in given.items()})


def test_defaults_are_those_of_java() -> None:
    """A program that sets nothing gets what it gets from Kafka."""
    sent = producer()
    assert (sent["acks"], sent["enable.idempotence"], sent["retries"]) == (-1, True, 2**31 - 1)
    assert (sent["batch.size"], sent["linger.ms"], sent["buffer.memory"]) == (16384, 5, 33554432)
    assert (sent["max.block.ms"], sent["delivery.timeout.ms"]) == (60_000, 120_000)
    read = consumer(group_id="billing")
    assert (read["auto.offset.reset"], read["enable.auto.commit"]) == ("latest", True)
    assert read["partition.assignment.strategy"] == ("range", "cooperative-sticky")
    assert (read["session.timeout.ms"], read["heartbeat.interval.ms"]) == (45_000, 3_000)
    assert topic_config({})["retention.ms"] == 7 * 24 * 3600 * 1000
    assert broker_config({})["replica.lag.time.max.ms"] == 30_000
    assert admin_config(HERE)["default.api.timeout.ms"] == 60_000


def test_text_means_what_it_says() -> None:
    """Values may be written as in a properties file."""
    sent = producer(linger_ms=" 20 ", enable_idempotence="FALSE", acks="All", retries="0")
    assert (sent["linger.ms"], sent["enable.idempotence"], sent["acks"]) == (20, False, -1)
    assert [producer(acks=acks)["acks"] for acks in (0, 1, -1, "0", "1", "-1")] == [0, 1, -1, 0, 1, -1]
    for strategy in (
        "roundrobin, range",
        ["roundrobin", "range"],
        "org.apache.kafka.clients.consumer.RoundRobinAssignor,org.apache.kafka.clients.consumer.RangeAssignor",
    ):
        read = consumer(partition_assignment_strategy=strategy)
        assert read["partition.assignment.strategy"] == ("roundrobin", "range")
    assert producer()["bootstrap.servers"] == ("embedded://orders",)
    assert producer(key_serializer=str.encode)["key.serializer"] is str.encode


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"linger.ms": "soon"}, "'linger.ms' takes an integer from 0 to 9223372036854775807, not 'soon'"),
        ({"linger.ms": -1}, "takes an integer from 0"),
        ({"linger.ms": 1.5}, "takes an integer"),
        ({"linger.ms": True}, "takes an integer"),
        ({"linger.ms": None}, "takes an integer"),
        ({"retries": 2**31}, "takes an integer from 0 to 2147483647"),
        ({"acks": "2"}, "'acks' takes 'all', 1 or 0, not '2'"),
        ({"acks": True}, "'acks' takes"),
        ({"acks": None}, "'acks' takes"),
        ({"enable.idempotence": "yes"}, "takes True or False, not 'yes'"),
        ({"enable.idempotence": 1}, "takes True or False, not 1"),
        ({"value.serializer": "org.apache.kafka.common.serialization.StringSerializer"}, "something to call"),
        ({"compression.type": "zip"}, "takes 'none' or 'gzip' or"),
        ({"client.id": None}, "takes a string, not None"),
        ({"bootstrap.servers": ""}, "takes an address"),
        ({"bootstrap.servers": 9092}, "takes an address"),
    ],
)
def test_a_wrong_value_is_named_with_what_is_right(given, message) -> None:
    with pytest.raises(ConfigError, match=f"^producer: .*{message}"):
        producer_config(HERE | given)


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("linger", r"Did you mean 'linger.ms'\?"),
        ("linger_ms", r"Did you mean 'linger.ms'\?"),
        ("lingerMs", r"Did you mean 'linger.ms'\?"),
        ("batch.sise", r"Did you mean 'batch.size'\?"),
        ("idempotence", r"Did you mean 'enable.idempotence'\?"),
        ("xyzzy", r"'xyzzy' is not a configuration key.$"),
        ("group.id", "is a configuration key of a consumer, not of a producer"),
        ("min.insync.replicas", "is a configuration key of a topic or a broker, not of a producer"),
        ("transactional.id", r"of Kafka that concur.pubsub does not have. Leave it out."),
        ("ssl.keystore.location", r"of Kafka that concur.pubsub does not have. Leave it out."),
        (5, "a configuration key is a string"),
    ],
)
def test_an_unknown_key_is_told_what_is_near(key, message) -> None:
    with pytest.raises(ConfigError, match=message):
        producer_config({**HERE, key: 1})


def test_a_client_needs_an_address() -> None:
    for read in (producer_config, consumer_config, admin_config):
        with pytest.raises(ConfigError, match=r"'bootstrap.servers' is missing"):
            read({})


@pytest.mark.parametrize("given", [{"retries": 0}, {"acks": 1}, {"acks": "0"}])
def test_idempotence_gives_way_unless_it_was_asked_for(given) -> None:
    """Settings that exclude it turn it off; asked for as well, they are an error."""
    assert producer_config(HERE | given)["enable.idempotence"] is False
    assert producer_config(HERE | given | {"enable.idempotence": False})["enable.idempotence"] is False
    with pytest.raises(ConfigError, match=r"set 'enable.idempotence' to False"):
        producer_config(HERE | given | {"enable.idempotence": True})


def test_a_broker_remembers_five_batches() -> None:
    """More in flight is refused while the producer is idempotent, asked for or not."""
    assert producer(max_in_flight_requests_per_connection=5)["enable.idempotence"]
    with pytest.raises(ConfigError, match="remembers only the last 5 batches"):
        producer(max_in_flight_requests_per_connection=6)
    assert not producer(max_in_flight_requests_per_connection=6, acks=1)["enable.idempotence"]


def test_a_delivery_has_the_time_of_a_request() -> None:
    """The time-out of a delivery is not below that of its parts."""
    assert producer(linger_ms=100_000, request_timeout_ms=50_000)["delivery.timeout.ms"] == 150_000
    assert producer(delivery_timeout_ms=30_005)["delivery.timeout.ms"] == 30_005
    with pytest.raises(ConfigError, match=r"'linger.ms' \+ 'request.timeout.ms' = 30005"):
        producer(delivery_timeout_ms=30_004)


def test_a_session_is_longer_than_a_heartbeat() -> None:
    """A member that could not be heard in time is refused."""
    assert consumer(heartbeat_interval_ms=44_999)
    with pytest.raises(ConfigError, match="taken for dead before it says that it lives"):
        consumer(heartbeat_interval_ms=45_000)


def test_without_a_group_nothing_is_committed() -> None:
    """enable.auto.commit is off without group.id, and an error if it was asked for."""
    assert consumer()["enable.auto.commit"] is False
    assert consumer(group_id=None)["group.id"] is None
    with pytest.raises(ConfigError, match=r"there is no 'group.id' to commit for"):
        consumer(enable_auto_commit="true")
    with pytest.raises(ConfigError, match=r"'group.id' takes a string that is not empty"):
        consumer(group_id="")


@pytest.mark.parametrize(
    "given",
    [
        {"partition.assignment.strategy": "sticky"},
        {"partition.assignment.strategy": "range,range"},
        {"partition.assignment.strategy": []},
        {"auto.offset.reset": "first"},
        {"group.protocol": "consumer"},
        {"max.poll.records": 0},
    ],
)
def test_a_consumer_is_refused_what_it_cannot_have(given) -> None:
    with pytest.raises(ConfigError, match=f"^consumer: '{next(iter(given))}' takes"):
        consumer_config(HERE | given)


@pytest.mark.parametrize(
    "given",
    [
        {"replica.fetch.wait.max.ms": 30_001},
        {"group.min.session.timeout.ms": 1_800_001},
        {"broker.heartbeat.interval.ms": 9_000},
    ],
)
def test_a_broker_is_refused_what_contradicts_itself(given) -> None:
    with pytest.raises(ConfigError, match=f"^broker: '{next(iter(given))}' is .* only"):
        broker_config(given)


def test_a_topic_has_what_its_broker_has() -> None:
    """What a topic does not set comes from the broker, by the broker's name for it."""
    broker = broker_config({"log.retention.bytes": 10_000, "min.insync.replicas": 2})
    topic = topic_config({"min.insync.replicas": "1"}, broker)
    assert (topic["retention.bytes"], topic["min.insync.replicas"]) == (10_000, 1)
    assert topic.given == {"min.insync.replicas"}
    assert set(topic) == set(topic_config({}))


def test_defaults_of_topics_and_brokers_agree() -> None:
    """A topic without a broker has what it would have with one that sets nothing."""
    assert dict(topic_config({}, broker_config({}))) == dict(topic_config({}))


def test_a_configuration_shows_what_was_set() -> None:
    sent = producer(linger_ms=7)
    assert repr(sent) == "<Config bootstrap.servers=('embedded://orders',), linger.ms=7>".replace(
        ") l", "), l"
    )
    assert len(sent) == len(list(sent)) == len(config_keys.PRODUCER)


def test_the_reference_has_every_key() -> None:
    """The tables of the documentation are those of the code: key, default, and what it takes."""
    page = Path(__file__).parents[2].joinpath("docs", "pubsub.md").read_text(encoding="utf-8")
    for client in ("PRODUCER", "CONSUMER", "ADMIN", "TOPIC", "BROKER"):
        rows = [
            f"| `{key.name}` | {'' if key.default is config_keys.REQUIRED else repr(key.default)} | {key.takes} |"
            for key in getattr(config_keys, client)
        ]
        assert "\n".join(rows) in page, "\n".join([client, *rows])


def test_no_key_is_both_here_and_elsewhere() -> None:
    """What is refused as Kafka's alone is not a key of the same client, and no table names a key twice."""
    for keys in (
        config_keys.PRODUCER,
        config_keys.CONSUMER,
        config_keys.ADMIN,
        config_keys.TOPIC,
        config_keys.BROKER,
    ):
        names = [key.name for key in keys]
        assert len(names) == len(set(names))
    both = {key.name for key in config_keys.CONSUMER + config_keys.TOPIC + config_keys.BROKER}
    assert not both & config_keys.ELSEWHERE
