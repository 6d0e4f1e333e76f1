"""What a bounded queue promises, asked of ours and of CPython's; and what only ours promise.

ProcessQueue is asked as well, here with threads of one process; it counts no tasks, and its size has a limit.
"""

import itertools
import queue
import threading
from collections.abc import Callable
from queue import Empty, Full
from typing import Any

import pytest

from concur.errors import Closed, ConcurError
from concur.process import ProcessQueue
from concur.sync import BoundedQueue, MonitorQueue

BETWEEN_THREADS = {"BoundedQueue": BoundedQueue, "MonitorQueue": MonitorQueue}
OURS = BETWEEN_THREADS | {"ProcessQueue": ProcessQueue}
STANDARD = {"queue.Queue": queue.Queue}


def ask(queues: dict[str, Any]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("make", list(queues.values()), ids=list(queues))


all_queues, our_queues = ask(OURS | STANDARD), ask(OURS)
queues_with_tasks, our_queues_with_tasks = ask(BETWEEN_THREADS | STANDARD), ask(BETWEEN_THREADS)

Make = Callable[..., Any]


def outcome(call: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """What the call returns, or the class that it raises."""
    try:
        return call(*args, **kwargs)
    except (Empty, Full, Closed) as error:
        return Closed if isinstance(error, Closed) else type(error)


def drained(items: Any) -> list[Any]:
    """What is in, taken out."""
    taken = []
    while (item := outcome(items.get_nowait)) not in (Empty, Closed):
        taken.append(item)
    return taken


@all_queues
@pytest.mark.parametrize("maxsize", [1, 2, 5, 200])
def test_first_in_first_out(make: Make, maxsize: int) -> None:
    """Items come out in the order in which they went in, however often the queue was filled."""
    items = make(maxsize)
    for start in range(3):
        for n in range(maxsize):
            items.put(start + n)
        assert items.full()
        assert [items.get() for _ in range(maxsize)] == [start + n for n in range(maxsize)]
        assert items.empty()


@all_queues
def test_sizes(make: Make) -> None:
    """The queue tells how large it is and may be."""
    items = make(2)
    assert (items.maxsize, items.qsize(), items.empty(), items.full()) == (2, 0, True, False)
    items.put(None)
    assert (items.qsize(), items.empty(), items.full()) == (1, False, False)
    items.put(None)
    assert (items.qsize(), items.empty(), items.full()) == (2, False, True)
    assert make(maxsize=3).maxsize == 3


@all_queues
def test_without_waiting(make: Make) -> None:
    """A call that does not wait says Full or Empty, and changes nothing; its time-out means nothing."""
    items = make(1)
    for empty in (items.get_nowait, lambda: items.get(False), lambda: items.get(block=False, timeout=-1)):
        assert outcome(empty) is Empty
    items.put_nowait("kept")
    for full in (
        lambda: items.put_nowait("late"),
        lambda: items.put("late", False),
        lambda: items.put("late", block=False, timeout=-1),
    ):
        assert outcome(full) is Full
    assert items.get_nowait() == "kept"
    assert outcome(items.get_nowait) is Empty


@all_queues
@pytest.mark.parametrize("timeout", [0, 0.0, 0.001, 0.02])
def test_timeouts(make: Make, timeout: float) -> None:
    """When the time is up the call says Full or Empty, and has changed nothing."""
    items = make(2)
    assert outcome(items.get, True, timeout) is Empty
    items.put("a", timeout=timeout)
    items.put("b", True, timeout)
    assert outcome(items.put, "c", timeout=timeout) is Full
    assert items.get(timeout=timeout) == "a"
    assert drained(items) == ["b"]


@all_queues
def test_bad_timeouts(make: Make) -> None:
    """A negative time-out is a ValueError, also where there is no need to wait; a huge one an OverflowError."""
    items = make(1)
    for _ in range(2):
        with pytest.raises(ValueError, match=r"."):
            items.put(1, timeout=-1)
        with pytest.raises(ValueError, match=r"."):
            items.get(timeout=-0.5)
    with pytest.raises(OverflowError):
        items.get(timeout=1e20)
    items.put("a", timeout=1e20)
    with pytest.raises(OverflowError):
        items.put("b", timeout=1e20)
    assert drained(items) == ["a"]
    items.put("c")
    assert items.get(timeout=1e20) == "c"


@all_queues
def test_a_waiting_get(make: Make, elsewhere) -> None:
    """A get that waits takes what is put then."""
    items, got = make(1), make(1)
    elsewhere.start(lambda: got.put(items.get()))
    elsewhere.start(lambda: items.put("item"))
    assert got.get(timeout=30) == "item"


@all_queues
def test_a_waiting_put(make: Make, elsewhere) -> None:
    """A put that waits goes in when there is room."""
    items = make(1)
    items.put(1)
    waiting = elsewhere.start(lambda: items.put(2))
    assert items.get() == 1
    assert items.get() == 2
    elsewhere.join(waiting)


@all_queues
@pytest.mark.parametrize(("producers", "consumers"), [(1, 1), (3, 1), (1, 3), (3, 3)])
@pytest.mark.parametrize("maxsize", [1, 3, 100])
def test_nothing_is_lost(make: Make, elsewhere, maxsize: int, producers: int, consumers: int) -> None:
    """What is put is got, once, and each producer's items in his order."""
    items, each = make(maxsize), 300
    got: list[list[tuple[int, int]]] = [[] for _ in range(consumers)]

    def produce(me: int) -> None:
        for n in range(each):
            items.put((me, n))

    def consume(mine: list[tuple[int, int]]) -> None:
        while (item := items.get()) is not None:
            mine.append(item)

    makers = [elsewhere.start(lambda me=me: produce(me)) for me in range(producers)]
    for mine in got:
        elsewhere.start(lambda mine=mine: consume(mine))
    elsewhere.join(*makers)
    for _ in range(consumers):
        items.put(None)
    elsewhere.join()
    assert sorted(itertools.chain(*got)) == [(me, n) for me in range(producers) for n in range(each)]
    for mine in got:
        for me in range(producers):
            mine_of_his = [n for him, n in mine if him == me]
            assert mine_of_his == sorted(mine_of_his)


@all_queues
def test_nothing_is_lost_to_timeouts(make: Make, elsewhere) -> None:
    """A time-out that comes together with an item, or with room, loses neither."""
    items, each = make(2), 300
    got: list[Any] = []
    put: list[Any] = []
    over = threading.Event()

    def produce(me: int) -> None:
        for n in range(each):
            if outcome(items.put, (me, n), timeout=0.0001) is not Full:
                put.append((me, n))

    def consume() -> None:
        while not over.is_set():
            if (item := outcome(items.get, timeout=0.0001)) is not Empty:
                got.append(item)

    makers = [elsewhere.start(lambda me=me: produce(me)) for me in range(2)]
    takers = [elsewhere.start(consume) for _ in range(2)]
    elsewhere.join(*makers)
    over.set()
    elsewhere.join(*takers)
    assert sorted(got + drained(items)) == sorted(put)


@queues_with_tasks
def test_tasks(make: Make, elsewhere) -> None:
    """join() waits until as many tasks are done as items were put."""
    items, done = make(2), []
    items.join()

    def work() -> None:
        while (item := items.get()) is not None:
            done.append(item)
            items.task_done()

    elsewhere.start(work)
    for n in range(10):
        items.put(n)
    items.join()
    assert done == list(range(10))
    assert items.unfinished_tasks == 0
    items.put(None)


@queues_with_tasks
def test_too_many_tasks_done(make: Make) -> None:
    """task_done() more often than there were items is a ValueError."""
    items = make(3)
    with pytest.raises(ValueError, match=r"task_done\(\)"):
        items.task_done()
    items.put(1)
    items.put(2)
    assert items.unfinished_tasks == 2
    items.get()
    items.task_done()
    items.task_done()
    with pytest.raises(ValueError, match=r"task_done\(\)"):
        items.task_done()
    assert drained(items) == [2]


# What only ours promise. (queue.Queue has shutdown from 3.13 on.)


def test_shutdown_is_that_of_the_standard_library(elsewhere) -> None:
    """Where queue.Queue has a shutdown, ours do the same, and who catches its error catches ours."""
    if not hasattr(queue, "ShutDown"):
        pytest.skip("from Python 3.13 on")
    for make in (BETWEEN_THREADS | STANDARD).values():
        items: Any = make(2)
        items.put(1)
        items.put(2)
        items.shutdown()
        with pytest.raises(queue.ShutDown):
            items.put(3)
        assert items.get() == 1
        items.shutdown(immediate=True)
        with pytest.raises(queue.ShutDown):
            items.get()
        assert items.unfinished_tasks == 1
        items.task_done()
        items.join()


@our_queues
@pytest.mark.parametrize("maxsize", [0, -1])
def test_no_room_at_all(make: Make, maxsize: int) -> None:
    """A queue without room, which means one without a bound elsewhere, is a ValueError that says what to take."""
    with pytest.raises(ValueError, match=rf"room for 1 item or more, not {maxsize}(.|\n)*SimpleQueue"):
        make(maxsize)


@our_queues
def test_closed(make: Make) -> None:
    """After close() nothing goes in, what is in comes out, and then the end is told, as often as one asks."""
    items = make(3, name="orders")
    items.put(1)
    items.put(2)
    assert not items.closed
    items.close()
    items.close()
    assert items.closed
    for put in (lambda: items.put(3), lambda: items.put_nowait(3), lambda: items.put_many([3, 4])):
        with pytest.raises(Closed, match="put into queue 'orders', which is closed"):
            put()
    assert items.get(timeout=1) == 1
    assert items.get_nowait() == 2
    for get in (items.get, items.get_nowait, lambda: items.get(timeout=0), lambda: items.get_many(2)):
        with pytest.raises(Closed, match="get from queue 'orders', which is closed and empty"):
            get()
    assert isinstance(Closed(), ConcurError)
    assert items.put_many([]) == 0


@our_queues
def test_iteration(make: Make, elsewhere) -> None:
    """Iteration ends when the queue is closed and empty; several may share it."""
    items, got = make(2), []
    for _ in range(3):
        elsewhere.start(lambda: got.extend(items))
    for n in range(20):
        items.put(n)
    items.close()
    elsewhere.join()
    assert sorted(got) == list(range(20))
    assert list(items) == []


@our_queues
def test_close_wakes_who_waits(make: Make, elsewhere) -> None:
    """close() ends every wait: for an item, for room, and both with a time-out."""
    empty, full, ends = make(1), make(1), make(100)
    full.put("in")
    calls = [
        empty.get,
        empty.get,
        lambda: empty.get(timeout=3600),
        lambda: empty.get_many(5),
        lambda: full.put("late"),
        lambda: full.put("late", timeout=3600),
        lambda: full.put_many(["late", "later"]),
    ]
    for call in calls:
        elsewhere.start(lambda call=call: ends.put(outcome(call)))
    empty.close()
    full.close()
    elsewhere.join()
    assert ends.get_many(100) == [Closed] * len(calls)
    assert drained(full) == ["in"]


@our_queues_with_tasks
def test_immediately(make: Make, elsewhere) -> None:
    """shutdown(immediate=True) throws away what is in; who waits for the tasks waits for them no longer."""
    items = make(3)
    for n in range(3):
        items.put(n)
    items.get()
    items.task_done()
    waiting = elsewhere.start(items.join)
    items.shutdown(immediate=True)
    elsewhere.join(waiting)
    assert items.qsize() == 0
    assert outcome(items.get) is Closed
    assert items.unfinished_tasks == 0


@our_queues
def test_many_at_a_time(make: Make) -> None:
    """Several go in and come out in their order."""
    items = make(5)
    assert items.put_many(iter("abc")) == 3
    assert items.put_many([]) == 0
    assert items.get_many(2) == ["a", "b"]
    assert items.put_many(("d", "e")) == 2
    assert items.get_many(100) == ["c", "d", "e"]
    assert outcome(items.get_many, 1, timeout=0) is Empty
    for limit in (0, -1):
        with pytest.raises(ValueError, match="1 item or more"):
            items.get_many(limit)


@our_queues
@pytest.mark.parametrize("timeout", [0, 0.01])
def test_as_many_as_there_is_time_for(make: Make, timeout: float) -> None:
    """put_many says how many went in; only if none did it raises Full."""
    items = make(2)
    assert items.put_many([1, 2, 3], timeout=timeout) == 2
    assert outcome(items.put_many, [3], timeout=timeout) is Full
    assert items.get() == 1
    assert items.put_many([3, 4], timeout=timeout) == 1
    assert drained(items) == [2, 3]
    for bad in (lambda: items.put_many([1], timeout=-1), lambda: items.get_many(1, timeout=-1)):
        with pytest.raises(ValueError, match=r"."):
            bad()


@our_queues
def test_closed_in_between(make: Make, elsewhere, until) -> None:
    """If the queue is closed while put_many waits in the middle, it says how many are in."""
    items, ends = make(2), make(1)
    elsewhere.start(lambda: ends.put(items.put_many([1, 2, 3, 4])))
    until(items.full)
    items.close()
    assert ends.get(timeout=30) == 2
    assert list(items) == [1, 2]


@our_queues
@pytest.mark.parametrize("maxsize", [1, 2, 7, 200])
def test_many_between_threads(make: Make, elsewhere, maxsize: int) -> None:
    """Whatever the sizes, all items arrive, and those of a producer in his order."""
    items = make(maxsize)
    got: list[tuple[int, int]] = []

    def produce(me: int) -> None:
        for start in range(0, 300, 10):
            assert items.put_many([(me, start + n) for n in range(10)]) == 10

    def consume() -> None:
        try:
            while True:
                got.extend(items.get_many(4))
        except Closed:
            pass

    taker = elsewhere.start(consume)
    elsewhere.join(*[elsewhere.start(lambda me=me: produce(me)) for me in range(3)])
    items.close()
    elsewhere.join(taker)
    assert sorted(got) == [(me, n) for me in range(3) for n in range(300)]
    assert all([n for him, n in got if him == me] == list(range(300)) for me in range(3))


@our_queues
def test_large(make: Make) -> None:
    """Room that is not used costs nothing."""
    items = make(10**12 if make is not ProcessQueue else 10**7)
    assert items.put_many(range(1000)) == 1000
    assert items.get_many(10**6) == list(range(1000))


@our_queues
def test_repr(make: Make) -> None:
    """The text tells the name, what is in, and whether it is closed."""
    items = make(3, name="orders")
    items.put(1)
    assert repr(items) == f"<{make.__name__} 'orders' 1/3>"
    items.close()
    assert repr(items) == f"<{make.__name__} 'orders' 1/3 closed>"
    assert repr(make(1)) == f"<{make.__name__} 0/1>"
