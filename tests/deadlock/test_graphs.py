"""The two graphs: what each call does, and that they agree with a reference on random traces."""

import gc
import itertools
from collections.abc import Hashable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from concur.deadlock import LockOrderGraph, WaitForGraph
from concur.errors import NotOwnerError

# Who waits for whom


def test_two() -> None:
    """Crosswise."""
    graph = WaitForGraph()
    graph.holds("B", 1)
    graph.holds("A", 2)
    graph.waits("B", 2)
    assert graph.cycle() is None
    graph.waits("A", 1)
    assert graph.cycle() == ["A", "B"]


@pytest.mark.parametrize("number", range(2, 9))
def test_the_order_of_waiting(number: int) -> None:
    """Each waits for what the next one holds, from the least name on."""
    names = [f"T{(index * 5 + 3) % 11}" for index in range(number)]
    graph = WaitForGraph()
    for index, name in enumerate(names):
        graph.holds(name, index)
    for index, name in enumerate(names):
        assert graph.cycle() is None
        graph.waits(name, (index + 1) % number)
    least = names.index(min(names))
    assert graph.cycle() == names[least:] + names[:least]


def test_those_who_wait_for_a_circle_are_not_in_it() -> None:
    graph = WaitForGraph()
    for thread, lock in [("B", 1), ("C", 2), ("A", 3)]:
        graph.holds(thread, lock)
    graph.waits("A", 1)
    graph.waits("B", 2)
    graph.waits("C", 1)
    assert graph.cycle() == ["B", "C"]


def test_the_least_of_two_circles() -> None:
    graph = WaitForGraph()
    for pair in (("C", "D"), ("B", "E")):
        for index, thread in enumerate(pair):
            graph.holds(thread, (pair, index))
            graph.waits(thread, (pair, 1 - index))
    assert graph.cycle() == ["B", "E"]


def test_a_release_opens_a_circle() -> None:
    graph = WaitForGraph()
    graph.holds("A", 1)
    graph.holds("B", 2)
    graph.waits("A", 2)
    graph.waits("B", 1)
    graph.gives_up("B")
    assert graph.cycle() is None
    graph.released("B", 2)
    graph.holds("A", 2)
    graph.waits("B", 1)
    assert graph.cycle() is None


def test_taken_again() -> None:
    """Holding twice and waiting for oneself is no deadlock; the lock is free after as many releases."""
    graph = WaitForGraph()
    graph.holds("A", 1)
    graph.waits("A", 1)
    assert graph.cycle() is None
    graph.holds("A", 1)
    graph.holds("B", 2)
    graph.waits("B", 1)
    graph.released("A", 1)
    graph.waits("A", 2)
    assert graph.cycle() == ["A", "B"]
    graph.gives_up("A")
    graph.released("A", 1)
    graph.holds("B", 1)
    assert graph.cycle() is None


def test_misuse() -> None:
    """A lock has one owner, and nobody else releases it."""
    graph = WaitForGraph()
    graph.holds("A", "log")
    with pytest.raises(ValueError, match="'B' cannot hold 'log': 'A' holds it"):
        graph.holds("B", "log")
    with pytest.raises(NotOwnerError, match="'B' released 'log', but 'A' holds it"):
        graph.released("B", "log")
    graph.released("A", "log")
    with pytest.raises(NotOwnerError, match="'A' released 'log', but nobody holds it"):
        graph.released("A", "log")


def circles(waits: dict[str, Hashable], owner: dict[Hashable, str]) -> set[tuple[str, ...]]:
    """All circles, by trying every sequence of threads: the definition."""
    found = set()
    for number in range(2, len(waits) + 1):
        for names in itertools.permutations(sorted(waits), number):
            following = [*names[1:], names[0]]
            if names[0] == min(names) and all(
                owner.get(waits[one]) == other for one, other in zip(names, following, strict=True)
            ):
                found.add(names)
    return found


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("ABCDE"), st.integers(0, 3), st.integers(0, 3)), max_size=40))
def test_random_traces(trace: list[tuple[str, int, int]]) -> None:
    """After every step of any history the answer is that of the definition."""
    graph = WaitForGraph()
    waits: dict[str, Hashable] = {}
    depth: dict[tuple[str, int], int] = {}
    owner: dict[Hashable, str] = {}
    for thread, lock, what in trace:
        if what == 0 and owner.get(lock) != thread:
            graph.waits(thread, lock)
            waits[thread] = lock
        elif what == 1 and owner.get(lock) in (None, thread):
            graph.holds(thread, lock)
            waits.pop(thread, None)
            owner[lock] = thread
            depth[thread, lock] = depth.get((thread, lock), 0) + 1
        elif what == 2 and owner.get(lock) == thread:
            graph.released(thread, lock)
            depth[thread, lock] -= 1
            if not depth[thread, lock]:
                del owner[lock]
        elif what == 3:
            graph.gives_up(thread)
            waits.pop(thread, None)
        expected = circles(waits, owner)
        assert graph.cycle() == (list(min(expected)) if expected else None)


# Which lock under which


class Thing:
    """Something that can be referred to weakly."""


def test_an_inversion() -> None:
    """Both places of both steps are told, and once."""
    graph, one, other = LockOrderGraph(), Thing(), Thing()
    graph.name(one, "one")
    graph.name(other, "other")
    graph.holds("T1", one, "a:1")
    assert graph.holds("T1", other, "a:2") is None
    graph.released("T1", one)
    graph.released("T1", other)
    for _ in range(2):
        graph.holds("T2", other, "b:1")
        found = graph.holds("T2", one, "b:2")
        if _ == 0:
            assert found is not None
            assert [tuple(step) for step in found] == [
                ("other", "one", "T2", "b:1", "b:2"),
                ("one", "other", "T1", "a:1", "a:2"),
            ]
        else:
            assert found is None
        graph.released("T2", one)
        graph.released("T2", other)


def test_three_locks() -> None:
    """No two steps contradict each other, but all three do."""
    graph, things = LockOrderGraph(), [Thing() for _ in range(3)]
    found = []
    for first, then in ((0, 1), (1, 2), (2, 0)):
        graph.holds("T", things[first])
        found.append(graph.holds("T", things[then]))
        graph.released("T", things[then])
        graph.released("T", things[first])
    assert found[:2] == [None, None]
    assert found[2] is not None
    assert len(found[2]) == 3


@pytest.mark.parametrize("how", [{"blocking": False}, {"timeout": 1.0}])
def test_tried_locks(how: dict[str, float]) -> None:
    """What is not waited for without limit is no target; but what is waited for under it is."""
    graph, one, other, third = LockOrderGraph(), Thing(), Thing(), Thing()
    graph.holds("T1", one)
    graph.holds("T1", other, **how)  # type: ignore[arg-type]
    graph.holds("T1", third)
    for thing in (one, other, third):
        graph.released("T1", thing)
    graph.holds("T2", other)
    assert graph.holds("T2", one) is None
    graph.released("T2", one)
    graph.released("T2", other)
    graph.holds("T2", third)
    assert graph.holds("T2", other) is not None


def test_named_classes() -> None:
    """What is learnt of one lock of a name holds for all; two of one name are in order, unless levels say not."""
    graph = LockOrderGraph()
    accounts, log = [Thing() for _ in range(3)], Thing()
    for level, account in enumerate(accounts):
        graph.name(account, "account", level)
    graph.holds("T1", accounts[0])
    assert graph.holds("T1", accounts[1]) is None
    assert graph.holds("T1", log) is None
    for thing in (accounts[0], accounts[1], log):
        graph.released("T1", thing)
    graph.holds("T2", log)
    assert graph.holds("T2", accounts[2]) is not None
    graph.released("T2", log)
    found = graph.holds("T2", accounts[1], "here")
    assert found is not None
    assert (found[0].first, found[0].then) == ("account", "account")
    graph.released("T2", accounts[1])
    assert graph.holds("T2", accounts[0]) is None  # said once


def test_taken_again_gives_no_arrow() -> None:
    graph, one, other = LockOrderGraph(), Thing(), Thing()
    for thing in (one, other, one):
        assert graph.holds("T", thing) is None
    for thing in (one, other, one):
        graph.released("T", thing)
    with pytest.raises(NotOwnerError, match="does not hold it"):
        graph.released("T", one)


def test_the_dead_are_forgotten() -> None:
    """A lock is not kept alive, and one made later at the same address is another one."""
    graph, other = LockOrderGraph(), Thing()
    for _ in range(10):
        one = Thing()
        graph.holds("T", one)
        assert graph.holds("T", other) is None
        graph.released("T", other)
        graph.released("T", one)
        del one
        gc.collect()
        one = Thing()
        graph.holds("T", other)
        assert graph.holds("T", one) is None
        graph.released("T", one)
        graph.released("T", other)
        del one
    assert len(graph._known) <= 3


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), max_size=30))
def test_random_orders(pairs: list[tuple[int, int]]) -> None:
    """A contradiction is found by the step that closes the first one, and not before."""
    graph, things = LockOrderGraph(), [Thing() for _ in range(5)]
    arrows: set[tuple[int, int]] = set()

    def reaches(start: int, end: int) -> bool:
        seen, todo = set(), [start]
        while todo:
            node = todo.pop()
            if node == end:
                return True
            if node not in seen:
                seen.add(node)
                todo += [then for first, then in arrows if first == node]
        return False

    for first, then in pairs:
        if first == then:
            continue
        closes = (first, then) not in arrows and reaches(then, first)
        graph.holds("T", things[first])
        found = graph.holds("T", things[then])
        graph.released("T", things[then])
        graph.released("T", things[first])
        arrows.add((first, then))
        assert (found is not None) == closes
        if closes:
            return
