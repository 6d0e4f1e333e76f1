"""The search for an order of calls, against trying every order; and the keys by which it remembers states."""

import collections
import itertools
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from concur.check import linear
from concur.check.history import Answer, Call, History
from concur.check.snapshots import frozen


class Queue:
    def __init__(self) -> None:
        self.items: list[int] = []

    def put(self, item: int) -> None:
        self.items.append(item)

    def get(self) -> int:
        return self.items.pop(0)


# method, argument of put or answer of get, beginning, end or None
Row = tuple[str, int, int, int | None]


def history_of(rows: list[Row]) -> History:
    history = History(Queue(), Queue, Queue())
    for number, (name, value, began, ended) in enumerate(rows):
        call = Call(number, f"T{number}", "call", name, (value,) if name == "put" else (), {})
        call.began, call.ended = began, ended
        if ended is not None:
            call.answer = Answer(None if name == "put" else value)
        history.calls.append(call)
    return history


def some_order_fits(rows: list[Row]) -> bool:
    """Every order of every set that has all calls that returned."""
    returned = [row for row in rows if row[3] is not None]
    pending = [row for row in rows if row[3] is None]
    for count in range(len(pending) + 1):
        for taken in itertools.combinations(pending, count):
            for order in itertools.permutations([*returned, *taken]):
                if _fits(order):
                    return True
    return False


def _fits(order: tuple[Row, ...]) -> bool:
    if any(b[3] is not None and b[3] < a[2] for a, b in itertools.combinations(order, 2)):
        return False
    items: list[int] = []
    for name, value, _, ended in order:
        if name == "put":
            items.append(value)
        else:
            got = items.pop(0) if items else None
            if ended is not None and got != value:
                return False
    return True


@st.composite
def rows_of(draw: st.DrawFn) -> list[Row]:
    count = draw(st.integers(1, 5))
    moments = draw(st.permutations(range(2 * count)))
    rows: list[Row] = []
    for index in range(count):
        began, ended = sorted(moments[2 * index : 2 * index + 2])
        name = draw(st.sampled_from(["put", "get"]))
        pending = draw(st.integers(0, 4)) == 0
        rows.append((name, draw(st.integers(1, 2)), began, None if pending else ended))
    return rows


@settings(
    max_examples=250, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)
@given(rows=rows_of())
@example(rows=[("put", 1, 0, 2), ("put", 2, 1, 3), ("get", 2, 4, 5)])  # one set of calls, two states
@example(rows=[("put", 1, 0, 1), ("put", 2, 2, 3), ("get", 2, 4, 5)])  # no order: no overlap
@example(rows=[("put", 1, 0, None), ("get", 1, 1, 2)])  # fits only if the pending call took effect
@example(rows=[("get", 1, 0, None), ("put", 1, 1, 2), ("get", 1, 3, 4)])  # and here only if it did not
def test_the_search_finds_an_order_if_there_is_one(rows: list[Row]) -> None:
    """It agrees with trying every order, and what it says of a misfit is true."""
    misfit = linear._examine(history_of(rows))
    assert (misfit is None) == some_order_fits(rows)
    if misfit is None:
        return
    listed = sorted(rows, key=lambda row: row[2])
    order, named = _told(misfit.why, listed)
    assert _fits(order)
    returned = [row for row in rows if row[3] is not None]
    pending = [row for row in rows if row[3] is None]
    more = sum(row[3] is not None for row in order) + 1
    for chosen in itertools.combinations(returned, more):  # "the longest"
        left = [row for row in returned if row not in chosen]
        may = [row for row in pending if not _ended_before(left, row)]
        assert any(_ended_before(left, row) for row in chosen) or not some_order_fits([*chosen, *may])
    for row in rows:  # "after it": whatever could come next is named
        could = row not in order and not _ended_before([other for other in rows if other not in order], row)
        assert could == (row in named)
        assert row[3] is None or not could or not _fits((*order, row))


def _told(why: str, listed: list[Row]) -> tuple[tuple[Row, ...], list[Row]]:
    """The order and the calls after it, as the reason gives them by their numbers."""
    start = "The longest that fits is "
    lines = why.splitlines()
    words = next((line[len(start) :].partition(".")[0] for line in lines if line.startswith(start)), "")
    named = [listed[int(line.split()[1]) - 1] for line in lines if line.startswith("- ")]
    return tuple(listed[int(word) - 1] for word in words.split()), named


def _ended_before(rows: list[Row], row: Row) -> bool:
    return any(other[3] is not None and other[3] < row[2] for other in rows)


class Plain:
    def __init__(self, **fields: Any) -> None:
        self.__dict__.update(fields)


class Slotted:
    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value


ONE: list[int] = []
DIFFERENT: dict[str, tuple[Any, Any]] = {
    "types": ([1], [True]),
    "zeroes": ([0.0], [-0.0]),
    "one list in two places": (Plain(a=ONE, b=ONE), Plain(a=[], b=[])),
    "order of a dictionary": ({1: 1, 2: 2}, {2: 2, 1: 1}),
    "length limit": (collections.deque([1], 2), collections.deque([1], 3)),
    "content": (collections.deque([1]), collections.deque([2])),
    "pairs": (collections.OrderedDict(a=1), collections.OrderedDict(a=2)),
    "made on demand": (collections.defaultdict(int), collections.defaultdict(list)),
    "fields": (Plain(a=1), Plain(a=2)),
    "slots": (Slotted(1), Slotted(2)),
    "classes": (Plain, Slotted),
    "nested": ({"a": [Plain(b=(1, 2))]}, {"a": [Plain(b=(1, 3))]}),
}


@pytest.mark.parametrize("name", DIFFERENT)
def test_keys_tell_states_apart(name: str) -> None:
    """Two states that a model could tell apart have two keys; equal ones have one."""
    first, second = DIFFERENT[name]
    assert frozen(first) is not None
    assert frozen(second) is not None
    assert frozen(first) != frozen(second)
    assert frozen(first) == frozen(first)


def test_what_has_no_key() -> None:
    """A function, or an iterator that is under way, hides its state."""
    assert frozen([lambda: 1]) is None
    assert frozen(Plain(steps=iter([1, 2].pop, 0))) is None
    assert frozen(Plain(add=[].append)) is None
