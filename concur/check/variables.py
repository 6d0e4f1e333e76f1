"""Hooks for variables that functions share, and for what goes round."""

import ast
import contextlib
import functools
import sys
import types
from _thread import get_ident
from collections.abc import Callable, Iterator
from typing import Any

from concur.check import engine as runs
from concur.check.engine import Engine
from concur.check.ops import READ, WRITE
from concur.check.touch import Site, same, seen
from concur.check.visibility import MARK
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


def binder(place: str, site: Site) -> Callable[[Any], Any]:
    """The outermost decorator of a function or a class whose name is such a variable."""
    return lambda made: write_name(made, place, site)


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
    elif run.home is not None and get_ident() != run.home:
        run.uncheckable = run.uncheckable or (
            f"a thread of the operating system that is not part of the run came to {file}:{line}; it cannot be"
            " controlled: let only threads that the scenario starts call the code under test"
        )
        raise SystemExit  # out of that thread
    else:
        run.tick(file, line)
        if run.current.calling is not None:
            called_back(run)


def called_back(run: Engine) -> None:
    """Code in C that looks into a container calls a function of the program: others may change it meanwhile."""
    if run.current.calling is not None and not run.alone and run.frozen is None:
        run.step(run.current.calling)


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


_REFLECTION = (globals, locals, eval, exec, vars, dir)


def reflect(function: Any, site: Site) -> Any:
    """A call of globals(), locals(), eval(), exec() or the like: what it reaches cannot be seen."""
    run = runs.active
    if run is not None and not run.alone and function in _REFLECTION:
        run.give_up(
            f"{site[0]}:{site[1]} calls {function.__name__}() while threads run: what is reached through it cannot be"
            " seen"
        )
    return functools.partial(_checked, function, site) if function in (eval, exec) else function


_DEFINES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef, ast.GeneratorExp)


def _checked(function: Any, site: Site, /, source: Any, *spaces: Any, **more: Any) -> Any:
    """``exec`` and ``eval``: what they define in a module of the program would look as if it announced what it does."""
    caller = sys._getframe(1)
    if not spaces and "globals" not in more:
        spaces = (caller.f_globals, more.pop("locals", caller.f_locals))
    space = spaces[0] if spaces else more["globals"]
    if (caller.f_globals if space is None else space).get(MARK) and _defines(source):
        message = (
            f"{site[0]}:{site[1]} defines functions by {function.__name__}(): what they do cannot be seen; write them"
            " out, or give them a dictionary of their own"
        )
        if runs.active is None:
            raise LoadingError(message)
        runs.active.give_up(message)
    return function(source, *spaces, **more)


def _defines(source: Any) -> bool:
    if isinstance(source, types.CodeType):
        return any(isinstance(constant, types.CodeType) for constant in source.co_consts)
    try:
        return any(isinstance(node, _DEFINES) for node in ast.walk(ast.parse(source.strip())))
    except (SyntaxError, ValueError, AttributeError):  # the call says so
        return False


operands: tuple[Any, str, Any] | None = None  # of the comparison that has just failed in an assert


def failed(text: str) -> str:
    """The message of a failed assertion, with its operands."""
    global operands
    assert operands is not None
    (left, sign, right), operands = operands, None
    return f"assert {text}, where it was {_shown(left)} {sign} {_shown(right)}"


def _shown(thing: Any) -> str:
    try:
        return repr(thing)
    except Exception:  # a failed assertion stays one, whatever the repr of its operands does
        return object.__repr__(thing)
