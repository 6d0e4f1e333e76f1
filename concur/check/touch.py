"""Announce accesses to the content of containers: what the hooks of calls, loops and items share."""

from types import GeneratorType
from typing import Any

from concur.check.buffers import exporter, is_buffer, whole
from concur.check.contents import SCALARS, VIEW_TYPES, owner_of
from concur.check.engine import Engine
from concur.check.ops import READ

Site = tuple[str, int]

_views: dict[int, tuple[Any, Any]] = {}  # id of a view -> the view and its dictionary


def new_run() -> None:
    """Forget the objects of the last run."""
    _views.clear()


def place_of(thing: Any) -> Any:
    """The location of the content of a container."""
    view = _views.get(id(thing))
    return (id(owner_of(thing) if view is None else view[1]), "[]")


def touch(run: Engine, kind: int, thing: Any, site: Site | None, also: list[Any] | None = None) -> None:
    """Announce an access to the content of `thing`, which reads the content of `also` too."""
    if is_buffer(thing) or (also and any(map(is_buffer, also))):
        _touch_buffers(run, kind, thing, site, also or [])
        return
    more = tuple((place_of(other), READ) for other in also if other is not thing) if also else None
    run.step((kind, place_of(thing), thing, site, more or None))


def _touch_buffers(run: Engine, kind: int, thing: Any, site: Site | None, also: list[Any]) -> None:
    """The same, where the places depend on the sizes of buffers: announced again if these have changed."""
    places = None
    while True:
        before, places = places, places_of(thing, kind)
        for other in also:
            if other is not thing:
                places += places_of(other, READ)
        if places == before:
            return
        taken = len(run.trace)
        if run.recording and is_buffer(thing):
            run.recorder.name(thing)
        run.step((places[0][1], places[0][0], exporter(thing), site, places[1:] or None))
        if len(run.trace) == taken + 1:  # nobody else did anything
            return


def places_of(thing: Any, mode: int) -> tuple[tuple[Any, int], ...]:
    """What an operation on the whole content of a container touches."""
    return whole(thing, mode) if is_buffer(thing) else ((place_of(thing), mode),)


def touch_all(run: Engine, things: list[Any], site: Site | None) -> None:
    """Announce one read of the content of everything in the list, if it is not empty."""
    if things:
        touch(run, READ, things[0], site, things[1:])


_PLAIN = frozenset((int, float, bool, str, bytes, type(None)))


def same(old: Any, new: Any) -> bool:
    """Whether storing the new value in the place of the old one changes nothing."""
    return old is new or (type(old) is type(new) and type(old) in _PLAIN and bool(old == new))


def consumed(run: Engine, things: Any) -> None:
    """Iterators that C code is about to move, without a step. (Generators say so themselves: generators.py.)"""
    for thing in things:
        kind = type(thing)
        if kind not in SCALARS and kind is not GeneratorType and hasattr(kind, "__next__"):
            run.current.changes += 1


def seen(run: Engine, value: Any) -> Any:
    if run.recording:
        run.recorder.value(value)
    return value


def note_view(result: Any, owner: Any) -> None:
    """A view of a dictionary has the content of the dictionary."""
    if type(result) in VIEW_TYPES:
        _views[id(result)] = (result, owner)
