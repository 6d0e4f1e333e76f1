"""The seam: what producers, consumers and admins ask of a cluster, whichever engine it is.

A client knows nothing of what is behind a :class:`Connection`. ``connect`` finds it by ``bootstrap.servers``, whose
scheme names the engine: ``embedded://orders`` is the ``EmbeddedCluster`` called "orders" in this
process. Engines make themselves known by :func:`register`.

Each request is a call that waits for its answer, in the thread that makes it. It raises what went wrong with
the request as a whole, and answers what went wrong with a single partition or topic in its place in the answer;
both are errors of :mod:`concur.pubsub.errors`. Brokers go by their numbers. Times are milliseconds.

    >>> from concur.pubsub.connection import connect
    >>> connect("localhost:9092")
    Traceback (most recent call last):
        ...
    concur.pubsub.errors.ConfigError: bootstrap.servers 'localhost:9092': there is no engine for this address...
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from concur.pubsub.assignors import Subscription
from concur.pubsub.batch import RecordBatch, StoredBatch
from concur.pubsub.errors import ConfigError, PubSubError
from concur.pubsub.records import NewTopic, OffsetAndMetadata, TopicPartition

EARLIEST = -2  # for list_offsets: the first offset that the log still has
LATEST = -1  # for list_offsets: the high watermark, one after the last that may be read

ACKS_ALL = -1  # for produce: when every replica in sync has it

NO_MEMBER = ""  # the id of a member that has none yet
NO_GENERATION = -1  # of a consumer that commits without being a member of its group


class PartitionMetadata(NamedTuple):
    """Who has a partition: its ``leader``, None while there is none, since ``leader_epoch``; all its
    ``replicas``, the preferred leader first, and those ``in sync`` (``isr``). Brokers are numbers.
    """

    partition: int
    leader: int | None
    leader_epoch: int
    replicas: tuple[int, ...]
    isr: tuple[int, ...]


class ClusterMetadata(NamedTuple):
    """What a broker knows of the cluster: ``topics``, each a list in which partition *n* is the *n*-th; the
    ``brokers`` that are alive; the broker that is ``controller``, if one is. A topic that was asked for and
    does not exist is not in ``topics``.
    """

    topics: dict[str, list[PartitionMetadata]]
    brokers: tuple[int, ...]
    controller: int | None


class FetchedPartition(NamedTuple):
    """What a fetch brought of one partition: ``batches`` from the one that has the offset asked for, none at or
    above the ``high_watermark``, perhaps none at all; and where the log begins (``log_start``).
    """

    batches: list[StoredBatch]
    high_watermark: int
    log_start: int


class Joined(NamedTuple):
    """What a member is told when the round of joining is over: the new ``generation``, its own ``member_id``,
    who is the ``leader``, the assignor that all can use (``protocol``), and, the leader alone, what every
    member said (``members``).
    """

    generation: int
    member_id: str
    leader: str
    protocol: str
    members: dict[str, Subscription]


class GroupDescription(NamedTuple):
    """A group as its coordinator sees it: ``state`` is one of ``Empty``, ``PreparingRebalance``,
    ``CompletingRebalance``, ``Stable``, ``Dead``; ``members`` has the partitions assigned to each in this
    ``generation``.
    """

    group: str
    state: str
    generation: int
    protocol: str
    leader: str
    members: dict[str, tuple[TopicPartition, ...]]


class Connection(Protocol):
    """One client's way to a cluster. All requests may be made by several threads at a time.

    Besides what is named, each raises :class:`~concur.pubsub.errors.Disconnected` if the broker cannot be
    reached or its answer is lost, and :class:`~concur.pubsub.errors.RequestTimedOut` if no answer comes in
    time.
    """

    def metadata(self, topics: Sequence[str] | None = None) -> ClusterMetadata:
        """What any broker knows of *topics*, or of all of them if None."""
        ...

    def init_producer_id(self) -> tuple[int, int]:
        """A number and an epoch for an idempotent producer, never given before."""
        ...

    def produce(
        self,
        broker: int,
        batches: Mapping[TopicPartition, RecordBatch],
        acks: int,
        timeout_ms: int,
        sent: Callable[[], None] = lambda: None,
    ) -> dict[TopicPartition, tuple[int, int] | PubSubError]:
        """Append one batch to each of several partitions that *broker* leads.

        Args:
            acks: 0, answered at once with offset -1; 1, when the leader has it; -1, when all in sync have it.
            timeout_ms: how long the leader waits for the others.
            sent: called once the request cannot be overtaken any more by another that is made from now on, if the
                answer will take longer than that.

        Returns:
            The offset of the batch's first record and its timestamp, for each partition; -1 instead of a timestamp
            means the producer's.
        """
        ...

    def fetch(
        self,
        broker: int,
        positions: Mapping[TopicPartition, tuple[int, int]],
        max_wait_ms: int,
        min_bytes: int,
        max_bytes: int,
        max_partition_bytes: int,
    ) -> dict[TopicPartition, FetchedPartition | PubSubError]:
        """Read from several partitions that *broker* leads; waits until there is something.

        Args:
            positions: of each partition the offset to read from, and the leader epoch that the client knows, or -1.
            max_wait_ms: after so long the answer comes also with less than *min_bytes*.
            min_bytes: the answer waits for so much, over all partitions, unless there is an error to tell.
            max_bytes, max_partition_bytes: not much more than this, in all and for each; but at least one batch.
        """
        ...

    def list_offsets(
        self, broker: int, timestamps: Mapping[TopicPartition, int]
    ) -> dict[TopicPartition, tuple[int, int] | PubSubError]:
        """The first record that is not older than a timestamp: its offset and timestamp, (-1, -1) if there is none.

        Args:
            timestamps: milliseconds; or ``EARLIEST``, ``LATEST``, whose answers have the timestamp -1.
        """
        ...

    def find_coordinator(self, group: str) -> int:
        """The broker that coordinates *group*.

        Raises:
            CoordinatorNotAvailable: none does now.
        """
        ...

    def join_group(
        self,
        broker: int,
        group: str,
        member_id: str,
        session_timeout_ms: int,
        rebalance_timeout_ms: int,
        protocols: Mapping[str, Subscription],
        client_id: str = "",
    ) -> Joined:
        """Join, or join again; returns when all members have, or those that have not were thrown out.

        Args:
            broker: the group's coordinator, as in all that follow; another raises ``NotCoordinator``.
            member_id: "" at first, which raises ``MemberIdRequired`` with the id to come back with.
            session_timeout_ms: the member is taken for dead after so long without a heartbeat.
            rebalance_timeout_ms: how long the others wait for it to join again.
            protocols: for each assignor that it can use, the one it likes best first, what it has to say.

        Raises:
            UnknownMemberId, InconsistentGroupProtocol, InvalidSessionTimeout, InvalidGroupId, NotCoordinator,
            CoordinatorNotAvailable
        """
        ...

    def sync_group(
        self,
        broker: int,
        group: str,
        member_id: str,
        generation: int,
        shares: Mapping[str, Sequence[TopicPartition]],
    ) -> tuple[TopicPartition, ...]:
        """The member's share; the leader hands in all of them by this, the others hand in none and wait for it.

        Raises:
            RebalanceInProgress, IllegalGeneration, UnknownMemberId, NotCoordinator, CoordinatorNotAvailable
        """
        ...

    def heartbeat(self, broker: int, group: str, member_id: str, generation: int) -> None:
        """The member is alive.

        Raises:
            RebalanceInProgress: it has to join again.
            IllegalGeneration, UnknownMemberId, NotCoordinator, CoordinatorNotAvailable
        """
        ...

    def leave_group(self, broker: int, group: str, member_id: str) -> None:
        """The member goes; the others are rebalanced.

        Raises:
            UnknownMemberId, NotCoordinator, CoordinatorNotAvailable
        """
        ...

    def commit_offsets(
        self,
        broker: int,
        group: str,
        member_id: str,
        generation: int,
        offsets: Mapping[TopicPartition, OffsetAndMetadata],
    ) -> None:
        """Keep *offsets* for the group, all or none.

        Args:
            member_id, generation: "" and -1 of a consumer that is not a member; only while the group has none.

        Raises:
            IllegalGeneration, UnknownMemberId, RebalanceInProgress, NotCoordinator, CoordinatorNotAvailable
        """
        ...

    def fetch_offsets(
        self, broker: int, group: str, partitions: Iterable[TopicPartition] | None = None
    ) -> dict[TopicPartition, OffsetAndMetadata]:
        """What the group has committed for *partitions*, all of them if None; those without are not in the answer.

        Raises:
            NotCoordinator, CoordinatorNotAvailable
        """
        ...

    def create_topics(self, topics: Iterable[NewTopic]) -> dict[str, PubSubError | None]:
        """Make *topics*; None for each that was made."""
        ...

    def delete_topics(self, topics: Iterable[str]) -> dict[str, PubSubError | None]:
        """Delete *topics* with all their records; None for each that was deleted."""
        ...

    def topic_configs(self, topics: Iterable[str]) -> dict[str, dict[str, Any] | PubSubError]:
        """The settings of *topics*, those included that come from the brokers."""
        ...

    def describe_groups(
        self, groups: Iterable[str] | None = None
    ) -> dict[str, GroupDescription | PubSubError]:
        """*groups* as their coordinators see them, all of them if None."""
        ...

    def close(self) -> None:
        """The client makes no more requests, and does not wait for those under way: they end as if time were up."""
        ...


# Of an address without its scheme, the client's id, and how many milliseconds a request may take.
Opener = Callable[[str, str, int], Connection]

_engines: dict[str, Opener] = {}  # scheme -> how its clusters are reached


def register(scheme: str, opener: Opener) -> None:
    """Make an engine known: ``connect("scheme://address")`` will call
    ``opener(address, client_id, request_timeout_ms)``.
    """
    _engines[scheme] = opener


def connect(
    bootstrap_servers: str | Sequence[str], client_id: str = "", request_timeout_ms: int = 30_000
) -> Connection:
    """Find a cluster by its address.

    Args:
        bootstrap_servers: ``embedded://name``; one string, or a sequence with one in it.
        client_id: what the cluster calls the client, in its log and where the network between them is cut.
        request_timeout_ms: how long an answer is waited for, for requests that do not say so themselves; the client's
            ``request.timeout.ms``.

    Raises:
        ConfigError: the address is none, or nothing that runs in this process has it.
    """
    servers = [bootstrap_servers] if isinstance(bootstrap_servers, str) else list(bootstrap_servers)
    if len(servers) != 1:
        raise ConfigError(f"bootstrap.servers takes one address such as embedded://name, not {servers!r}")
    scheme, separator, address = servers[0].partition("://")
    if separator and scheme in _engines:
        return _engines[scheme](address, client_id, request_timeout_ms)
    if scheme == "embedded" and address:
        raise ConfigError(
            f"bootstrap.servers {servers[0]!r}: this process has no embedded cluster. EmbeddedCluster({address!r}) "
            f"makes one; clusters are not shared between processes."
        )
    raise ConfigError(
        f"bootstrap.servers {servers[0]!r}: there is no engine for this address. Only embedded://name is there yet, "
        f"a cluster in this process: EmbeddedCluster(name) makes one, and has the address in .bootstrap_servers."
    )
