"""Hooks for variables that functions share, and for what goes round."""

import contextlib
from collections.abc import Iterator
from typing import Any

from concur.check import engine as runs
from concur.check.ops import READ, WRITE
from concur.check.touch import Site, same, seen
from concur.errors import UsageError


def read_name(place: str, site: Site) -> None:
    """A variable that several functions share is about to be read."""
    run = runs.active
    if run is None or run.alone:
        return
    if place not in run.knowledge.names:
        if not run.full:
            return
        run.minor = True
    run.step((READ, place, None, site, None))


def name_value(value: Any) -> Any:
    """The value that was just read from such a variable."""
    run = runs.active
    return value if run is None or not run.recording or run.alone else seen(run, value)


def write_name(value: Any, place: str, site: Site) -> Any:
    """Such a variable is about to be bound to the value."""
    run = runs.active
    if run is not None and not run.alone:
        if place not in run.knowledge.names:
            run.knowledge.learn(run.knowledge.names, place)
        run.step((WRITE, place, None, site, None))
        if place in run.written and same(run.written[place], value):
            run.unchanged()
        if "." not in place.rpartition(":")[2]:  # a global; other variables are made anew with each call
            run.written[place] = value
        if run.recording and value is not _OTHER:
            seen(run, value)
    return value


def rebind(place: str, site: Site) -> None:
    """Such a variable is about to be bound by a statement that is no assignment, or deleted."""
    write_name(_OTHER, place, site)
    run = runs.active
    if run is not None:
        run.written.pop(place, None)


def tick(file: str, line: int) -> None:
    """A loop goes round, or a function is entered."""
    run = runs.active
    if run is None:
        loading.tick(file, line)
    else:
        run.tick(file, line)


class Loading:
    """Ends a module whose top level goes round for ever."""

    def __init__(self) -> None:
        self.ticks = 0

    def tick(self, file: str, line: int) -> None:
        self.ticks += 1
        if self.ticks > _LOAD_TICKS:
            self.ticks = 0
            raise UsageError(
                f"{file}:{line}: importing this file went round {_LOAD_TICKS:,} times and did not end"
            )


class LoadingError(UsageError):
    """A file does something while it is imported that only a run may do."""


_OTHER = object()  # a value that no variable has
_LOAD_TICKS = 10_000_000
loading = Loading()


@contextlib.contextmanager
def unwatched() -> Iterator[None]:
    """While a module is imported in a run: nothing is announced, and no thread switches."""
    before, runs.active = runs.active, None
    try:
        yield
    finally:
        runs.active = before


def reflect(name: str, site: Site) -> None:
    """A call of globals(), locals(), eval() or exec(): what it reaches cannot be seen."""
    run = runs.active
    if run is not None and not run.alone:
        run.give_up(
            f"{site[0]}:{site[1]} calls {name}() while threads run: what is reached through it cannot be seen"
        )


def failed(text: str, left: Any, sign: str, right: Any) -> str:
    """The message of a failed assertion, with its operands."""
    return f"assert {text}, where it was {left!r} {sign} {right!r}"
