"""Every error of the queue with brokers, as one tree with Kafka's names.

Two attributes say what to do with one, and both can be trusted without knowing the class:

``retriable``
    The cause may pass: the same request may succeed later without anything being changed. Producers and consumers
    repeat these by themselves until their time is up.
``definite``
    What was asked for certainly did not happen, and will not. Where it is False it may have happened: the record
    may be in the log, the offset may be committed. Who repeats it then may do it twice.

Each class has the pair that is true of most of its errors, in the columns R and D; whoever raises one and knows more
says so, as in ``NotLeaderOrFollower(text, definite=True)``::

                                              R D
    ConcurError
    └── PubSubError                           - -  also the error of a broker that met a fault of its own
        ├── ConfigError            (UsageError)
        │                                     - D  a key, or a value, that the configuration does not have
        ├── IllegalState           (UsageError, RuntimeError)
        │                                     - D  a call that the client's state does not allow: closed, not assigned
        ├── ConcurrentModification (UsageError, RuntimeError)
        │                                     - D  two threads in one consumer
        ├── SerializationError                - D  a serializer or deserializer failed, or made no bytes
        ├── Wakeup                            - -  wakeup() was called
        ├── InvalidMetadata                   R -  who leads what has changed: ask again
        │   ├── UnknownTopicOrPartition       R D
        │   ├── LeaderNotAvailable            R D  an election is due
        │   ├── NotLeaderOrFollower           R -  not the leader, or it resigned while it waited for followers
        │   ├── FencedLeaderEpoch             R D  the asker knows an older leader
        │   ├── UnknownLeaderEpoch            R D  the broker knows an older leader
        │   └── Disconnected                  R -  the request, or its answer, was lost
        ├── RequestTimedOut                   R -  no answer in time
        ├── DeliveryTimeout                   R -  a record was not acknowledged within delivery.timeout.ms
        ├── BufferExhausted                   R D  no room in buffer.memory within max.block.ms
        ├── NotEnoughReplicas                 R D  fewer in sync than min.insync.replicas; nothing was appended
        ├── NotEnoughReplicasAfterAppend      R -  the same, noticed after the append: the record is in the log
        ├── RecordTooLarge                    - D
        ├── OutOfOrderSequenceNumber          - D  a batch of an idempotent producer is missing before this one
        ├── InvalidProducerEpoch              - D  a newer producer has the same id
        ├── InvalidOffset                     - D
        │   ├── OffsetOutOfRange              - D  outside of what the log holds
        │   └── NoOffsetForPartition          - D  none committed, and auto.offset.reset=none
        ├── OffsetNotAvailable                R D  a new leader does not know yet how far all is committed
        ├── CoordinatorNotAvailable           R D
        ├── NotCoordinator                    R D  the group is another broker's
        ├── IllegalGeneration                 - D  the group has gone on without this member
        ├── UnknownMemberId                   - D  never joined, left, or its session expired
        ├── MemberIdRequired                  R D  join again, with the id that this error carries
        ├── RebalanceInProgress               - D  join again
        ├── InconsistentGroupProtocol         - D  no assignor in common with the group
        ├── InvalidSessionTimeout             - D
        ├── InvalidGroupId                    - D
        ├── CommitFailed                      - D  the partitions may be another member's by now
        ├── TopicAlreadyExists                - D
        ├── InvalidTopic                      - D  a name that no topic may have
        ├── InvalidPartitions                 - D
        ├── InvalidReplicationFactor          - D
        └── InvalidReplicaAssignment          - D

The names are those of Kafka's protocol and of its Java client, without "Exception" (``Errors.java`` and
``org.apache.kafka.common.errors``); ``retriable`` is what Java expresses by ``RetriableException``. ``definite`` has
no counterpart there. It is what a test of histories must know of every error: "fail" or "info" in Jepsen's words.

    >>> from concur.pubsub import errors
    >>> errors.NotEnoughReplicasAfterAppend.definite
    False
    >>> try:
    ...     raise errors.NotLeaderOrFollower("broker 2 does not lead orders-0", definite=True)
    ... except errors.PubSubError as error:
    ...     error.retriable, error.definite
    (True, True)
"""

from concur.errors import ConcurError, UsageError


class PubSubError(ConcurError):
    """The root of the tree; itself raised where a broker met a fault of its own.

    Args:
        message: what happened, in the caller's names; which rule; what to do next.
        definite: whether it certainly did not happen, if that is known better than by the class.
    """

    retriable: bool = False  #: the same request may succeed later
    definite: bool = False  #: what was asked for certainly did not happen

    def __init__(self, message: str = "", *, definite: bool | None = None) -> None:
        super().__init__(message)
        if definite is not None:
            self.definite = definite


class ConfigError(PubSubError, UsageError):
    """A key that the configuration does not have, a value out of range, or two that exclude each other."""

    definite = True


class IllegalState(PubSubError, UsageError, RuntimeError):
    """The state of the client does not allow the call: it is closed, or the partition is not assigned to it."""

    definite = True


class ConcurrentModification(PubSubError, UsageError, RuntimeError):
    """A second thread called a consumer while one was inside; only ``wakeup()`` may be called by any thread."""

    definite = True


class SerializationError(PubSubError):
    """A serializer or deserializer raised, or made something other than bytes; its error is the cause."""

    definite = True


class Wakeup(PubSubError):
    """``wakeup()`` was called: the call that waited, or the next one that would, ends with this."""


class InvalidMetadata(PubSubError):
    """What the client knows of the leaders is out of date: it asks again, and repeats the request."""

    retriable = True


class UnknownTopicOrPartition(InvalidMetadata):
    """There is no such topic, or it has no such partition, as far as this broker knows."""

    definite = True


class LeaderNotAvailable(InvalidMetadata):
    """The partition has no leader now: an election is due, or no replica may be elected."""

    definite = True


class NotLeaderOrFollower(InvalidMetadata):
    """The broker does not lead the partition (definite), or lost it while it waited for followers (not definite)."""


class FencedLeaderEpoch(InvalidMetadata):
    """The request names an older leader epoch than the broker knows."""

    definite = True


class UnknownLeaderEpoch(InvalidMetadata):
    """The request names a newer leader epoch than the broker knows; it will soon."""

    definite = True


class Disconnected(InvalidMetadata):
    """The broker could not be reached (definite), or went away before it answered (not definite)."""


class RequestTimedOut(PubSubError):
    """No answer came in time: the followers were slow, or the broker was; it may have happened all the same."""

    retriable = True


class DeliveryTimeout(PubSubError):
    """A record was not acknowledged within ``delivery.timeout.ms``; definite if it was never sent."""

    retriable = True


class BufferExhausted(PubSubError):
    """There was no room for the record in ``buffer.memory`` within ``max.block.ms``; it was not sent."""

    retriable = True
    definite = True


class NotEnoughReplicas(PubSubError):
    """Fewer replicas are in sync than ``min.insync.replicas`` asks for; nothing was appended."""

    retriable = True
    definite = True


class NotEnoughReplicasAfterAppend(PubSubError):
    """The leader appended, and then fewer replicas were in sync than ``min.insync.replicas``: the record may stay."""

    retriable = True


class RecordTooLarge(PubSubError):
    """The record is larger than ``max.request.size``, ``buffer.memory`` or the topic's ``max.message.bytes``."""

    definite = True


class OutOfOrderSequenceNumber(PubSubError):
    """A batch of an idempotent producer does not continue where its last one ended: one between them is missing."""

    definite = True


class InvalidProducerEpoch(PubSubError):
    """A producer with the same id and a newer epoch has written; this one must not any more."""

    definite = True


class InvalidOffset(PubSubError):
    """There is no offset to read from."""

    definite = True


class OffsetOutOfRange(InvalidOffset):
    """The offset is below the start of the log or above its end."""


class NoOffsetForPartition(InvalidOffset):
    """The group has no offset committed, and ``auto.offset.reset`` is ``none``."""


class OffsetNotAvailable(PubSubError):
    """The leader is new, and will know in a moment how much of its log is committed (KIP-207)."""

    retriable = True
    definite = True


class CoordinatorNotAvailable(PubSubError):
    """No broker coordinates the group now; one will."""

    retriable = True
    definite = True


class NotCoordinator(PubSubError):
    """Another broker coordinates the group: look for it again."""

    retriable = True
    definite = True


class IllegalGeneration(PubSubError):
    """The group is in another generation than the member that asks."""

    definite = True


class UnknownMemberId(PubSubError):
    """The group does not have this member: it never joined, has left, or its session expired."""

    definite = True


class MemberIdRequired(PubSubError):
    """A first join: do it again with the id that the coordinator has chosen, so that no lost answer leaves a ghost.

    Args:
        message: as of every error.
        member_id: the id to join with.
    """

    retriable = True
    definite = True

    def __init__(self, message: str = "", member_id: str = "") -> None:
        super().__init__(message)
        self.member_id = member_id


class RebalanceInProgress(PubSubError):
    """The group is being rebalanced: the member has to join again."""

    definite = True


class InconsistentGroupProtocol(PubSubError):
    """The member has no assignor in common with the group's other members."""

    definite = True


class InvalidSessionTimeout(PubSubError):
    """``session.timeout.ms`` is outside of what the broker allows."""

    definite = True


class InvalidGroupId(PubSubError):
    """The call needs ``group.id``, and the consumer has none."""

    definite = True


class CommitFailed(PubSubError):
    """The group went on without this member, so its offsets were not committed: others may have its partitions."""

    definite = True


class TopicAlreadyExists(PubSubError):
    """There is a topic of this name."""

    definite = True


class InvalidTopic(PubSubError):
    """The name is empty, too long, or has a character that no topic's name may have."""

    definite = True


class InvalidPartitions(PubSubError):
    """A topic needs at least one partition, and partitions are only ever added."""

    definite = True


class InvalidReplicationFactor(PubSubError):
    """More replicas than there are brokers, or fewer than one."""

    definite = True


class InvalidReplicaAssignment(PubSubError):
    """Replicas that were placed by hand, and not on brokers that exist, once each, for every partition."""

    definite = True
