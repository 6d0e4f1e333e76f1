"""ProcessQueue between processes: what it promises the living, and what it says to those who misuse it.

What it shares with the queues between threads is asked in tests/sync/test_queue_conformance.py; what it promises after
a kill in test_ring_deaths.py and test_queue_kills.py.
"""

import gc
import os
import pickle
import signal
import threading
from queue import Empty, Full
from typing import Any

import pytest

from concur import Closed, ProcessQueue
from concur.process import _gate, _ring
from concur.process._gate import Gate
from concur.process._records import GROUP, Opened, record_of, records_of
from tests.process.conftest import FUSE, Children, received


def produce(queue: Any, me: int, count: int) -> None:
    for n in range(0, count, 4):
        queue.put((me, n))
        queue.put_many([(me, n + 1), (me, n + 2), (me, n + 3)])


def consume(queue: Any, results: Any) -> None:
    got = []
    for item in queue:
        got.append(item)
        if len(got) % 3 == 0:
            try:
                got += queue.get_many(5, timeout=0)
            except (Empty, Closed):
                pass
    results.put(got)


@pytest.mark.parametrize("maxsize", [1, 10, 500])
def test_nothing_is_lost_between_processes(children: Children, maxsize: int) -> None:
    """What is put is got, once, and each consumer has each producer's items in his order."""
    queue: Any = ProcessQueue(maxsize, capacity=4096)
    results: Any = ProcessQueue(10)
    producers = [children.start(produce, queue, me, 200) for me in range(2)]
    for _ in range(2):
        children.start(consume, queue, results)
    children.join(*producers)
    queue.close()
    got = [results.get(timeout=FUSE) for _ in range(2)]
    assert sorted(got[0] + got[1]) == [(me, n) for me in range(2) for n in range(200)]
    for one in got:
        for me in range(2):
            assert [n for him, n in one if him == me] == sorted(n for him, n in one if him == me)
    assert set(children.join()) == {0}


def put_and_die(queue: Any) -> None:
    queue.put("first")
    os.kill(os.getpid(), signal.SIGKILL)


def test_what_was_put_outlives_the_one_who_put_it(children: Children) -> None:
    """There is no thread behind it that would have to send it first."""
    queue: Any = ProcessQueue(2)
    children.start(put_and_die, queue)
    assert children.join() == [-signal.SIGKILL]
    assert queue.get(timeout=FUSE) == "first"


class Slow:
    """Tells that it is being unpickled, and waits."""

    def __init__(self, pipe: Any) -> None:
        self.pipe = pipe

    def __reduce__(self) -> Any:
        return wait_here, ()


PIPE: list[Any] = []


def wait_here() -> str:
    if PIPE:
        PIPE[0].send("taking")
        PIPE[0].recv()
    return "slow"


def take_slowly(queue: Any, pipe: Any) -> None:
    PIPE.append(pipe)
    queue.get_many(5)


def test_a_killed_consumer_gives_back_what_it_had_in_hand(children: Children) -> None:
    """Also when the queue is closed: nobody is told the end before, and the items come."""
    queue: Any = ProcessQueue(5)
    queue.put_many([Slow(None), "second"])
    here, there = children.context.Pipe()
    child = children.start(take_slowly, queue, there)
    assert received(here) == "taking"
    queue.close()
    with pytest.raises(Empty):
        queue.get_nowait()
    with pytest.raises(Empty):
        queue.get(timeout=0.001)
    children.kill(child)
    assert list(queue) == ["slow", "second"]


def test_a_waiting_get_has_what_a_killed_consumer_had(forked: Children) -> None:
    """The one who waits finds out by itself."""
    queue: Any = ProcessQueue(5)
    queue.put(Slow(None))
    here, there = forked.context.Pipe()
    child = forked.start(take_slowly, queue, there)
    assert received(here) == "taking"
    results: Any = ProcessQueue(1)
    forked.start(consume, queue, results)
    queue.close()
    forked.kill(child)
    assert results.get(timeout=FUSE) == ["slow"]


def explode() -> None:
    raise ZeroDivisionError("no such item")


class Bomb:
    def __reduce__(self) -> Any:
        return explode, ()


def test_an_item_that_cannot_be_unpickled_is_taken_out() -> None:
    """The error names the queue and has the cause; the items beside it are not touched, also of one put_many."""
    queue: Any = ProcessQueue(9, name="jobs")
    queue.put_many([1, Bomb(), 2])
    queue.put(Bomb())
    queue.put(3)
    assert queue.get_many(9) == [1]
    for rest in ([2], [3]):
        with pytest.raises(
            pickle.UnpicklingError, match=r"an item of queue 'jobs'(.|\n)*taken out"
        ) as raised:
            queue.get_many(9)
        assert isinstance(raised.value.__cause__, ZeroDivisionError)
        assert queue.get_many(1) == rest
    assert queue.empty()


def test_an_item_that_cannot_be_pickled() -> None:
    """The caller is told, with its index, and nothing is in."""
    queue: Any = ProcessQueue(9, name="jobs")
    with pytest.raises(
        pickle.PicklingError, match=r"the item cannot be pickled(.|\n)*queue 'jobs'"
    ) as raised:
        queue.put(threading.Lock())
    assert isinstance(raised.value.__cause__, TypeError)
    with pytest.raises(pickle.PicklingError, match="item 3 cannot be pickled, and nothing was put") as raised:
        queue.put_many([0, 1, 2, threading.Lock(), 4])
    assert isinstance(raised.value.__cause__, TypeError)
    assert queue.empty()


def test_an_item_larger_than_the_ring() -> None:
    """A ValueError with both sizes, and nothing is in; one that just fits goes round."""
    queue: Any = ProcessQueue(9, capacity=100, name="jobs")
    assert queue.capacity == 104
    with pytest.raises(ValueError, match=r"the item has 1,019 bytes(.|\n)*'jobs'(.|\n)*has 96"):
        queue.put(bytes(1001))
    with pytest.raises(ValueError, match="item 1 has"):
        queue.put_many([b"", bytes(100), b""])
    assert queue.empty()
    largest = bytes(96 - (len(pickle.dumps(bytes(50), 5)) - 50))
    for _ in range(5):
        queue.put(largest)
        with pytest.raises(Full):
            queue.put_nowait(b"")
        assert queue.get() == largest


@pytest.mark.parametrize(
    ("maxsize", "capacity", "message"),
    [
        (0, 64, "1 item or more, not 0"),
        (1 << 24, 64, "at most 16,777,215"),
        (1, 63, "64 bytes"),
        (1, 1 << 32, "4,294"),
    ],
)
def test_bounds_out_of_range(maxsize: int, capacity: int, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ProcessQueue(maxsize, capacity=capacity)


def test_it_goes_to_children_only() -> None:
    with pytest.raises(RuntimeError, match=r"ProcessQueue(.|\n)*inheritance"):
        pickle.dumps(ProcessQueue(1))


def test_bytes_are_a_bound_too() -> None:
    """put_many puts what there is room for, however its groups were cut."""
    queue: Any = ProcessQueue(1000, capacity=512)
    items = [bytes([n]) * 20 for n in range(60)]
    put = queue.put_many(items, timeout=0)
    assert 5 < put < 30
    assert queue.get_many(100) == items[:put]
    assert queue.put_many(items[put : put + 3], timeout=0) == 3


@pytest.mark.parametrize("size", [1, 100, 3000, 70_000])
def test_groups_of_every_size(size: int) -> None:
    """All arrive, as they were, taken one by one, in parts, and all at once."""
    queue: Any = ProcessQueue(5000, capacity=1 << 23)
    items = [(n, os.urandom(size)) for n in range(150 if size < 10_000 else 40)]
    for take in (1, 7, 100):
        assert queue.put_many(items) == len(items)
        got = []
        while not queue.empty():
            got += queue.get_many(take)
        assert got == items


def test_records() -> None:
    """Plain data goes as one list, anything else as pickles of its own; a group has no more than it may."""
    assert pickle.loads(record_of([1, "2", b"3", [4.0, None]])) == [1, "2", b"3", [4.0, None]]
    assert type(pickle.loads(record_of([1, Slow(None)]))) is tuple
    counts = [count for count, _ in records_of(range(200), 1000, 10_000, GROUP)]
    assert sum(counts) == 200
    assert max(counts) == GROUP
    assert max(count for count, _ in records_of(range(200), 3, 10_000, GROUP)) == 3


def test_two_items_are_two_objects() -> None:
    """What was handed out once is not handed out again, though the next record has the same bytes."""
    opened, record = Opened(), record_of([[1], [2]])
    taken: list[Any] = []
    for first, last in ((0, 1), (0, 1), (1, 2), (0, 1), (0, 2)):
        opened.add(taken, record, first, last, 2)
    assert taken == [[1], [1], [2], [1], [1], [2]]
    assert len({id(item) for item in taken}) == len(taken)


def test_ctrl_c_gives_back_what_was_in_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """An interrupt in the middle of get loses nothing, whatever it interrupts."""
    queue: Any = ProcessQueue(9)
    queue.put_many([1, 2, 3])
    for name in ("front", "finish", "take"):
        with monkeypatch.context() as patch:
            real = getattr(queue._ring, name)

            def interrupted(*given: Any, real: Any = real, name: str = name) -> Any:
                if name == "take":
                    real(*given)
                raise KeyboardInterrupt

            patch.setattr(queue._ring, name, interrupted)
            with pytest.raises(KeyboardInterrupt):
                queue.get_many(2)
    assert sorted([*queue.get_many(9), *queue.get_many(9)]) == [1, 2, 3]
    assert not queue._ring.claimants()


def test_becoming_a_consumer_twice_changes_nothing() -> None:
    """Two threads of a process may both be the first to take; what one has in hand by then stays there."""
    queue: Any = ProcessQueue(2)
    queue.put(1)
    me = queue._consumers.behind(queue._become_consumer)
    hand = _ring.Hand()
    assert queue._ring.take(hand, 1, me) == 0
    assert queue._consumers.behind(queue._become_consumer) == me
    with pytest.raises(Empty):
        queue.get_nowait()
    queue._ring.give_back(hand)
    assert queue.get_nowait() == 1


def die_taking(queue: Any, how: str) -> None:
    queue._consumers.behind(queue._become_consumer)
    if how == "killed":
        os.kill(os.getpid(), signal.SIGKILL)


def test_places_of_the_dead_are_given_to_others(forked: Children, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether they were killed or ended in order; each is forgotten when its place is needed."""
    monkeypatch.setattr("concur.process.queue.PLACES", 2)
    queue: Any = ProcessQueue(2)
    for how in ("killed", "killed", "in order", "in order"):
        forked.start(die_taking, queue, how)
        forked.join()
    queue.put(1)
    assert queue.get() == 1


def test_nothing_is_left_of_it() -> None:
    """What was opened is closed when the queue goes."""
    queue: Any = ProcessQueue(1)
    queue.put(1)
    del queue
    gc.collect()
    before = set(os.listdir("/dev/fd"))
    for _ in range(3):
        queue = ProcessQueue(1)
        queue.put(1)
        queue.get()
        del queue
    gc.collect()
    assert set(os.listdir("/dev/fd")) == before


def hold(gate: Gate, pipe: Any) -> None:
    def behind() -> None:
        pipe.send("behind")
        pipe.recv()

    gate.behind(behind)


def test_a_gate_opens_when_somebody_dies_behind_it(children: Children) -> None:
    gate = Gate()
    here, there = children.context.Pipe()
    child = children.start(hold, gate, there)
    assert received(here) == "behind"
    children.kill(child)
    assert gate.behind(int, "7") == 7
    with pytest.raises(ValueError, match="invalid"):
        gate.behind(int, "x")
    assert gate.behind(int, "7") == 7


def test_the_order_of_stores_on_other_machines(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a fence is needed, it is there and does not stand in the way."""
    monkeypatch.setattr("concur.process.queue.fence", _gate.across_a_lock)
    queue: Any = ProcessQueue(2)
    queue.put_many([1, 2])
    assert queue.get_many(2) == [1, 2]
