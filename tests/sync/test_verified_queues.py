"""The bounded queues under every interleaving, their own code visible; and what refutes them with one line changed.

Two threads of two calls and three of one; each call is one step of a list with a bound (linearizability), and a queue
whose calls are taken as one step has the same outcomes as one whose code is visible.
"""

from pathlib import Path
from queue import Empty, Full
from types import ModuleType
from typing import Any

import pytest

from concur.check import Status, linearizable
from concur.check.exploration import sample
from concur.errors import Closed
from concur.sync import BoundedQueue, MonitorQueue
from tests.sync.verifying import HOME, Scenario, in_one_file, together, verdict_of

FILES = {"queue": BoundedQueue, "monitor_queue": MonitorQueue}


def new(module: ModuleType, maxsize: int) -> Any:
    """The queue that the file has."""
    make = getattr(module, "BoundedQueue", None) or module.MonitorQueue
    return make(maxsize)


def outcome(call: Any, *args: Any) -> Any:
    try:
        return call(*args)
    except (Closed, Empty, Full) as error:
        return type(error).__name__


def rest(queue: Any) -> list[Any]:
    """What is left in, taken out."""
    taken = []
    while (item := outcome(queue.get, False)) not in ("Empty", "Closed"):
        taken.append(item)
    return taken


# Two threads of two calls


def two_by_two(module: ModuleType) -> None:
    queue = new(module, 1)
    got: list[Any] = []

    def produce() -> None:
        queue.put(1)
        queue.put(2)

    def consume() -> None:
        got.append(queue.get())
        got.append(queue.get())

    together(produce, consume)
    assert got == [1, 2]


def two_by_two_with_room(module: ModuleType) -> None:
    queue = new(module, 2)
    got: list[Any] = []

    def produce() -> None:
        queue.put(1)
        queue.put(2)

    def consume() -> None:
        got.append(queue.get())
        got.append(queue.get())

    together(produce, consume)
    assert got == [1, 2]


def two_in_turns(module: ModuleType) -> None:
    """Each gets what he or the other put."""
    queue = new(module, 1)
    got: list[Any] = []

    def both(item: int) -> None:
        queue.put(item)
        got.append(queue.get())

    together(lambda: both(1), lambda: both(2))
    assert sorted(got) == [1, 2]
    assert rest(queue) == []


def two_with_many(module: ModuleType) -> None:
    queue = new(module, 2)
    got: list[Any] = []

    def consume() -> None:
        while len(got) < 3:
            got.extend(queue.get_many(2))

    together(lambda: queue.put_many([1, 2, 3]), consume)
    assert got == [1, 2, 3]


def two_with_timeouts(module: ModuleType) -> None:
    queue, got, put = new(module, 1), [], ["in"]
    queue.put("in")

    def produce() -> None:
        if outcome(queue.put, "late", True, 1) is None:
            put.append("late")

    def consume() -> None:
        for _ in range(2):
            got.append(outcome(queue.get, True, 1))

    together(produce, consume)
    assert [item for item in got if item != "Empty"] + rest(queue) == put


def two_after_a_timeout(module: ModuleType) -> None:
    """Who was in line and left when his time was up is not woken in the place of somebody."""
    queue = new(module, 1)
    queue.put("in")

    def insist() -> None:
        if outcome(queue.put, "late", True, 1) == "Full":
            queue.put("late")

    together(insist, queue.get)
    assert rest(queue) == ["late"]


def two_with_put_many_in_time(module: ModuleType) -> None:
    queue = new(module, 1)
    put: list[Any] = []
    together(lambda: put.append(outcome(queue.put_many, [1, 2], 1)), queue.get)
    assert put[0] in (1, 2)
    assert rest(queue) == [2][: put[0] - 1]


def two_with_tasks(module: ModuleType) -> None:
    queue = new(module, 1)
    done: list[Any] = []

    def work() -> None:
        queue.get()
        done.append("work")
        queue.task_done()

    def produce() -> None:
        queue.put("item")
        queue.join()
        assert done == ["work"]

    together(produce, work)


# Three threads of one call


def three_put_put_get(module: ModuleType) -> None:
    queue = new(module, 1)
    got: list[Any] = []
    together(lambda: queue.put(1), lambda: queue.put(2), lambda: got.append(queue.get()))
    assert sorted(got + rest(queue)) == [1, 2]


def three_put_get_get(module: ModuleType) -> None:
    queue = new(module, 1)
    got: list[Any] = []
    queue.put(1)
    together(lambda: queue.put(2), lambda: got.append(queue.get()), lambda: got.append(queue.get()))
    assert sorted(got) == [1, 2]


def three_and_one_comes_between(module: ModuleType) -> None:
    """Who is woken finds the room, or the item, gone: somebody came in between."""
    queue = new(module, 1)
    got: list[Any] = []

    def put_twice() -> None:
        queue.put(1)
        queue.put(2)

    together(put_twice, lambda: got.append(queue.get()), lambda: got.append(queue.get()))
    assert sorted(got) == [1, 2]


def three_and_never_too_many(module: ModuleType) -> None:
    queue = new(module, 1)

    def put_twice() -> None:
        queue.put(1)
        queue.put(2)

    def get_twice() -> None:
        for _ in range(2):
            queue.get()
            assert queue.qsize() <= 1

    together(put_twice, lambda: queue.put(3), get_twice)
    assert queue.qsize() == 1


def four_of_both_kinds(module: ModuleType) -> None:
    """Some wait for room while others wait for items: a wake-up must not go to the wrong kind."""
    queue = new(module, 1)
    got: list[Any] = []
    gets = [lambda: got.append(queue.get())] * 2
    together(*gets, lambda: queue.put(1), lambda: queue.put(2))
    assert sorted(got) == [1, 2]


def three_put_two_at_once(module: ModuleType) -> None:
    queue = new(module, 2)
    got: list[Any] = []
    together(*[lambda: got.append(queue.get())] * 2, lambda: queue.put_many([1, 2]))
    assert sorted(got) == [1, 2]


def two_sleep_for_two(module: ModuleType) -> None:
    queue = new(module, 2)
    got: list[Any] = []

    def produce() -> None:
        queue.put(1)
        queue.put(2)

    together(*[lambda: got.append(queue.get())] * 2, produce)
    assert sorted(got) == [1, 2]


def three_get_two_at_once(module: ModuleType) -> None:
    queue = new(module, 2)
    got: list[Any] = []
    queue.put_many([1, 2])
    together(lambda: queue.put(3), lambda: queue.put(4), lambda: got.extend(queue.get_many(2)))
    assert got == [1, 2]
    assert sorted(rest(queue)) == [3, 4]


def three_with_close(module: ModuleType) -> None:
    queue = new(module, 1)
    outcomes: list[Any] = []
    together(
        lambda: outcomes.append(("put", outcome(queue.put, 1))),
        lambda: outcomes.append(("get", outcome(queue.get))),
        queue.close,
    )
    assert sorted(outcomes, key=str) in (
        [("get", 1), ("put", None)],
        [("get", "Closed"), ("put", "Closed")],
    )


def three_closed_while_full(module: ModuleType) -> None:
    queue = new(module, 1)
    outcomes: list[Any] = []
    queue.put("in")
    together(*[lambda: outcomes.append(outcome(queue.put, "late"))] * 2, queue.close)
    assert outcomes == ["Closed", "Closed"]
    assert rest(queue) == ["in"]


def three_closed_while_empty(module: ModuleType) -> None:
    queue = new(module, 1)
    outcomes: list[Any] = []
    together(*[lambda: outcomes.append(outcome(queue.get))] * 2, queue.close)
    assert outcomes == ["Closed", "Closed"]


def three_shut_down_at_once(module: ModuleType) -> None:
    queue = new(module, 1)
    outcomes: list[Any] = []
    queue.put("in")

    def work() -> None:
        outcomes.append(outcome(queue.get))
        if outcomes == ["in"]:
            queue.task_done()

    together(work, queue.join, lambda: queue.shutdown(True))
    assert outcomes in (["in"], ["Closed"])
    assert queue.unfinished_tasks == 0


# Each call is one step: the answers are those of a list, in some order that keeps that of calls which do not overlap.


class Model:
    """A bounded queue for one thread; it does not wait."""

    def __init__(self, maxsize: int = 1) -> None:
        self.maxsize = maxsize
        self.items: list[Any] = []
        self.is_closed = False

    def put(self, item: Any, block: bool = False) -> None:
        if self.is_closed:
            raise Closed("put into an unnamed queue, which is closed")
        if len(self.items) == self.maxsize:
            raise Full
        self.items.append(item)

    def get(self, block: bool = False) -> Any:
        if self.items:
            return self.items.pop(0)
        if self.is_closed:
            raise Closed("get from an unnamed queue, which is closed and empty")
        raise Empty

    def get_many(self, limit: int, timeout: float) -> list[Any]:
        return [self.get(), *[self.get() for _ in range(min(limit - 1, len(self.items)))]]

    def put_many(self, items: list[Any], timeout: float) -> int:
        self.put(items[0])
        fit = items[1 : 1 + self.maxsize - len(self.items)]
        self.items += fit
        return 1 + len(fit)

    def qsize(self) -> int:
        return len(self.items)

    def close(self) -> None:
        self.is_closed = True


def steps_two_by_two(module: ModuleType) -> None:
    queue = linearizable(Model, new(module, 1))

    def both(item: int) -> None:
        outcome(queue.put, item, False)
        outcome(queue.get, False)

    together(lambda: both(1), lambda: both(2))
    outcome(queue.get, False)


def steps_two_by_two_apart(module: ModuleType) -> None:
    queue = linearizable(lambda: Model(2), new(module, 2))

    def produce() -> None:
        outcome(queue.put, 1, False)
        outcome(queue.put, 2, False)

    def consume() -> None:
        outcome(queue.get, False)
        outcome(queue.put, 3, False)

    together(produce, consume)
    rest(queue)


def steps_three_by_one(module: ModuleType) -> None:
    queue = linearizable(Model, new(module, 1))
    together(
        lambda: outcome(queue.put, 1, False),
        lambda: outcome(queue.put, 2, False),
        lambda: outcome(queue.get, False),
    )
    outcome(queue.get, False)


def steps_with_close(module: ModuleType) -> None:
    queue = linearizable(Model, new(module, 1))
    together(lambda: outcome(queue.put, 1, False), lambda: outcome(queue.get, False), queue.close)
    outcome(queue.get, False)


def steps_sized_when_closed(module: ModuleType) -> None:
    queue = linearizable(Model, new(module, 1))
    together(lambda: outcome(queue.put, 1, False), lambda: (queue.close(), queue.qsize()))


def steps_sized(module: ModuleType) -> None:
    queue = linearizable(lambda: Model(2), new(module, 2))
    together(
        lambda: (outcome(queue.put, 1, False), queue.qsize()),
        lambda: (outcome(queue.get, False), queue.qsize()),
    )


SCENARIOS = [
    two_by_two,
    two_by_two_with_room,
    two_in_turns,
    two_with_many,
    two_with_timeouts,
    two_after_a_timeout,
    two_with_put_many_in_time,
    two_with_tasks,
    three_put_put_get,
    three_put_get_get,
    three_put_two_at_once,
    three_get_two_at_once,
    three_with_close,
    three_closed_while_full,
    three_closed_while_empty,
    three_shut_down_at_once,
    steps_two_by_two,
    steps_two_by_two_apart,
    steps_three_by_one,
    steps_with_close,
    steps_sized,
    steps_sized_when_closed,
]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.__name__)
@pytest.mark.parametrize("file", FILES)
def test_verified(file: str, scenario: Scenario) -> None:
    """Under every interleaving the claim holds."""
    verdict = verdict_of(scenario, HOME / f"{file}.py")
    assert verdict.status is Status.VERIFIED, str(verdict)


@pytest.mark.parametrize(
    "scenario",
    [three_and_one_comes_between, three_and_never_too_many, four_of_both_kinds],
    ids=lambda scenario: scenario.__name__,
)
def test_verified_in_the_textbook(scenario: Scenario) -> None:
    """What tells a textbook queue from a wrong one; with slots these have too many schedules."""
    verdict = verdict_of(scenario, HOME / "monitor_queue.py")
    assert verdict.status is Status.VERIFIED, str(verdict)


# One step or many


def put_and_get(module: ModuleType) -> Any:
    queue = new(module, 1)
    outcomes: list[Any] = []
    together(
        lambda: outcomes.append(("put", outcome(queue.put, 1, False))),
        lambda: outcomes.append(("get", outcome(queue.get, False))),
        lambda: outcomes.append(("put", outcome(queue.put, 1, False))),
    )
    return tuple(sorted(outcomes, key=str)), len(rest(queue))


def put_and_close(module: ModuleType) -> Any:
    queue = new(module, 1)
    outcomes: list[Any] = []
    together(
        lambda: outcomes.append(("put", outcome(queue.put, 1))),
        lambda: outcomes.append(("get", outcome(queue.get, False))),
        queue.close,
    )
    return tuple(sorted(outcomes, key=str)), len(rest(queue))


PROGRAMS = {"put_and_get": put_and_get, "put_and_close": put_and_close}

# What can come of each; found by explore, and read.
OUTCOMES: dict[str, tuple[Any, ...]] = {
    "put_and_get": (
        ((("get", "Empty"), ("put", "Full"), ("put", None)), 1),
        ((("get", 1), ("put", "Full"), ("put", None)), 0),
        ((("get", 1), ("put", None), ("put", None)), 1),
    ),
    "put_and_close": (
        ((("get", "Closed"), ("put", "Closed")), 0),
        ((("get", "Empty"), ("put", "Closed")), 0),
        ((("get", "Empty"), ("put", None)), 1),
        ((("get", 1), ("put", None)), 0),
    ),
}


@pytest.mark.parametrize("name", PROGRAMS)
@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("one_step", [False, True], ids=["code visible", "one step"])
def test_outcomes(file: str, name: str, one_step: bool) -> None:
    """These outcomes there are, and no others, whether the code is visible or each call is one step."""
    outcomes = OUTCOMES[name]
    options: dict[str, Any] = {"atomic": [FILES[file]]} if one_step else {}

    def always(module: ModuleType) -> None:
        assert PROGRAMS[name](module) in outcomes

    verdict = verdict_of(always, HOME / f"{file}.py", **options)
    assert verdict.status is Status.VERIFIED, str(verdict)
    assert ("taken as one step" in verdict.bound) is one_step
    for possible in outcomes:
        verdict = verdict_of(other_than(name, possible), HOME / f"{file}.py", **options)
        assert verdict.status is Status.REFUTED, possible


def other_than(name: str, possible: Any) -> Scenario:
    def never(module: ModuleType) -> None:
        assert PROGRAMS[name](module) != possible

    return never


# Larger programs, by samples


def larger(module: ModuleType) -> None:
    queue = new(module, 2)
    got: list[Any] = []

    def produce(me: int) -> None:
        queue.put((me, 0))
        queue.put((me, 1))

    def consume() -> None:
        while (item := outcome(queue.get)) != "Closed":
            got.append(item)

    def all_of_it() -> None:
        together(lambda: produce(1), lambda: produce(2))
        queue.close()

    together(all_of_it, consume, consume)
    assert sorted(got) == [(me, n) for me in (1, 2) for n in range(2)]


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("file", FILES)
def test_sampled(file: str) -> None:
    """Ten thousand schedules of two producers and two consumers lose nothing, and end."""
    verdict = sample(larger, attempt=str(HOME / f"{file}.py"), runs=10_000)
    assert verdict.failure is None, str(verdict)
    assert verdict.schedules >= 10_000


# The same with one line changed. Each entry: the file, what is changed into what, and who notices.
MUTANTS: dict[str, tuple[str, str, str, Scenario]] = {
    "a put does not take its slot": (
        "queue",
        "            self._free.pop()\n",
        "            self._free[-1]\n",
        steps_two_by_two,
    ),
    "a get does not give its slot back": (
        "queue",
        "            self._freed.append(None)\n",
        "            pass\n",
        two_by_two,
    ),
    "a get looks before it gives its slot back": (
        "queue",
        """            self._freed.append(None)
        finally:
            if self._putters:
                self._wake_putters(1)
""",
        """            if self._putters:
                self._wake_putters(1)
        finally:
            self._freed.append(None)
""",
        two_by_two,
    ),
    "a get wakes nobody": (
        "queue",
        """            if self._putters:
                self._wake_putters(1)
        return item
""",
        """            pass
        return item
""",
        two_by_two,
    ),
    "who sleeps for a slot does not look once more": (
        "queue",
        "                if self._freed:\n                    self._putters.pop()\n                    return True\n",
        "",
        two_by_two,
    ),
    "who sleeps for an item leaves slots within reach": (
        "queue",
        "                self._stop_puts()\n",
        "                pass\n",
        two_by_two,
    ),
    "puts are stopped, but not waited for": (
        "queue",
        "        while self._spare + len(self._freed) + len(self._items) < self.maxsize:\n",
        "        while False:\n",
        two_by_two_with_room,
    ),
    "slots are laid ready while somebody sleeps": (
        "queue",
        "                        if not self._getters:\n                            self._issue()\n",
        "                        self._issue()\n",
        two_sleep_for_two,
    ),
    "a put wakes nobody": (
        "queue",
        "wake(self._getters, len(chunk))",
        "pass",
        two_by_two,
    ),
    "two come, one is woken": (
        "queue",
        "wake(self._getters, len(chunk))",
        "wake(self._getters, 1)",
        three_put_two_at_once,
    ),
    "two slots, one is woken": (
        "queue",
        "            wake(self._putters, n)\n",
        "            wake(self._putters, 1)\n",
        three_get_two_at_once,
    ),
    "full is when no slot is seen": (
        "queue",
        "                    return not self._is_full()\n",
        "                    return False\n",
        steps_two_by_two,
    ),
    "close does not wait for puts": (
        "queue",
        "            self._stop_puts()\n            self._closed",
        "            self._gather()\n            self._closed",
        steps_sized_when_closed,
    ),
    "close forgets who sleeps for an item": (
        "queue",
        "            wake_all(self._getters)\n",
        "",
        three_closed_while_empty,
    ),
    "close forgets who sleeps for a slot": (
        "queue",
        "            wake_all(self._putters)\n",
        "",
        three_closed_while_full,
    ),
    "what is thrown away is not done": (
        "queue",
        "        self._done += min(thrown, self._unfinished())\n",
        "",
        three_shut_down_at_once,
    ),
    "a dead waiter stays in line": (
        "queue",
        "            with self._guard:\n                leave(line, place)\n\n",
        "            pass\n\n",
        two_after_a_timeout,
    ),
    "a put waits once": (
        "monitor_queue",
        "        while not self._closed and len(self._items) >= self.maxsize:",
        "        if not self._closed and len(self._items) >= self.maxsize:",
        three_and_never_too_many,
    ),
    "a get waits once": (
        "monitor_queue",
        "        while not self._items:",
        "        if not self._items:",
        three_and_one_comes_between,
    ),
    "a get notifies nobody": (
        "monitor_queue",
        "        self._not_full.notify()\n",
        "",
        two_by_two,
    ),
    "a put notifies nobody": (
        "monitor_queue",
        "        self._not_empty.notify()\n",
        "",
        two_by_two,
    ),
    "one condition for both": (
        "monitor_queue",
        "        self._not_full = Condition(self._lock)",
        "        self._not_full = self._not_empty",
        four_of_both_kinds,
    ),
    "a closed queue wakes one": (
        "monitor_queue",
        "            self._not_empty.notify_all()\n",
        "            self._not_empty.notify()\n",
        three_closed_while_empty,
    ),
    "the lock is not taken": (
        "monitor_queue",
        "        with self._lock:\n            self._wait_for_item(deadline)\n            return self._take()\n",
        "        if True:\n            self._wait_for_item(deadline)\n            return self._take()\n",
        steps_two_by_two,
    ),
}

PARTS = {
    "queue": ("_parking", "_queue", "queue"),
    "monitor_queue": ("_parking", "_queue", "mutex", "condition", "monitor_queue"),
}


@pytest.mark.parametrize("mutant", MUTANTS)
def test_mutant_refuted(mutant: str, tmp_path: Path) -> None:
    """The scenarios notice a wrong line."""
    file, right, wrong, scenario = MUTANTS[mutant]
    module = tmp_path / "mutant.py"
    module.write_text(in_one_file(PARTS[file], file, right, wrong), encoding="utf-8")
    verdict = verdict_of(scenario, module)
    assert verdict.status is Status.REFUTED, str(verdict)


@pytest.mark.parametrize("file", FILES)
def test_in_one_file_verified(file: str, tmp_path: Path) -> None:
    """What refutes a mutant is the change, not the way in which it was written down."""
    module = tmp_path / "unchanged.py"
    module.write_text(in_one_file(PARTS[file]), encoding="utf-8")
    for scenario in (two_by_two, three_put_two_at_once, steps_two_by_two):
        verdict = verdict_of(scenario, module)
        assert verdict.status is Status.VERIFIED, str(verdict)
