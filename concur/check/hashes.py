"""Hashes that do not depend on where an object lies: of threads and futures.

`concurrent.futures` puts both into sets and goes through them: the pool joins its
workers so, `wait` and `as_completed` look at their futures so. An object without a
hash of its own has its address as hash, so the order would be another in each run.

An object gets its number when it is made, from the thread that makes it: the number
of a thread, and how many it had made before. Schedules that differ only in operations
that do not depend on each other therefore give the same numbers, and no step is needed.
"""

from typing import Any

from concur.check import engine as runs

__concur__ = True  # what is defined here announces by itself

_made: dict[int, int] = {}  # by each thread, in this run
_numbers: dict[
    int, tuple[int, object]
] = {}  # address -> hash, and the object, which keeps the address its own


def new_run() -> None:
    """Number objects afresh."""
    _made.clear()
    _numbers.clear()


def _new(cls: type, *args: Any, **kwargs: Any) -> Any:
    thing: object = object.__new__(cls)
    run = runs.active
    maker = 0 if run is None else run.current.tid
    count = _made[maker] = _made.get(maker, 0) + 1
    _numbers[id(thing)] = hash((maker, count)), thing
    return thing


def _hash(thing: object) -> int:
    known = _numbers.get(id(thing))
    return object.__hash__(thing) if known is None else known[0]


def number(cls: Any) -> None:
    """Give a class without a hash of its own one that is the same whenever the schedule is."""
    cls.__new__ = _new
    cls.__hash__ = _hash
