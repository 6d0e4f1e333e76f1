"""A partitioned, replicated publish/subscribe queue after Apache Kafka's model, in one process.

The names, verbs and configuration keys are those of Kafka's Java client, in snake case where Python wants it.
Everything that a program needs is imported from here, but for the errors, which are in :mod:`concur.pubsub.errors`.
"""

from concur.pubsub import errors
from concur.pubsub.admin import Admin
from concur.pubsub.consumer import Consumer
from concur.pubsub.delivery import Deliveries, Delivery
from concur.pubsub.embedded.cluster import EmbeddedCluster
from concur.pubsub.producer import Producer
from concur.pubsub.rebalancing import RebalanceListener
from concur.pubsub.records import (
    ConsumerRecord,
    ConsumerRecords,
    NewTopic,
    OffsetAndMetadata,
    OffsetAndTimestamp,
    ProducerRecord,
    RecordMetadata,
    TopicPartition,
)

__all__ = [
    "Admin",
    "Consumer",
    "ConsumerRecord",
    "ConsumerRecords",
    "Deliveries",
    "Delivery",
    "EmbeddedCluster",
    "NewTopic",
    "OffsetAndMetadata",
    "OffsetAndTimestamp",
    "Producer",
    "ProducerRecord",
    "RebalanceListener",
    "RecordMetadata",
    "TopicPartition",
    "errors",
]
