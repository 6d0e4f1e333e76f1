"""The mutexes under every interleaving, their own code visible: two threads of two calls, three of one.

A scenario takes a module with a `Lock`, which is one of the mutexes. The claim about it is that its own text is
verified; what makes the claim worth something is that the text with one line changed is refuted.
"""

from pathlib import Path
from threading import Thread
from types import ModuleType
from typing import Any

import pytest

from concur.check import Status, linearizable, sample
from concur.errors import DeadlockError, NotOwnerError
from tests.sync.verifying import Room, Scenario, in_one_file, outcomes_of, together, verdict_of

FILES = {
    "Mutex": "mutex",
    "PlainMutex": "plain_mutex",
    "ReentrantMutex": "reentrant_mutex",
    "FairMutex": "fair_mutex",
}
ALL, OWNED = tuple(FILES), ("Mutex", "ReentrantMutex", "FairMutex")


class Model:
    """The same for one thread. It never waits: where a thread would, it raises."""

    def __init__(self) -> None:
        self.held = False

    def acquire(self, blocking: bool = True) -> bool:
        if self.held and blocking:
            raise AssertionError("would wait")
        got, self.held = not self.held, True
        return got

    def release(self) -> None:
        assert self.held
        self.held = False


def two_by_two(module: ModuleType) -> None:
    lock, room = module.Lock(), Room(1)

    def twice() -> None:
        for _ in range(2):
            with lock:
                room.visit()

    together(twice, twice)
    assert room.visits() == 4
    assert not lock.locked()


def three_by_one(module: ModuleType) -> None:
    lock, room = module.Lock(), Room(1)

    def once() -> None:
        assert lock.acquire()
        room.visit()
        lock.release()

    together(once, once, once)
    assert room.visits() == 3
    assert not lock.locked()


def tried(module: ModuleType) -> None:
    lock, room = module.Lock(), Room(1)

    def wait() -> None:
        with lock:
            room.visit()

    def try_once() -> None:
        if lock.acquire(blocking=False):
            room.visit()
            lock.release()

    together(wait, try_once, try_once)
    assert not lock.locked()
    assert lock.acquire(False)


def for_a_while(module: ModuleType) -> None:
    lock, room = module.Lock(), Room(1)

    def wait() -> None:
        with lock:
            room.visit()

    def wait_a_while() -> None:
        if lock.acquire(timeout=1):
            room.visit()
            lock.release()

    together(wait, wait_a_while)
    assert not lock.locked()
    assert lock.acquire(False)


def behind_one_who_gives_up(module: ModuleType) -> None:
    """Whoever waits behind a thread whose time is up gets the mutex all the same."""
    lock = module.Lock()
    lock.acquire()

    def wait() -> None:
        with lock:
            pass

    def wait_a_while() -> None:
        if lock.acquire(timeout=1):
            lock.release()

    threads = [Thread(target=wait_a_while), Thread(target=wait)]
    for thread in threads:
        thread.start()
    lock.release()
    for thread in threads:
        thread.join()
    assert lock.acquire(False)


def released_by_another(module: ModuleType) -> None:
    lock, room = module.Lock(), Room(1)

    def own() -> None:
        with lock:
            room.visit()

    def intrude() -> None:
        try:
            lock.release()
        except NotOwnerError:
            with lock:
                room.visit()
        else:
            raise AssertionError("released what it does not hold")

    together(own, intrude)


def waits_for_itself(module: ModuleType) -> None:
    lock = module.Lock()

    def twice() -> None:
        with lock:
            try:
                lock.acquire()
            except DeadlockError:
                return
        raise AssertionError("was not told")

    together(twice, twice)
    assert not lock.locked()


def nested(module: ModuleType) -> None:
    lock, room = module.Lock(), Room(1)

    def visit() -> None:
        with lock:
            with lock:
                pass
            room.visit()

    together(visit, visit)
    assert room.visits() == 2
    assert not lock.locked()


def in_order(module: ModuleType) -> None:
    """Who waits is served before an owner that comes back at once."""
    lock = module.Lock()
    served: list[str] = []

    def wait(name: str) -> None:
        with lock:
            served.append(name)

    lock.acquire()
    waiter = Thread(target=wait, args=("who waited",))
    waiter.start()
    while len(lock._line) < 2:
        pass
    lock.release()
    wait("the owner again")
    waiter.join()
    assert served == ["who waited", "the owner again"]


def three_in_order(module: ModuleType) -> None:
    """Who came first is served first."""
    lock = module.Lock()
    served: list[str] = []

    def wait(name: str) -> None:
        with lock:
            served.append(name)

    lock.acquire()
    first = Thread(target=wait, args=("first",))
    first.start()
    while len(lock._line) < 2:
        pass
    second = Thread(target=wait, args=("second",))
    second.start()
    while len(lock._line) < 3:
        pass
    lock.release()
    first.join()
    second.join()
    assert served == ["first", "second"]


def one_after_the_other(module: ModuleType) -> None:
    """Every answer is one that some order of the calls gives."""
    lock = linearizable(Model, module.Lock())

    def try_and_wait() -> None:
        if lock.acquire(False):
            lock.release()
        lock.acquire()
        lock.release()

    def try_once() -> None:
        if lock.acquire(False):
            lock.release()

    together(try_and_wait, try_once)
    lock.acquire(False)


def try_against_try(module: ModuleType) -> None:
    """A mutex that was released, and that nobody got, is not refused."""
    lock = linearizable(Model, module.Lock())
    lock.acquire()

    def try_once() -> None:
        if lock.acquire(False):
            lock.release()

    thread = Thread(target=try_once)
    thread.start()
    lock.release()
    lock.acquire(False)
    thread.join()


def three_in_turn(module: ModuleType) -> None:
    lock = linearizable(Model, module.Lock())

    def once() -> None:
        lock.acquire()
        lock.release()

    together(once, once)
    lock.acquire(False)


def seldom(module: ModuleType) -> None:
    """Too large to exhaust."""
    lock, room = module.Lock(), Room(1)

    def all_ways() -> None:
        for acquire in (lock.acquire, lambda: lock.acquire(False), lambda: lock.acquire(timeout=1)):
            if acquire():
                room.visit()
                lock.release()

    together(all_ways, all_ways, all_ways)
    assert room.visits() >= 3
    assert not lock.locked()


SCENARIOS: dict[Any, tuple[str, ...]] = {
    two_by_two: ALL,
    three_by_one: ALL,
    tried: ("Mutex", "PlainMutex", "ReentrantMutex"),
    for_a_while: ALL,
    behind_one_who_gives_up: ALL,
    released_by_another: OWNED,
    waits_for_itself: ("Mutex", "FairMutex"),
    nested: ("ReentrantMutex",),
    in_order: ("FairMutex",),
    three_in_order: ("FairMutex",),
    one_after_the_other: ALL,
    try_against_try: ALL,
    three_in_turn: ALL,
}
CASES = [(scenario, kind) for scenario, kinds in SCENARIOS.items() for kind in kinds]


def names(value: object) -> str:
    return getattr(value, "__name__", str(value))


@pytest.fixture
def module_with(tmp_path: Path):
    """A module in which `Lock` is that kind of mutex."""

    def write(kind: str) -> Path:
        module = tmp_path / "attempt.py"
        module.write_text(f"from concur.sync import {kind} as Lock\n", encoding="utf-8")
        return module

    return write


@pytest.mark.parametrize(("scenario", "kind"), CASES, ids=names)
def test_verified(scenario: Scenario, kind: str, module_with) -> None:
    """Under every interleaving the claim of the scenario holds."""
    verdict = verdict_of(scenario, module_with(kind))
    assert verdict.status is Status.VERIFIED, str(verdict)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ALL)
def test_sampled(kind: str, module_with) -> None:
    """In 10,000 schedules of three threads with three calls each nothing fails."""
    verdict = sample(seldom, runs=10_000, attempt=str(module_with(kind)))
    assert verdict.failure is None, str(verdict)


# Taken as one step

PROGRAMS = {
    "try against with": """
def scenario():
    def one():
        with lock:
            seen.append("one")
    def other():
        got = lock.acquire(False)
        seen.append(got)
        if got:
            lock.release()
    together(one, other)
""",
    "two with": """
def scenario():
    def visit(name):
        with lock:
            seen.append(name)
    together(lambda: visit("one"), lambda: visit("other"))
""",
    "in a while": """
def scenario():
    def one():
        lock.acquire()
        seen.append("one")
        lock.release()
    def other():
        got = lock.acquire(timeout=1)
        seen.append(got)
        if got:
            lock.release()
    together(one, other)
""",
}


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("kind", ALL)
def test_taken_as_one_step(kind: str, program: str, tmp_path: Path) -> None:
    """A program comes to the same ends whether a call of the mutex is one step or many."""
    text = f"from concur.sync import {kind}\nlock = {kind}()\n{PROGRAMS[program]}"
    in_steps, at_once = outcomes_of(text, f"concur.{kind}", tmp_path)
    assert len(in_steps) > 1
    assert in_steps == at_once


# One line changed: the kind, what is changed into what, and who notices.
MUTANTS: dict[str, tuple[str, str, str, Scenario]] = {
    "takes what is taken": ("Mutex", "            self._lock.acquire()\n", "", two_by_two),
    "takes a failure for a success": ("Mutex", "            return False\n", "            pass\n", tried),
    "lets anybody release": (
        "Mutex",
        "            raise NotOwnerError(self._not_yours()) from None\n",
        "            pass\n",
        released_by_another,
    ),
    "does not know itself": ("Mutex", "if self in me.held:", "if False:", waits_for_itself),
    "is not released": ("Mutex", "        self._lock.release()\n", "", three_by_one),
    "is still held after the release": (
        "Mutex",
        "            del here.me.held[self]\n",
        "            here.me.held[self]\n",
        two_by_two,
    ),
    "plain: takes what is taken": (
        "PlainMutex",
        "            return self._lock.acquire()  #",
        "            return True  #",
        three_by_one,
    ),
    "plain: a try waits": (
        "PlainMutex",
        "return self._lock.acquire(blocking, timeout)",
        "return self._lock.acquire()",
        try_against_try,
    ),
    "reentrant: free after one release of two": (
        "ReentrantMutex",
        "            held[self] = times - 1\n",
        "            self._release_save()\n",
        nested,
    ),
    "reentrant: not counted": ("ReentrantMutex", "me.held[self] += 1", "pass", nested),
    "reentrant: free to all": (
        "ReentrantMutex",
        "        if self in me.held:\n",
        "        if self._lock.locked():\n",
        released_by_another,
    ),
    "reentrant: never free": (
        "ReentrantMutex",
        "            self._release_save()\n",
        "            pass\n",
        nested,
    ),
    "fair: everybody is at the head": (
        "FairMutex",
        "if self._line[0] is not turn and",
        "if False and",
        two_by_two,
    ),
    "fair: at the front of the line": (
        "FairMutex",
        "self._line.append(turn)",
        "self._line.insert(1, turn)",
        three_in_order,
    ),
    "fair: nobody is called": (
        "FairMutex",
        "            if self._line:\n",
        "            if False:\n",
        two_by_two,
    ),
    "fair: who gives up calls nobody": (
        "FairMutex",
        "        finally:\n            self._open_the_first()\n",
        "        finally:\n            pass\n",
        behind_one_who_gives_up,
    ),
    "fair: who gives up stays": (
        "FairMutex",
        "            if turn in self._line:\n                self._line.remove(turn)\n",
        "            pass\n",
        for_a_while,
    ),
    "fair: what came too late is forgotten": (
        "FairMutex",
        "            if self._line[0] is turn:\n                return True\n",
        "",
        try_against_try,
    ),
    "fair: all give up at a time": ("FairMutex", "with self._giving_up:", "if True:", try_against_try),
    "fair: looks before it stands in line": (
        "FairMutex",
        "            self._line.append(turn)\n            if self._line[0] is not turn and",
        "            free = not self._line\n            self._line.append(turn)\n            if not free and",
        two_by_two,
    ),
}


@pytest.mark.parametrize("mutant", MUTANTS)
def test_mutant_refuted(mutant: str, tmp_path: Path) -> None:
    """The scenarios notice a wrong line."""
    kind, right, wrong, scenario = MUTANTS[mutant]
    module = tmp_path / "mutant.py"
    text = in_one_file([FILES[kind]], FILES[kind], right, wrong)
    module.write_text(f"{text}\nLock = {kind}\n", encoding="utf-8")
    verdict = verdict_of(scenario, module)
    assert verdict.status is Status.REFUTED, str(verdict)


@pytest.mark.parametrize("kind", ALL)
def test_in_one_file_verified(kind: str, tmp_path: Path) -> None:
    """What refutes a mutant is the change, not the way in which it was written down."""
    module = tmp_path / "unchanged.py"
    module.write_text(f"{in_one_file([FILES[kind]])}\nLock = {kind}\n", encoding="utf-8")
    verdict = verdict_of(try_against_try, module)
    assert verdict.status is Status.VERIFIED, str(verdict)
