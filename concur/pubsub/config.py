"""The configuration: Kafka's dotted keys with the defaults, types and ranges of its Java client and broker.

Values may be given as Java's properties are, as text, or as what they mean: ``"5"`` or 5, ``"true"`` or True, a
list or ``"range,roundrobin"``. What comes out has one type for each key.

    >>> from concur.pubsub.config import producer_config
    >>> config = producer_config({"bootstrap.servers": "embedded://orders", "linger.ms": "20"})
    >>> config["linger.ms"], config["batch.size"], config["acks"]
    (20, 16384, -1)
    >>> producer_config({"bootstrap.servers": "embedded://orders", "linger": 20})
    Traceback (most recent call last):
        ...
    concur.pubsub.errors.ConfigError: producer: 'linger' is not a configuration key. Did you mean 'linger.ms'?

Keys that Kafka has and that mean nothing here (sockets, security, metrics, transactions) are refused as well,
each by its name: a program that sets one expects what it would not get.

``ProducerConfig.java``, ``ConsumerConfig.java``, ``TopicConfig.java`` and the broker's ``*Config`` classes of
Kafka 4 are the source.
"""

import difflib
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from concur.pubsub.config_keys import ADMIN, BROKER, CONSUMER, ELSEWHERE, PRODUCER, REQUIRED, TOPIC, Key
from concur.pubsub.errors import ConfigError

MAX_IN_FLIGHT_IDEMPOTENT = 5  # as many batches as a broker remembers of a producer


class Config(Mapping[str, Any]):
    """The settings of one client, broker or topic: every key that it has, with a value. Nobody changes it.

    Args:
        values: key -> value.
        given: the keys that were set, not left to their default.
    """

    __slots__ = ("_values", "given")

    def __init__(self, values: Mapping[str, Any], given: frozenset[str] = frozenset()) -> None:
        self._values = dict(values)
        self.given = given

    def __getitem__(self, key: str) -> Any:
        return self._values[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"<Config {', '.join(f'{key}={self._values[key]!r}' for key in sorted(self.given))}>"


class _Kind(NamedTuple):
    """What has a configuration: its name in messages, its keys, what holds between them."""

    name: str
    keys: tuple[Key, ...]
    rule: Callable[[dict[str, Any], frozenset[str]], str | None]


def producer_config(given: Mapping[str, Any]) -> Config:
    """The settings of a producer.

    ``acks`` comes out as a number, ``all`` as -1. ``enable.idempotence`` is turned off where other settings
    exclude it, unless it was asked for; ``delivery.timeout.ms`` is never below ``linger.ms`` and
    ``request.timeout.ms`` together, unless it was asked for. Both are as Java's producer does it.

    Raises:
        ConfigError: an unknown key, a value out of range, or settings that exclude each other.
    """
    return _read(_Kind("producer", PRODUCER, _producer_rule), given)


def consumer_config(given: Mapping[str, Any]) -> Config:
    """The settings of a consumer. Without ``group.id`` nothing is committed by itself: ``enable.auto.commit``
    is False.

    Raises:
        ConfigError: an unknown key, a value out of range, or settings that exclude each other.
    """
    return _read(_Kind("consumer", CONSUMER, _consumer_rule), given)


def admin_config(given: Mapping[str, Any]) -> Config:
    """The settings of an admin.

    Raises:
        ConfigError: an unknown key, or a value out of range.
    """
    return _read(_Kind("admin", ADMIN, _no_rule), given)


def broker_config(given: Mapping[str, Any]) -> Config:
    """The settings of the brokers of an embedded cluster.

    Raises:
        ConfigError: an unknown key, a value out of range, or settings that exclude each other.
    """
    return _read(_Kind("broker", BROKER, _broker_rule), given)


def topic_config(given: Mapping[str, Any], broker: Mapping[str, Any] | None = None) -> Config:
    """The settings of a topic; what it does not set is as its *broker* has it.

    >>> topic_config({"retention.ms": 1000}, broker_config({"min.insync.replicas": 2}))["min.insync.replicas"]
    2

    Raises:
        ConfigError: an unknown key, or a value out of range.
    """
    config = _read(_Kind("topic", TOPIC, _no_rule), given)
    if broker is None:
        return config
    of_broker = {key.name: broker[key.broker] for key in TOPIC if key.name not in config.given}
    return Config({**config, **of_broker}, config.given)


def _read(kind: _Kind, given: Mapping[str, Any]) -> Config:
    known = {key.name: key for key in kind.keys}
    for name in given:
        if name not in known:
            raise ConfigError(f"{kind.name}: {_unknown(name, kind)}")
    values = {}
    for key in kind.keys:
        if key.name not in given:
            if key.default is REQUIRED:
                raise ConfigError(
                    f"{kind.name}: {key.name!r} is missing. An EmbeddedCluster has it in .bootstrap_servers."
                )
            values[key.name] = key.default
            continue
        try:
            values[key.name] = key.read(given[key.name])
        except (TypeError, ValueError):
            raise ConfigError(
                f"{kind.name}: {key.name!r} takes {key.takes}, not {given[key.name]!r}"
            ) from None
    set_by_user = frozenset(given)
    problem = kind.rule(values, set_by_user)
    if problem:
        raise ConfigError(f"{kind.name}: {problem}")
    return Config(values, set_by_user)


def _unknown(name: object, kind: _Kind) -> str:
    """What to say of a key that is not one of *kind*."""
    if not isinstance(name, str):
        return f"a configuration key is a string such as {kind.keys[0].name!r}, not {name!r}"
    others = [("producer", PRODUCER), ("consumer", CONSUMER), ("topic", TOPIC), ("broker", BROKER)]
    at_home = [other for other, keys in others if any(key.name == name for key in keys)]
    if at_home:
        return f"{name!r} is a configuration key of a {' or a '.join(at_home)}, not of a {kind.name}"
    if name in ELSEWHERE or name.startswith(("ssl.", "sasl.", "metrics.", "security.")):
        return f"{name!r} is a configuration key of Kafka that concur.pubsub does not have. Leave it out."
    dotted = name.replace("_", ".").lower()
    names = [key.name for key in kind.keys]
    near = difflib.get_close_matches(dotted, names, n=1, cutoff=0.5) or [
        other for other in names if other.startswith(f"{dotted}.")
    ]
    return f"{name!r} is not a configuration key." + (f" Did you mean {near[0]!r}?" if near else "")


def _no_rule(values: dict[str, Any], given: frozenset[str]) -> str | None:
    return None


def _producer_rule(values: dict[str, Any], given: frozenset[str]) -> str | None:
    """ProducerConfig.postProcessAndValidateIdempotenceConfigs, KafkaProducer.configureDeliveryTimeout."""
    if values["enable.idempotence"]:
        asked_for = "enable.idempotence" in given
        problem = ""
        if values["retries"] == 0:
            problem = "'retries' is 0, and an idempotent producer has to repeat what may have failed"
        elif values["acks"] != -1:
            problem = (
                f"'acks' is {values['acks']}, and what not all in sync have may be lost, idempotent or not"
            )
        if problem and asked_for:
            return f"{problem}. Leave it out, or set 'enable.idempotence' to False."
        values["enable.idempotence"] = not problem
        in_flight = values["max.in.flight.requests.per.connection"]
        if not problem and in_flight > MAX_IN_FLIGHT_IDEMPOTENT:
            return (
                f"'max.in.flight.requests.per.connection' is {in_flight}, but a broker remembers only the last "
                f"{MAX_IN_FLIGHT_IDEMPOTENT} batches of an idempotent producer. Set it to at most "
                f"{MAX_IN_FLIGHT_IDEMPOTENT}, or 'enable.idempotence' to False."
            )
    least = values["linger.ms"] + values["request.timeout.ms"]
    if values["delivery.timeout.ms"] < least:
        if "delivery.timeout.ms" in given:
            return (
                f"'delivery.timeout.ms' is {values['delivery.timeout.ms']}, and one request may already take "
                f"'linger.ms' + 'request.timeout.ms' = {least}. Raise it, or lower these."
            )
        values["delivery.timeout.ms"] = least
    return None


def _consumer_rule(values: dict[str, Any], given: frozenset[str]) -> str | None:
    """ConsumerConfig.maybeOverrideEnableAutoCommit, Heartbeat's constructor."""
    if values["group.id"] is None and values["enable.auto.commit"]:
        if "enable.auto.commit" in given:
            return "'enable.auto.commit' is True, and there is no 'group.id' to commit for. Set one, or leave it out."
        values["enable.auto.commit"] = False
    if values["heartbeat.interval.ms"] >= values["session.timeout.ms"]:
        return (
            f"'heartbeat.interval.ms' is {values['heartbeat.interval.ms']} and 'session.timeout.ms' only "
            f"{values['session.timeout.ms']}: the member would be taken for dead before it says that it lives. "
            f"A third of the session is usual."
        )
    return None


def _broker_rule(values: dict[str, Any], given: frozenset[str]) -> str | None:
    """KafkaConfig.validateValues."""
    for lower, upper, why in (
        ("replica.fetch.wait.max.ms", "replica.lag.time.max.ms", "a follower that waits would seem to lag"),
        ("group.min.session.timeout.ms", "group.max.session.timeout.ms", "no session would be allowed"),
    ):
        if values[lower] > values[upper]:
            return f"{lower!r} is {values[lower]} and {upper!r} only {values[upper]}: {why}"
    if values["broker.heartbeat.interval.ms"] >= values["broker.session.timeout.ms"]:
        return (
            f"'broker.heartbeat.interval.ms' is {values['broker.heartbeat.interval.ms']} and "
            f"'broker.session.timeout.ms' only {values['broker.session.timeout.ms']}: every broker would be taken "
            f"for dead before it says that it lives"
        )
    return None
