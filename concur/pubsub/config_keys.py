"""The keys of the configuration, as tables: what each takes and what it is if it is not set. For config.py."""

from collections.abc import Callable
from typing import Any, NamedTuple

MAX_INT = 2**31 - 1
MAX_LONG = 2**63 - 1

REQUIRED = object()  # the default of a key that has none

STRATEGIES = ("range", "roundrobin", "cooperative-sticky")
_JAVA_CLASSES = {
    f"org.apache.kafka.clients.consumer.{java}Assignor": name
    for java, name in zip(("Range", "RoundRobin", "CooperativeSticky"), STRATEGIES, strict=True)
}


class Key(NamedTuple):
    """One key: its ``name``; the ``default``; what it ``takes``, in words; ``read``, which makes of a value
    what it means or raises TypeError or ValueError; the ``broker`` key that a topic's key takes its default
    from.
    """

    name: str
    default: Any
    takes: str
    read: Callable[[Any], Any]
    broker: str = ""


def integer(name: str, default: int, low: int = 0, high: int = MAX_INT, broker: str = "") -> Key:
    """A whole number in a range."""

    def read(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int | str):
            raise TypeError
        number = int(value)
        if not low <= number <= high:
            raise ValueError
        return number

    return Key(name, default, f"an integer from {low} to {high}", read, broker)


def boolean(name: str, default: bool, broker: str = "") -> Key:
    """True or False."""

    words = {"true": True, "false": False}

    def read(value: Any) -> bool:
        word = str(value).strip().lower() if isinstance(value, bool | str) else ""
        if word not in words:
            raise ValueError
        return words[word]

    return Key(name, default, "True or False", read, broker)


def choice(name: str, default: str, *choices: str) -> Key:
    """One of a few words."""

    def read(value: Any) -> str:
        if value not in choices:
            raise ValueError
        return str(value)

    return Key(name, default, " or ".join(map(repr, choices)), read)


def text(name: str, default: str | None = "") -> Key:
    """A string; one that may be missing is None then, and not empty otherwise."""

    def read(value: Any) -> str | None:
        if value is None and default is None:
            return None
        if not isinstance(value, str):
            raise TypeError
        if default is None and not value:
            raise ValueError
        return value

    return Key(name, default, "a string" if default is not None else "a string that is not empty", read)


def function(name: str) -> Key:
    """Something that can be called, or None: bytes are taken, or given, as they are."""

    def read(value: Any) -> Any:
        if value is not None and not callable(value):
            raise TypeError
        return value

    return Key(name, None, "something to call, such as str.encode or bytes.decode, or None for bytes", read)


def _strings(value: Any) -> list[str]:
    """Those of a list, or of a text between commas; none is empty."""
    parts = value.split(",") if isinstance(value, str) else list(value)
    if not parts or not all(isinstance(part, str) and part.strip() for part in parts):
        raise ValueError
    return [part.strip() for part in parts]


def _servers(value: Any) -> tuple[str, ...]:
    return tuple(_strings(value))


def _strategies(value: Any) -> tuple[str, ...]:
    names = tuple(_JAVA_CLASSES.get(part, part) for part in _strings(value))
    if not set(names) <= set(STRATEGIES) or len(set(names)) < len(names):
        raise ValueError
    return names


def _acks(value: Any) -> int:
    if isinstance(value, bool):
        raise TypeError
    acks = {"all": -1, "-1": -1, "0": 0, "1": 1}.get(str(value).strip().lower())
    if acks is None:
        raise ValueError
    return acks


_OF_ALL_CLIENTS = (
    Key("bootstrap.servers", REQUIRED, "an address such as embedded://name, or a list of them", _servers),
    text("client.id"),
    integer("request.timeout.ms", 30_000),
    integer("retry.backoff.ms", 100, high=MAX_LONG),
    integer("retry.backoff.max.ms", 1_000, high=MAX_LONG),
    integer("metadata.max.age.ms", 300_000, high=MAX_LONG),
)

PRODUCER = (
    *_OF_ALL_CLIENTS,
    function("key.serializer"),
    function("value.serializer"),
    Key("acks", -1, "'all', 1 or 0", _acks),
    boolean("enable.idempotence", True),
    integer("retries", MAX_INT),
    integer("max.in.flight.requests.per.connection", 5, low=1),
    integer("delivery.timeout.ms", 120_000),
    integer("batch.size", 16_384),
    integer("linger.ms", 5, high=MAX_LONG),
    integer("buffer.memory", 32 * 1024 * 1024, high=MAX_LONG),
    integer("max.block.ms", 60_000, high=MAX_LONG),
    integer("max.request.size", 1024 * 1024),
    boolean("partitioner.ignore.keys", False),
    choice("compression.type", "none", "none", "gzip", "snappy", "lz4", "zstd"),  # in one process nothing is
)

CONSUMER = (
    *_OF_ALL_CLIENTS,
    function("key.deserializer"),
    function("value.deserializer"),
    text("group.id", None),
    choice("group.protocol", "classic", "classic"),
    Key(
        "partition.assignment.strategy",
        ("range", "cooperative-sticky"),
        "one or more of 'range', 'roundrobin' and 'cooperative-sticky'",
        _strategies,
    ),
    integer("session.timeout.ms", 45_000, low=1),
    integer("heartbeat.interval.ms", 3_000, low=1),
    integer("max.poll.interval.ms", 300_000, low=1),
    integer("max.poll.records", 500, low=1),
    boolean("enable.auto.commit", True),
    integer("auto.commit.interval.ms", 5_000),
    choice("auto.offset.reset", "latest", "latest", "earliest", "none"),
    # Without transactions the two are the same.
    choice("isolation.level", "read_uncommitted", "read_uncommitted", "read_committed"),
    integer("fetch.min.bytes", 1),
    integer("fetch.max.bytes", 50 * 1024 * 1024),
    integer("fetch.max.wait.ms", 500),
    integer("max.partition.fetch.bytes", 1024 * 1024),
    integer("default.api.timeout.ms", 60_000),
)

ADMIN = (
    *_OF_ALL_CLIENTS,
    integer("retries", MAX_INT),
    integer("default.api.timeout.ms", 60_000),
)

TOPIC = (
    integer("min.insync.replicas", 1, low=1, broker="min.insync.replicas"),
    boolean("unclean.leader.election.enable", False, broker="unclean.leader.election.enable"),
    integer("retention.ms", 604_800_000, low=-1, high=MAX_LONG, broker="log.retention.ms"),
    integer("retention.bytes", -1, low=-1, high=MAX_LONG, broker="log.retention.bytes"),
    integer("segment.bytes", 1024 * 1024 * 1024, low=14, broker="log.segment.bytes"),
    integer("segment.ms", 604_800_000, low=1, high=MAX_LONG, broker="log.roll.ms"),
    integer("max.message.bytes", 1024 * 1024 + 12, broker="message.max.bytes"),
)

BROKER = (
    integer("num.partitions", 1, low=1),
    integer("default.replication.factor", 1, low=1),
    integer("min.insync.replicas", 1, low=1),
    boolean("unclean.leader.election.enable", False),
    integer("log.retention.ms", 604_800_000, low=-1, high=MAX_LONG),
    integer("log.retention.bytes", -1, low=-1, high=MAX_LONG),
    integer("log.retention.check.interval.ms", 300_000, low=1, high=MAX_LONG),
    integer("log.segment.bytes", 1024 * 1024 * 1024, low=14),
    integer("log.roll.ms", 604_800_000, low=1, high=MAX_LONG),
    integer("message.max.bytes", 1024 * 1024 + 12),
    integer("replica.lag.time.max.ms", 30_000, high=MAX_LONG),
    integer("replica.fetch.wait.max.ms", 500),
    integer("replica.fetch.min.bytes", 1),
    integer("replica.fetch.max.bytes", 1024 * 1024),
    integer("replica.fetch.response.max.bytes", 10 * 1024 * 1024),
    integer("replica.fetch.backoff.ms", 1_000),
    integer("broker.session.timeout.ms", 9_000, low=1),
    integer("broker.heartbeat.interval.ms", 2_000, low=1),
    integer("group.initial.rebalance.delay.ms", 3_000),
    integer("group.min.session.timeout.ms", 6_000),
    integer("group.max.session.timeout.ms", 1_800_000),
)

# Kafka's own, of which nothing is here.
ELSEWHERE = frozenset(
    """ transactional.id transaction.timeout.ms transaction.two.phase.commit.enable partitioner.class
    partitioner.adaptive.partitioning.enable partitioner.availability.timeout.ms compression.gzip.level
    compression.lz4.level compression.zstd.level interceptor.classes metric.reporters enable.metrics.push
    send.buffer.bytes receive.buffer.bytes reconnect.backoff.ms reconnect.backoff.max.ms
    socket.connection.setup.timeout.ms socket.connection.setup.timeout.max.ms connections.max.idle.ms
    client.dns.lookup client.rack config.providers metadata.max.idle.ms metadata.recovery.strategy
    metadata.recovery.rebootstrap.trigger.ms group.instance.id group.remote.assignor check.crcs
    exclude.internal.topics allow.auto.create.topics auto.create.topics.enable cleanup.policy log.cleanup.policy
    compression.type message.timestamp.type message.timestamp.before.max.ms message.timestamp.after.max.ms
    max.compaction.lag.ms min.compaction.lag.ms min.cleanable.dirty.ratio delete.retention.ms flush.messages
    flush.ms file.delete.delay.ms index.interval.bytes segment.index.bytes segment.jitter.ms preallocate
    remote.storage.enable local.retention.ms local.retention.bytes follower.replication.throttled.replicas
    leader.replication.throttled.replicas broker.id node.id process.roles listeners log.dirs log.retention.hours
    log.retention.minutes log.roll.hours num.io.threads num.network.threads num.replica.fetchers
    offsets.topic.num.partitions offsets.topic.replication.factor offsets.retention.minutes
    auto.leader.rebalance.enable group.max.size """.split()
)
