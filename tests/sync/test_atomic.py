"""Atomics: what each call does, and that each is one step under every interleaving, with its own code visible."""

import itertools
import threading
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from concur import sync
from concur.check import Status, Verdict, explore, linearizable
from concur.sync import AtomicInteger, AtomicReference

HOME = Path(sync.__file__).parent


# What each call does


def test_integer() -> None:
    """Changing calls return what was there before, or whether they changed anything."""
    number = AtomicInteger()
    assert number.get() == 0
    number.set(5)
    assert number.exchange(7) == 5
    assert number.fetch_add() == 7
    assert number.fetch_add(-3) == 8
    assert not number.compare_and_set(4, 1)
    assert number.get() == 5
    assert number.compare_and_set(5, 1)
    assert number.get() == 1
    assert AtomicInteger(3).get() == 3


def test_integer_compares_values() -> None:
    """An equal number is the expected one, whichever object it is."""
    large = 10**30
    assert AtomicInteger(large).compare_and_set(int(str(large)), 0)


def test_reference() -> None:
    """A reference starts with None, or with what it is given."""
    assert AtomicReference().get() is None
    old, new = ["x"], ["x"]
    reference = AtomicReference(old)
    assert reference.get() is old
    assert reference.exchange(new) is old
    reference.set(old)
    assert reference.get() is old


def test_reference_compares_identities() -> None:
    """An equal object is not the expected one."""
    old, equal = ["x"], ["x"]
    reference = AtomicReference(old)
    assert not reference.compare_and_set(equal, ["y"])
    assert reference.get() is old
    assert reference.compare_and_set(old, equal)
    assert reference.get() is equal


@pytest.mark.parametrize("replace", [AtomicReference.set, AtomicReference.exchange])
def test_what_is_replaced_goes_after_the_call(replace: Callable[[Any, Any], object]) -> None:
    """A finalizer that uses the same reference does not wait for it for ever."""
    seen: list[object] = []

    class Old:
        def __del__(self) -> None:
            seen.append(reference._lock.locked())

    reference: AtomicReference[object] = AtomicReference(Old())
    replace(reference, None)
    assert seen == [False]


def test_repr() -> None:
    """The text tells the value."""
    assert repr(AtomicInteger(-2)) == "<AtomicInteger -2>"
    assert repr(AtomicReference("a")) == "<AtomicReference 'a'>"


@pytest.mark.parametrize("made", [AtomicInteger(), AtomicReference()])
def test_nothing_but_the_value(made: object) -> None:
    """There are no attributes beside the value, and two atomics with the same value are two."""
    with pytest.raises(AttributeError):
        made.value = 1  # type: ignore[attr-defined]
    assert made != type(made)()


def test_real_threads(elsewhere) -> None:
    """Every number is given out once; a list built with compare_and_set has every node."""
    tickets, head = AtomicInteger(), AtomicReference[Any](None)
    given: list[list[int]] = [[] for _ in range(4)]
    together = threading.Barrier(4)

    def take(mine: list[int]) -> None:
        together.wait()
        for _ in range(500):
            mine.append(tickets.fetch_add())
            while not head.compare_and_set(old := head.get(), (old, mine[-1])):
                pass

    for mine in given:
        elsewhere.start(lambda mine=mine: take(mine))
    elsewhere.join()

    assert sorted(itertools.chain(*given)) == list(range(2000))
    assert all(mine == sorted(mine) for mine in given)
    linked, node = [], head.get()
    while node is not None:
        node, number = node
        linked.append(number)
    assert sorted(linked) == list(range(2000))


# Under every interleaving


class Model:
    """The same for one thread; of numbers, or of objects that are compared by what they are."""

    def __init__(self, value: Any = 0) -> None:
        self.content = value

    def get(self) -> Any:
        return self.content

    def set(self, value: Any) -> None:
        self.content = value

    def exchange(self, new: Any) -> Any:
        old, self.content = self.content, new
        return old

    def fetch_add(self, n: int = 1) -> Any:
        self.content += n
        return self.content - n

    def compare_and_set(self, expected: Any, new: Any) -> bool:
        if self.content != expected:
            return False
        self.content = new
        return True


def together(*calls: Callable[[], object]) -> None:
    threads = [threading.Thread(target=call) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def add_and_compare(module: ModuleType) -> None:
    number = linearizable(Model, module.AtomicInteger())

    def one() -> None:
        number.fetch_add()
        number.compare_and_set(1, 5)

    def other() -> None:
        number.fetch_add(2)
        number.get()

    together(one, other)
    number.get()


def set_and_exchange(module: ModuleType) -> None:
    number = linearizable(Model, module.AtomicInteger())

    def one() -> None:
        number.set(1)
        number.exchange(2)

    def other() -> None:
        number.exchange(3)
        number.compare_and_set(1, 4)

    together(one, other)
    number.get()


def two_compare(module: ModuleType) -> None:
    number = linearizable(Model, module.AtomicInteger())

    def up() -> None:
        number.compare_and_set(0, 1)
        number.compare_and_set(1, 2)

    together(up, up)
    number.get()


def three_add(module: ModuleType) -> None:
    number = linearizable(Model, module.AtomicInteger())
    together(number.fetch_add, number.fetch_add, lambda: number.compare_and_set(1, 0))
    number.get()


def references(module: ModuleType) -> None:
    reference = linearizable(lambda: Model("none"), module.AtomicReference("none"))

    def one() -> None:
        reference.exchange("one")
        reference.compare_and_set("two", "both")

    def other() -> None:
        reference.compare_and_set("none", "two")
        reference.get()

    together(one, other)
    reference.get()


def references_set(module: ModuleType) -> None:
    reference = linearizable(lambda: Model("none"), module.AtomicReference("none"))

    def one() -> None:
        reference.set("one")
        reference.exchange("two")

    together(one, lambda: reference.compare_and_set("one", "other"), reference.get)
    reference.get()


def stack(module: ModuleType) -> None:
    """Treiber's: two threads push, a retry is at most one round longer than the other thread's push."""
    head = module.AtomicReference()

    def push(item: int) -> None:
        for _ in range(2):
            old = head.get()
            if head.compare_and_set(old, (old, item)):
                return
        raise AssertionError("failed twice, although the other thread pushes once")

    together(lambda: push(1), lambda: push(2))
    assert head.get() in (((None, 1), 2), ((None, 2), 1))


SCENARIOS = [add_and_compare, set_and_exchange, two_compare, three_add, references, references_set, stack]


def verdict_of(scenario: Callable[[ModuleType], None], module: Path) -> Verdict:
    return explore(scenario, attempt=str(module), max_schedules=20_000, max_seconds=None)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.__name__)
def test_verified(scenario: Callable[[ModuleType], None]) -> None:
    """Every call is one step: whatever the interleaving, the answers are those of some order of the calls."""
    verdict = verdict_of(scenario, HOME / "atomic.py")
    assert verdict.status is Status.VERIFIED, str(verdict)


# The same with the lock taken from one method: which one (and of which class: the first is the integer's), who notices.
MUTANTS: dict[str, tuple[str, int, Callable[[ModuleType], None]]] = {
    "integer set": ("set", 0, set_and_exchange),
    "integer exchange": ("exchange", 0, set_and_exchange),
    "integer fetch_add": ("fetch_add", 0, add_and_compare),
    "integer compare_and_set": ("compare_and_set", 0, two_compare),
    "reference exchange": ("exchange", 1, references),
    "reference compare_and_set": ("compare_and_set", 1, references),
}


def without_lock(method: str, which: int) -> str:
    text = (HOME / "atomic.py").read_text(encoding="utf-8")
    pieces = text.split(f"    def {method}(")
    assert len(pieces) > which + 1, "the mutant does not fit the file"
    pieces[which + 1] = pieces[which + 1].replace("with self._lock:", "if True:", 1)
    return f"    def {method}(".join(pieces)


@pytest.mark.parametrize("mutant", MUTANTS)
def test_mutant_refuted(mutant: str, tmp_path: Path) -> None:
    """The scenarios notice a method without the lock."""
    method, which, scenario = MUTANTS[mutant]
    module = tmp_path / "mutant.py"
    module.write_text(without_lock(method, which), encoding="utf-8")
    verdict = verdict_of(scenario, module)
    assert verdict.status is Status.REFUTED, str(verdict)
    assert verdict.failure is not None
    assert verdict.failure.kind in ("not-linearizable", "assertion")
