"""Event, barrier and latch under every interleaving, their own code visible."""

import threading
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from concur.check import Status, linearizable
from tests.sync.verifying import HOME, Scenario, in_one_file, together, verdict_of

# Event


class EventModel:
    """The same for one thread; a wait that would not end is not asked of it."""

    def __init__(self) -> None:
        self.content = False

    def set(self) -> None:
        self.content = True

    def clear(self) -> None:
        self.content = False

    def is_set(self) -> bool:
        return self.content

    def wait(self, timeout: float) -> bool:
        return self.content


def event_two_by_two(module: ModuleType) -> None:
    event, news = module.Event(), [""]

    def wait_twice() -> None:
        for _ in range(2):
            assert event.wait()
            assert news == ["told"]

    def set_twice() -> None:
        news[0] = "told"
        event.set()
        event.set()

    together(wait_twice, set_twice)
    assert event.is_set()


def event_three_by_one(module: ModuleType) -> None:
    event = module.Event()
    woken: list[bool] = []
    together(lambda: woken.append(event.wait()), lambda: woken.append(event.wait()), event.set)
    assert woken == [True, True]


def event_cleared_at_once(module: ModuleType) -> None:
    """A waiter that comes in time returns True; one that comes too late is let go by the set at the end."""
    event = module.Event()
    woken: list[bool] = []

    def set_and_clear() -> None:
        event.set()
        event.clear()

    waiter = threading.Thread(target=lambda: woken.append(event.wait()))
    waiter.start()
    together(set_and_clear)
    event.set()
    waiter.join()
    assert woken == [True]


def event_times_out(module: ModuleType) -> None:
    event = module.Event()
    woken: list[bool] = []

    def set_and_clear() -> None:
        event.set()
        event.clear()

    together(
        lambda: woken.append(event.wait(1)),
        lambda: woken.append(event.wait(1)),
        set_and_clear,
    )
    assert len(woken) == 2
    assert len(event._line) == 0
    assert not event.wait(0)


def event_linearizable(module: ModuleType) -> None:
    event = linearizable(EventModel, module.Event())

    def one() -> None:
        event.set()
        event.is_set()

    def other() -> None:
        event.clear()
        event.wait(0)

    together(one, other)
    event.is_set()


def event_three_linearizable(module: ModuleType) -> None:
    event = linearizable(EventModel, module.Event())
    together(event.set, event.clear, lambda: event.wait(0))
    event.is_set()


# Barrier


def barrier_two_by_two(module: ModuleType) -> None:
    """In each round both have come before one goes on, and the numbers are 0 and 1."""
    barrier = module.Barrier(2)
    log: list[tuple[str, int]] = []
    numbers: list[list[int]] = [[], []]

    def twice() -> None:
        for round_ in range(2):
            log.append(("came", round_))
            numbers[round_].append(barrier.wait())
            log.append(("went", round_))

    together(twice, twice)
    for round_ in range(2):
        assert ("came", round_) not in log[log.index(("went", round_)) :]
    assert [sorted(each) for each in numbers] == [[0, 1], [0, 1]]
    assert barrier.n_waiting == 0


def barrier_three_by_one(module: ModuleType) -> None:
    came: list[int] = []
    acted: list[int] = []
    numbers: list[int] = []
    barrier = module.Barrier(3, lambda: acted.append(len(came)))

    def once() -> None:
        came.append(1)
        numbers.append(barrier.wait())
        assert acted == [3]

    together(once, once, once)
    assert sorted(numbers) == [0, 1, 2]


def noting(barrier: Any, noted: list[object], timeout: float | None = None) -> None:
    try:
        noted.append(barrier.wait(timeout))
    except threading.BrokenBarrierError:
        noted.append("broken")


def barrier_times_out(module: ModuleType) -> None:
    """All go through, or none."""
    barrier = module.Barrier(2)
    noted: list[object] = []
    together(lambda: noting(barrier, noted, 1), lambda: noting(barrier, noted))
    assert sorted(map(str, noted)) in (["0", "1"], ["broken", "broken"])
    assert barrier.broken == ("broken" in noted)
    assert barrier.n_waiting == 0


def barrier_aborted(module: ModuleType) -> None:
    barrier = module.Barrier(2)
    noted: list[object] = []
    together(lambda: noting(barrier, noted), lambda: noting(barrier, noted), barrier.abort)
    assert sorted(map(str, noted)) in (["0", "1"], ["broken", "broken"])
    assert barrier.broken


def barrier_reset(module: ModuleType) -> None:
    """Those who came before the reset are let go; who came after it is alone, and let go by the abort."""
    barrier = module.Barrier(2)
    noted: list[object] = []

    def reset_and_abort() -> None:
        barrier.reset()
        barrier.abort()

    together(lambda: noting(barrier, noted), lambda: noting(barrier, noted), reset_and_abort)
    assert sorted(map(str, noted)) in (["0", "1"], ["broken", "broken"])
    barrier.reset()
    assert not barrier.broken
    assert barrier.n_waiting == 0


def barrier_action_raises(module: ModuleType) -> None:
    def act() -> None:
        raise KeyError

    barrier = module.Barrier(2, act)
    noted: list[object] = []

    def wait() -> None:
        try:
            noting(barrier, noted)
        except KeyError:
            noted.append("error")

    together(wait, wait)
    assert sorted(map(str, noted)) == ["broken", "error"]
    assert barrier.broken


# Latch


class LatchModel:
    """The same for one thread."""

    def __init__(self) -> None:
        self.content = 2

    def count_down(self, n: int = 1) -> None:
        self.content = max(0, self.content - n)

    def wait(self, timeout: float) -> bool:
        return self.content == 0

    @property
    def count(self) -> int:
        return self.content


def latch_two_by_two(module: ModuleType) -> None:
    latch = module.CountDownLatch(2)
    done: list[object] = []

    def work_twice() -> None:
        for _ in range(2):
            done.append(1)
            latch.count_down()

    def wait_twice() -> None:
        for _ in range(2):
            assert latch.wait()
            assert len(done) == 2

    together(work_twice, wait_twice)


def latch_three_by_one(module: ModuleType) -> None:
    latch = module.CountDownLatch(2)
    done: list[object] = []

    def work() -> None:
        done.append(1)
        latch.count_down()

    def wait() -> None:
        latch.wait()
        assert len(done) == 2

    together(work, work, wait)
    assert latch.count == 0


def latch_two_wait(module: ModuleType) -> None:
    latch = module.CountDownLatch(2)
    together(latch.wait, latch.wait, lambda: latch.count_down(3))
    assert latch.count == 0


def latch_times_out(module: ModuleType) -> None:
    latch = module.CountDownLatch(1)
    answers: list[object] = []
    together(lambda: answers.append(latch.wait(1)), lambda: answers.append(latch.wait(1)), latch.count_down)
    assert len(latch._line) == 0
    assert latch.wait(0)


def latch_stays_shut(module: ModuleType) -> None:
    """Whose time is up has left, also if the latch never opens."""
    latch = module.CountDownLatch(2)
    answers: list[object] = []
    together(lambda: answers.append(latch.wait(1)), lambda: answers.append(latch.wait(1)), latch.count_down)
    assert answers == [False, False]
    assert len(latch._line) == 0


def latch_linearizable(module: ModuleType) -> None:
    latch = linearizable(LatchModel, module.CountDownLatch(2))

    def one() -> None:
        latch.count_down()
        latch.wait(0)

    def other() -> None:
        latch.wait(0)
        latch.count_down()

    together(one, other)
    latch.wait(0)


def latch_three_linearizable(module: ModuleType) -> None:
    latch = linearizable(LatchModel, module.CountDownLatch(2))
    together(latch.count_down, lambda: latch.count_down(2), lambda: latch.wait(0))
    latch.wait(0)


SCENARIOS: dict[str, list[Scenario]] = {
    "event": [
        event_two_by_two,
        event_three_by_one,
        event_cleared_at_once,
        event_times_out,
        event_linearizable,
        event_three_linearizable,
    ],
    "barrier": [
        barrier_two_by_two,
        barrier_three_by_one,
        barrier_times_out,
        barrier_aborted,
        barrier_reset,
        barrier_action_raises,
    ],
    "latch": [
        latch_two_by_two,
        latch_three_by_one,
        latch_two_wait,
        latch_times_out,
        latch_stays_shut,
        latch_linearizable,
        latch_three_linearizable,
    ],
}


@pytest.mark.parametrize(
    ("file", "scenario"),
    [(file, scenario) for file, scenarios in SCENARIOS.items() for scenario in scenarios],
    ids=lambda value: getattr(value, "__name__", value),
)
def test_verified(file: str, scenario: Scenario) -> None:
    """Under every interleaving of two threads of two calls, or three of one, the claim holds."""
    verdict = verdict_of(scenario, HOME / f"{file}.py")
    assert verdict.status is Status.VERIFIED, str(verdict)


# The same with one line changed: the files, which of them, what is changed into what, and who notices.
MUTANTS: dict[str, tuple[str, str, str, Scenario]] = {
    "event looks without the guard": (
        "event",
        "            with self._guard:\n                if self._is_set:\n                    return True\n",
        "            with self._guard:\n",
        event_three_by_one,
    ),
    "event sets without the guard": (
        "event",
        "        with self._guard:\n            self._is_set = True",
        "        if True:\n            self._is_set = True",
        event_three_by_one,
    ),
    "event stands in line without the guard": (
        "event",
        "                place = Place()\n                self._line.append(place)\n",
        "            place = Place()\n            self._line.append(place)\n",
        event_three_by_one,
    ),
    "event wakes one": ("event", "wake_all(self._line)", "wake_first(self._line)", event_three_by_one),
    "event believes the flag": (
        "event",
        "            if place.sleep(timeout):\n                return True\n",
        "            if place.sleep(timeout):\n                return self._is_set\n",
        event_cleared_at_once,
    ),
    "event leaves a dead waiter in line": (
        "event",
        "            leave(self._line, place)\n",
        "",
        event_times_out,
    ),
    "event does not clear": (
        "event",
        "            self._is_set = False\n\n    def wait",
        "            pass\n\n    def wait",
        event_times_out,
    ),
    "barrier counts without the guard": (
        "barrier",
        "            with self._guard:\n                round_ = self._round\n                if",
        "            round_ = self._round\n            if True:\n                if",
        barrier_three_by_one,
    ),
    "barrier begins no new round": (
        "barrier",
        "            self._round = _Round()\n        wake_all",
        "            pass\n        wake_all",
        barrier_two_by_two,
    ),
    "barrier uses the round again": (
        "barrier",
        "            self._round = _Round()\n        wake_all",
        "            self._round.came, self._round.is_over = 0, False\n        wake_all",
        barrier_times_out,
    ),
    "barrier lets go before the action": (
        "barrier",
        "        if self._action is not None:\n            self._acting",
        "        self._let_go(round_)\n        if self._action is not None:\n            self._acting",
        barrier_three_by_one,
    ),
    "barrier wakes one": (
        "barrier",
        "wake_all(round_.line)",
        "wake_first(round_.line)",
        barrier_three_by_one,
    ),
    "barrier gives up alone": (
        "barrier",
        "                with self._guard:\n                    self._break(round_)\n        except",
        "                raise BrokenBarrierError\n        except",
        barrier_times_out,
    ),
    "barrier breaks what is over": (
        "barrier",
        "        if not round_.is_over:\n            round_.is_broken = True",
        "        if True:\n            round_.is_broken = True",
        barrier_times_out,
    ),
    "barrier does not break at an error of its action": (
        "barrier",
        "            if round_ is not None:\n                with",
        "            if round_ is None:\n                with",
        barrier_action_raises,
    ),
    "barrier forgets those who wait when it is reset": (
        "barrier",
        "            self._break(self._round)\n            self._round",
        "            self._round",
        barrier_reset,
    ),
    "barrier is not broken by abort": (
        "barrier",
        "        with self._guard:\n            self._break(self._round)\n\n",
        "        pass\n\n",
        barrier_aborted,
    ),
    "latch counts without the guard": (
        "latch",
        "        with self._guard:\n            self._count =",
        "        if True:\n            self._count =",
        latch_three_by_one,
    ),
    "latch stands in line without the guard": (
        "latch",
        "                place = Place()\n                self._line.append(place)\n",
        "            place = Place()\n            self._line.append(place)\n",
        latch_two_wait,
    ),
    "latch wakes one": ("latch", "wake_all(self._line)", "wake_first(self._line)", latch_two_wait),
    "latch opens early": (
        "latch",
        "if self._count == 0:\n                wake_all",
        "if self._count <= 1:\n                wake_all",
        latch_three_by_one,
    ),
    "latch goes below zero": ("latch", "max(0, self._count - n)", "self._count - n", latch_two_wait),
    "latch leaves a dead waiter in line": (
        "latch",
        "            leave(self._line, place)\n",
        "",
        latch_stays_shut,
    ),
}


@pytest.mark.parametrize("mutant", MUTANTS)
def test_mutant_refuted(mutant: str, tmp_path: Path) -> None:
    """The scenarios notice a wrong line."""
    file, right, wrong, scenario = MUTANTS[mutant]
    module = tmp_path / "mutant.py"
    module.write_text(in_one_file(("_parking", file), file, right, wrong), encoding="utf-8")
    verdict = verdict_of(scenario, module)
    assert verdict.status is Status.REFUTED, str(verdict)


@pytest.mark.parametrize("file", SCENARIOS)
def test_in_one_file_verified(file: str, tmp_path: Path) -> None:
    """What refutes a mutant is the change, not the way in which it was written down."""
    module = tmp_path / "unchanged.py"
    module.write_text(in_one_file(("_parking", file)), encoding="utf-8")
    verdict = verdict_of(SCENARIOS[file][-1], module)
    assert verdict.status is Status.VERIFIED, str(verdict)
