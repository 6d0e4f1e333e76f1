"""Ctrl-C in a queue costs nobody an item, a slot, or a wake-up."""

import threading
from collections import deque
from collections.abc import Callable
from queue import Empty
from typing import Any

import pytest

from concur.sync import BoundedQueue, MonitorQueue
from concur.sync._parking import Place

QUEUES = pytest.mark.parametrize("make", [BoundedQueue, MonitorQueue])


@pytest.fixture
def interrupted(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], None]:
    """Make the main thread's next sleep do something first, and then end by Ctrl-C."""

    def install(meanwhile: Callable[[], object] = lambda: None) -> None:
        sleep = Place.sleep

        def sleep_badly(place: Place, timeout: float | None = None) -> bool:
            if threading.current_thread() is not threading.main_thread():
                return sleep(place, timeout)
            monkeypatch.setattr(Place, "sleep", sleep)
            meanwhile()
            raise KeyboardInterrupt

        monkeypatch.setattr(Place, "sleep", sleep_badly)

    return install


def works(queue: Any, elsewhere) -> None:
    """The empty queue has all its room, and wakes who waits."""
    for n in range(queue.maxsize):
        queue.put(n, False)
    assert queue.full()
    elsewhere.start(lambda: queue.put("waits"))
    assert [queue.get(timeout=30) for _ in range(queue.maxsize + 1)] == [*range(queue.maxsize), "waits"]
    elsewhere.start(lambda: queue.put("waited for"))
    assert queue.get(timeout=30) == "waited for"
    assert queue.empty()
    queue.close()
    assert list(queue) == []


WAITS_FOR_AN_ITEM: dict[str, Callable[[Any], object]] = {
    "get": lambda queue: queue.get(),
    "get with a time-out": lambda queue: queue.get(timeout=3600),
    "get_many": lambda queue: queue.get_many(3),
    "iteration": lambda queue: next(iter(queue)),
}
WAITS_FOR_ROOM: dict[str, Callable[[Any], object]] = {
    "put": lambda queue: queue.put("late"),
    "put with a time-out": lambda queue: queue.put("late", timeout=3600),
    "put_many": lambda queue: queue.put_many(["late", "later"]),
}


@QUEUES
@pytest.mark.parametrize("wait", WAITS_FOR_AN_ITEM.values(), ids=list(WAITS_FOR_AN_ITEM))
def test_before_an_item_came(make: Any, wait, interrupted, elsewhere) -> None:
    """Who is interrupted leaves the line, and takes nothing along."""
    queue = make(2)
    interrupted()
    with pytest.raises(KeyboardInterrupt):
        wait(queue)
    works(queue, elsewhere)


@QUEUES
@pytest.mark.parametrize("wait", WAITS_FOR_AN_ITEM.values(), ids=list(WAITS_FOR_AN_ITEM))
def test_after_an_item_came(make: Any, wait, interrupted, elsewhere) -> None:
    """If an item came at the same moment, it is still there."""
    queue = make(2)
    interrupted(lambda: elsewhere(lambda: queue.put("item")))
    with pytest.raises(KeyboardInterrupt):
        wait(queue)
    assert queue.get_nowait() == "item"
    works(queue, elsewhere)


@QUEUES
@pytest.mark.parametrize("wait", WAITS_FOR_ROOM.values(), ids=list(WAITS_FOR_ROOM))
def test_before_there_was_room(make: Any, wait, interrupted, elsewhere) -> None:
    """Who is interrupted leaves the line, and puts nothing in."""
    queue = make(1)
    queue.put("in")
    interrupted()
    with pytest.raises(KeyboardInterrupt):
        wait(queue)
    assert queue.get_nowait() == "in"
    works(queue, elsewhere)


@QUEUES
@pytest.mark.parametrize("wait", WAITS_FOR_ROOM.values(), ids=list(WAITS_FOR_ROOM))
def test_after_there_was_room(make: Any, wait, interrupted, elsewhere) -> None:
    """If there was room at the same moment, it is not used up."""
    queue = make(1)
    queue.put("in")
    interrupted(lambda: elsewhere(queue.get))
    with pytest.raises(KeyboardInterrupt):
        wait(queue)
    with pytest.raises(Empty):
        queue.get_nowait()
    works(queue, elsewhere)


@QUEUES
def test_put_many_in_the_middle(make: Any, interrupted, elsewhere) -> None:
    """What put_many had put before it was interrupted is in, in order, and nothing else."""
    queue = make(2)
    interrupted()
    with pytest.raises(KeyboardInterrupt):
        queue.put_many([1, 2, 3, 4])
    assert queue.get_many(4) == [1, 2]
    works(queue, elsewhere)


@QUEUES
@pytest.mark.parametrize("kind", ["item", "room"])
def test_the_wake_up_goes_on(make: Any, kind: str, interrupted, elsewhere, until) -> None:
    """If somebody else waits too, the wake-up that came to who is interrupted goes to him."""
    queue, ends = make(1), []
    asleep = {"item": "_not_empty", "room": "_not_full"}[kind]
    line = (
        (lambda: getattr(queue, asleep)._line)
        if make is MonitorQueue
        else (lambda: {"item": queue._getters, "room": queue._putters}[kind])
    )
    if kind == "room":
        queue.put("in")

    def wait() -> None:
        ends.append(queue.get() if kind == "item" else queue.put("late"))

    def meanwhile() -> None:
        others.append(elsewhere.start(wait))
        until(lambda: len(line()) == 2)
        elsewhere((lambda: queue.put("item")) if kind == "item" else queue.get)

    others: list[threading.Thread] = []
    interrupted(meanwhile)
    with pytest.raises(KeyboardInterrupt):
        queue.get() if kind == "item" else queue.put("never")
    elsewhere.join(*others)
    assert ends == (["item"] if kind == "item" else [None])
    if kind == "room":
        assert queue.get_nowait() == "late"
    works(queue, elsewhere)


@QUEUES
def test_join(make: Any, interrupted, elsewhere) -> None:
    """Who waits for the tasks and is interrupted leaves the line."""
    queue = make(1)
    queue.put(1)
    interrupted()
    with pytest.raises(KeyboardInterrupt):
        queue.join()
    queue.get()
    queue.task_done()
    queue.join()
    works(queue, elsewhere)


# Between the steps of a call. Ctrl-C comes when a call returns, so these stand for all places where it can.


class Struck(deque[Any]):
    """Ctrl-C at the end of one call of a method."""

    strikes = ""

    def _end(self, method: str) -> None:
        if self.strikes == method:
            self.strikes = ""
            raise KeyboardInterrupt

    def pop(self) -> Any:  # type: ignore[override]
        item = super().pop()
        self._end("pop")
        return item

    def popleft(self) -> Any:
        item = super().popleft()
        self._end("popleft")
        return item

    def append(self, item: Any) -> None:
        super().append(item)
        self._end("append")

    def extend(self, items: Any) -> None:
        super().extend(items)
        self._end("extend")


def test_put_with_a_slot_in_hand(elsewhere) -> None:
    """A slot that put had taken is free again, and counts for no task."""
    queue: BoundedQueue[Any] = BoundedQueue(2)
    queue._free = free = Struck(queue._free)
    free.strikes = "pop"
    with pytest.raises(KeyboardInterrupt):
        queue.put("never")
    assert queue.unfinished_tasks == 0
    works(queue, elsewhere)


@pytest.mark.parametrize("get", [lambda queue: queue.get(), lambda queue: queue.get_many(1)])
def test_get_with_an_item_in_hand(get, elsewhere) -> None:
    """The item is lost, as it is in queue.Queue; its slot is not."""
    queue: BoundedQueue[Any] = BoundedQueue(2)
    queue._items = items = Struck()
    queue.put("lost")
    items.strikes = "popleft"
    with pytest.raises(KeyboardInterrupt):
        get(queue)
    works(queue, elsewhere)


def test_get_many_with_items_in_hand(elsewhere) -> None:
    """What get_many had taken goes back to where it was."""
    queue: BoundedQueue[Any] = BoundedQueue(3)
    queue._items = items = Struck()
    queue.put_many([1, 2, 3])
    taken, popleft = [], items.popleft

    def second_strikes() -> Any:
        taken.append(popleft())
        if len(taken) == 2:
            items.appendleft(taken.pop())
            items.strikes = "popleft"
            return popleft()
        return taken[-1]

    items.popleft = second_strikes  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        queue.get_many(3)
    del items.popleft
    assert queue.get_many(3) == [1, 3]  # 2 was in hand, see above
    works(queue, elsewhere)


def test_put_that_had_to_wake_somebody(elsewhere, until) -> None:
    """Who waits for the item is woken, although who put it was interrupted before that."""
    queue: BoundedQueue[Any] = BoundedQueue(1)
    queue._items = items = Struck()
    got: list[Any] = []
    waiting = elsewhere.start(lambda: got.append(queue.get()))
    until(lambda: queue._getters)
    items.strikes = "extend"
    with pytest.raises(KeyboardInterrupt):
        queue.put("in")
    elsewhere.join(waiting)
    assert got == ["in"]
    works(queue, elsewhere)
