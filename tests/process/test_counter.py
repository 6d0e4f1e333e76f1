"""SharedCounter: no addition is lost or made by half, whoever adds and whoever is killed."""

import os
import signal
import threading
from typing import Any

import pytest

from concur import SharedCounter
from concur.process.counter import LEAST, MOST
from tests.process.conftest import Children, received


def add(counter: SharedCounter, times: int, n: int = 1) -> None:
    for _ in range(times):
        counter.add(n)


def test_no_addition_is_lost(children: Children) -> None:
    """Processes that are started in any way, and threads of one of them, add up."""
    counter = SharedCounter(7)
    for n in (1, 10, -3):
        children.start(add, counter, 400, n)
    thread = threading.Thread(target=add, args=(counter, 400, 100))
    thread.start()
    thread.join()
    assert children.join() == [0, 0, 0]
    assert counter.value == 7 + 400 * (1 + 10 - 3 + 100)


def take_tickets(counter: SharedCounter, pipe: Any) -> None:
    pipe.send([counter.add() for _ in range(300)])


def test_each_number_is_given_once(children: Children) -> None:
    """What `add` returns is the value that this very addition made."""
    counter = SharedCounter()
    pipes = [children.context.Pipe(duplex=False) for _ in range(3)]
    for _, there in pipes:
        children.start(take_tickets, counter, there)
    tickets = [received(here) for here, _ in pipes]
    assert children.join() == [0, 0, 0]
    assert sorted(number for each in tickets for number in each) == list(range(1, 901))
    assert all(each == sorted(each) for each in tickets)


def test_what_add_returns_is_of_its_own_step() -> None:
    """An addition that comes right after it does not show in what it returns."""
    counter = SharedCounter()

    class Overtaken:
        def __enter__(self) -> None:
            counter._mutex.acquire()

        def __exit__(self, *_: object) -> None:
            counter._mutex.release()
            counter.add(100)

    first: Any = SharedCounter.__new__(SharedCounter)
    first.__dict__.update(counter.__dict__, _mutex=Overtaken())
    assert first.add(1) == 1
    assert counter.value == 101


class Deadly:
    """The memory of a counter, for a process that dies at the store: before it, or after."""

    def __init__(self, segment: Any, stores: bool) -> None:
        self.words, self.real, self.stores = self, segment.words, stores

    def __getitem__(self, index: int) -> int:
        return int(self.real[index])

    def __setitem__(self, index: int, value: int) -> None:
        if self.stores:
            self.real[index] = value
        os.kill(os.getpid(), signal.SIGKILL)


def add_and_die(counter: Any, stores: bool) -> None:
    counter._segment = Deadly(counter._segment, stores)
    counter.add(5)


@pytest.mark.parametrize("stores", [False, True])
def test_who_is_killed_in_add_has_added_or_not(children: Children, stores: bool) -> None:
    """And the others go on, with nothing to repair."""
    counter = SharedCounter(1)
    for _ in range(2):
        children.start(add_and_die, counter, stores)
    assert children.join() == [-signal.SIGKILL] * 2
    assert counter.value == (11 if stores else 1)
    assert counter.add() == counter.value == (12 if stores else 2)


@pytest.mark.parametrize("stores", [False, True])
def test_ctrl_c_in_add_leaves_the_counter_as_it_is_or_will_be(
    stores: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half of it is never seen, and the others are not kept out."""
    counter = SharedCounter(1)
    memory = counter._segment

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "kill", interrupt)
    monkeypatch.setattr(counter, "_segment", Deadly(memory, stores))
    with pytest.raises(KeyboardInterrupt):
        counter.add(5)
    monkeypatch.setattr(counter, "_segment", memory)
    assert counter.value == (6 if stores else 1)
    assert counter.add() == (7 if stores else 2)


def add_and_tell(counter: SharedCounter, pipe: Any) -> None:
    pipe.send("here")
    pipe.send(counter.add())


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_fork_while_a_thread_is_in_add(forked: Children) -> None:
    """The child does not have that thread, and neither waits for it for ever nor comes in between."""
    counter = SharedCounter()
    inside, leave = threading.Event(), threading.Event()

    class Slow(Deadly):
        def __setitem__(self, index: int, value: int) -> None:
            inside.set()
            leave.wait()
            self.real[index] = value

    def add_slowly() -> None:
        slow: Any = SharedCounter.__new__(SharedCounter)
        slow.__dict__.update(counter.__dict__, _segment=Slow(counter._segment, True))
        slow.add(10)

    thread = threading.Thread(target=add_slowly)
    thread.start()
    inside.wait()
    here, there = forked.context.Pipe(duplex=False)
    forked.start(add_and_tell, counter, there)
    assert received(here) == "here"
    assert counter.value == 0, "the child came in between"
    leave.set()
    assert received(here) == 11
    thread.join()
    assert forked.join() == [0]


@pytest.mark.parametrize(("start", "n"), [(MOST, 1), (LEAST, -1), (MOST - 1, 2), (0, 2**63), (0, -(2**70))])
def test_what_does_not_fit_changes_nothing(start: int, n: int) -> None:
    """The message has the numbers, and the counter can be used as before."""
    counter = SharedCounter(start, name="bytes")
    with pytest.raises(
        OverflowError, match=rf"shared counter 'bytes' is {start} and cannot take \{n:+} more"
    ):
        counter.add(n)
    assert counter.value == start
    assert counter.add(0) == start
    assert counter.add(-1 if start > 0 else 1) == counter.value


def test_limits_fit() -> None:
    """All 64 bits can be used."""
    assert SharedCounter(MOST).value == SharedCounter(MOST - 1).add() == MOST
    assert SharedCounter(LEAST).value == SharedCounter(LEAST + 1).add(-1) == LEAST
    with pytest.raises(OverflowError, match=f"cannot begin with {MOST + 1}"):
        SharedCounter(MOST + 1)


@pytest.mark.parametrize("number", [1.0, "1", None])
def test_it_counts_in_whole_numbers(number: Any) -> None:
    """What is not one is refused by name."""
    counter = SharedCounter(3)
    with pytest.raises(TypeError, match=rf"whole numbers, and {number!r} is of type {type(number).__name__}"):
        counter.add(number)
    with pytest.raises(TypeError, match="whole numbers"):
        SharedCounter(number)
    assert counter.add(True) == 4


def test_what_it_is_called() -> None:
    assert repr(SharedCounter(-2)) == "<SharedCounter -2>"
    assert repr(SharedCounter(name="x")) == "<SharedCounter 'x' 0>"
