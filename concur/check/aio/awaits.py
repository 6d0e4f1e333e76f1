"""What rewritten code awaits, or goes through with ``async for`` and ``async with``.

A coroutine that two tasks await is state that they share: the second gets an error. And
one whose text was not rewritten would touch things unseen when a task moves it.
"""

import types
from typing import Any

from concur.check import engine as runs
from concur.check.ops import WRITE
from concur.check.touch import Site, place_of
from concur.check.visibility import MARK, announces

__concur__ = True  # what is defined here announces by itself

_METHODS = ("__await__", "__aiter__", "__anext__", "__aenter__", "__aexit__")

_FRAMED = (types.CoroutineType, types.AsyncGeneratorType, types.GeneratorType)  # the last by types.coroutine

_foreign: dict[type, str | None] = {}


def new_run() -> None:
    """Forget the classes of the last run."""
    _foreign.clear()


def awaited(thing: Any, site: Site) -> Any:
    """The thing, which is about to be awaited."""
    run = runs.active
    if run is None or run.dead:
        return thing
    kind = type(thing)
    if kind in _FRAMED:
        see_that_it_announces(thing)
        if kind is not types.AsyncGeneratorType and not run.alone:
            run.step((WRITE, place_of(thing), thing, site, None))
        return thing
    name = _foreign[kind] if kind in _foreign else _foreign.setdefault(kind, _foreign_method(kind))
    if name is not None:
        run.give_up(
            f"{kind.__module__}.{kind.__qualname__}.{name}() at {site[0]}:{site[1]} is not rewritten, so what it does"
            " between its awaits cannot be seen; put it into the folder of the scenario, or leave it out"
        )
    return thing


def _foreign_method(kind: type) -> str | None:
    for name in _METHODS:
        method = getattr(kind, name, None)
        if isinstance(method, types.FunctionType) and not announces(method):
            return name
    return None


def see_that_it_announces(coroutine: Any) -> None:
    """Give up at a coroutine whose text was not rewritten: what it touches between its awaits cannot be seen."""
    run = runs.active
    kind = type(coroutine)
    prefix = {types.CoroutineType: "cr", types.AsyncGeneratorType: "ag", types.GeneratorType: "gi"}.get(kind)
    frame = None if prefix is None else getattr(coroutine, f"{prefix}_frame")
    if run is None or run.dead or frame is None or MARK in frame.f_globals:
        return
    name, module = frame.f_code.co_qualname, frame.f_globals.get("__name__", "")
    run.give_up(
        f"coroutine {module}.{name}() is not rewritten, so what it does between its awaits cannot be seen; put it"
        " into the folder of the scenario, or leave it out"
    )
