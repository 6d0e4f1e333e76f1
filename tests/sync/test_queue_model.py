"""The queues beside a list, on one thread: programs at random, each call answered alike."""

from collections.abc import Callable
from queue import Empty, Full
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from concur.errors import Closed
from concur.sync import BoundedQueue, MonitorQueue


class Model:
    """What a bounded queue is to one thread, which cannot wait."""

    def __init__(self, maxsize: int) -> None:
        self.maxsize = maxsize
        self.items: list[int] = []
        self.closed = False
        self.unfinished_tasks = 0

    def put(self, item: int) -> None:
        if not self.put_many([item]):
            raise Full

    def put_many(self, items: list[int]) -> int:
        if not items:
            return 0
        if self.closed:
            raise Closed
        fit = items[: self.maxsize - len(self.items)]
        if not fit:
            raise Full
        self.items += fit
        self.unfinished_tasks += len(fit)
        return len(fit)

    def get(self) -> int:
        return self.get_many(1)[0]

    def get_many(self, limit: int) -> list[int]:
        if not self.items:
            raise Closed if self.closed else Empty
        taken, self.items = self.items[:limit], self.items[limit:]
        return taken

    def task_done(self) -> None:
        if not self.unfinished_tasks:
            raise ValueError
        self.unfinished_tasks -= 1

    def qsize(self) -> int:
        return len(self.items)

    def close(self) -> None:
        self.closed = True

    def shutdown(self, immediate: bool) -> None:
        self.closed = True
        if immediate:
            self.unfinished_tasks -= min(self.unfinished_tasks, len(self.items))
            self.items = []


calls = st.lists(
    st.one_of(
        st.tuples(st.just("put"), st.integers(0, 99)),
        st.tuples(st.just("put_many"), st.lists(st.integers(0, 99), max_size=5)),
        st.tuples(st.just("get")),
        st.tuples(st.just("get_many"), st.integers(1, 5)),
        st.tuples(st.just("task_done")),
        st.tuples(st.just("qsize")),
        st.tuples(st.just("close")) | st.tuples(st.just("shutdown"), st.booleans()),
    ),
    max_size=40,
)


AT_ONCE: dict[str, dict[str, Any]] = {
    "put": {"block": False},
    "get": {"block": False},
    "put_many": {"timeout": 0},
    "get_many": {"timeout": 0},
}


def answer(call: Callable[..., Any], *args: Any, **how: Any) -> Any:
    try:
        return call(*args, **how)
    except (Closed, Empty, Full, ValueError) as error:
        return type(error)


@pytest.mark.parametrize("make", [BoundedQueue, MonitorQueue])
@given(maxsize=st.integers(1, 4), program=calls)
def test_like_a_list(make: Any, maxsize: int, program: list[tuple[Any, ...]]) -> None:
    """Whatever is called in whatever order, the answers are those of the model."""
    ours, model = make(maxsize), Model(maxsize)
    for name, *args in program:
        expected = answer(getattr(model, name), *args)
        assert answer(getattr(ours, name), *args, **AT_ONCE.get(name, {})) == expected, name
        assert ours.unfinished_tasks == model.unfinished_tasks
