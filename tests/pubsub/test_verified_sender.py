"""The threads of a producer under the checker, with two batches of a partition under way; and what refutes them, one
line changed.

Time is virtual and passes only when nobody can go on, so a thread that was not told what it waits for shows by the
clock.
"""

import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from concur.check import Status, Verdict
from concur.check.exploration import sample
from tests.pubsub.embedded.mutants import in_one_file

PARTS = [
    *("errors.py", "config_keys.py", "config.py", "records.py", "batch.py", "assignors.py", "connection.py"),
    *("delivery.py", "lanes.py", "accumulator.py", "leaders.py", "outcomes.py", "sender.py"),
]
LONG = 1.0  # many times what a run takes, and not too many looks of the keeper
CONFIG = {
    "batch.size": 1,
    "linger.ms": 0,
    "buffer.memory": 10**6,
    "max.block.ms": 10**6,
    "delivery.timeout.ms": 10**7,
    "request.timeout.ms": 10**6,
    "max.request.size": 10**6,
    "retries": 100,
    "retry.backoff.ms": 1,
    "retry.backoff.max.ms": 1,
    "metadata.max.age.ms": 10**7,
    "max.in.flight.requests.per.connection": 2,
    "enable.idempotence": True,
    "acks": -1,
}

Scenario = Callable[[ModuleType], None]


class Broker:
    """It leads the only partition, and knows of producers what a broker does; *fate* says what becomes of a request."""

    def __init__(self, m: ModuleType, fate: Callable[["Broker", int], str]) -> None:
        self.m = m
        self.tp = m.TopicPartition("t", 0)
        self.fate = fate
        self.changed = m.threading.Condition()
        self.log: list[int] = []
        self.numbers: dict[int, int] = {}  # number -> offset
        self.arrived: list[int] = []
        self.ids = 0

    def metadata(self, topics: Any = None) -> Any:
        m = self.m
        return m.ClusterMetadata({"t": [m.PartitionMetadata(0, 1, 0, (1,), (1,))]}, (1,), None)

    def init_producer_id(self) -> tuple[int, int]:
        self.ids += 1
        return self.ids, 0

    def produce(self, broker: int, batches: Any, acks: int, timeout_ms: int, sent: Any) -> Any:
        m, batch = self.m, batches[self.tp]
        with self.changed:
            self.arrived.append(batch.base_sequence)
            self.changed.notify_all()
        sent()
        with self.changed:
            fate = self.fate(self, batch.base_sequence)
            if fate == "lost before":
                raise m.RequestTimedOut("lost")
            number = batch.base_sequence
            if number not in self.numbers:
                if number != len(self.numbers):
                    return {self.tp: m.OutOfOrderSequenceNumber("not the next")}
                self.numbers[number] = len(self.log)
                self.log += [int(value) for value in batch.values]
            if fate == "lost after":
                raise m.Disconnected("lost")
            return {self.tp: (self.numbers[number], -1)}

    def close(self) -> None:
        pass


def run(m: ModuleType, fate: Callable[[Broker, int], str]) -> Broker:
    """Send three records; all are in the log, once, in order, and told in that order."""
    broker = Broker(m, fate)
    leaders = m.Leaders(broker)
    leaders.refresh(["t"])
    batches = m.Accumulator(CONFIG)
    sending = m.Sending("p", CONFIG, broker, leaders, batches)
    lane = batches.lane(broker.tp)
    told: list[int] = []
    begun = time.monotonic()

    def send(n: int) -> Any:
        def note(metadata: Any, error: Any) -> None:
            assert error is None
            told.append(metadata.offset)

        return batches.append(lane, (None, b"%d" % n, (), 0), 30, note, None)

    send(0).result()
    send(1)
    send(2)
    batches.close()
    sending.join(None)
    assert broker.log == [0, 1, 2], broker.log
    assert told == [0, 1, 2], told
    assert broker.ids == 1
    assert time.monotonic() - begun < LONG
    return broker


def twice(broker: Broker, number: int) -> bool:
    return broker.arrived.count(number) > 1


def waits_for(broker: Broker, number: int) -> None:
    broker.changed.wait_for(lambda: number in broker.arrived, LONG)


def two_are_under_way(m: ModuleType) -> None:
    """The first is not answered before the second has arrived."""

    def fate(broker: Broker, number: int) -> str:
        if number == 1:
            waits_for(broker, 2)
        return "done"

    run(m, fate)


def the_first_is_lost(m: ModuleType) -> None:
    def fate(broker: Broker, number: int) -> str:
        if number == 1 and not twice(broker, 1):
            waits_for(broker, 2)
            return "lost before"
        return "done"

    run(m, fate)


def the_answers_are_lost(m: ModuleType) -> None:
    def fate(broker: Broker, number: int) -> str:
        if number == 1 and not twice(broker, 1):
            waits_for(broker, 2)
        return "done" if number == 0 or twice(broker, number) else "lost after"

    run(m, fate)


SCENARIOS: list[Scenario] = [two_are_under_way, the_first_is_lost, the_answers_are_lost]


def verdict_of(scenario: Scenario, folder: Path, *change: str, runs: int = 25) -> Verdict:
    path = folder / "sender_in_one_file.py"
    path.write_text(in_one_file(PARTS, *change), encoding="utf-8")
    options: Any = {"attempt": str(path), "races": "off", "timeouts": "idle", "max_seconds": None}
    return sample(scenario, runs=runs, seed=1, **options)


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_sampled(scenario, tmp_path):
    verdict = verdict_of(scenario, tmp_path)
    assert verdict.failure is None, verdict
    assert verdict.schedules == 25, verdict


MUTANTS: dict[str, tuple[Scenario, str, str, str]] = {
    "a number is given when it is sent again": (
        the_first_is_lost,
        "lanes.py",
        "if self.idempotent and not batch.is_numbered:",
        "if self.idempotent:",
    ),
    "what is sent again overtakes": (
        the_answers_are_lost,
        "lanes.py",
        "            self.waiting.insert(place, batch)\n",
        "            self.waiting.append(batch)\n",
    ),
    "answers are told as they come": (
        two_are_under_way,
        "lanes.py",
        "        if self.told:\n            return False\n",
        "        if self.told:\n            self.told.clear()\n",
    ),
    "the keeper is not told of what waits": (
        two_are_under_way,
        "sender.py",
        "                        self._batches.due.notify_all()\n\n        request",
        "                        pass\n\n        request",
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", MUTANTS)
def test_mutants_are_refuted(name, tmp_path):
    scenario, *change = MUTANTS[name]
    verdict = verdict_of(scenario, tmp_path, *change, runs=300)
    assert verdict.status is Status.REFUTED, (name, verdict)
