"""Announce accesses to the content of containers: what the hooks of calls, loops and items share."""

import contextlib
import types
import weakref
from collections.abc import Iterable
from typing import Any

from concur.check.buffers import exporter, is_buffer, whole
from concur.check.contents import SCALARS, VIEW_TYPES, is_c_iterator, moved_with, owner_of
from concur.check.engine import Engine
from concur.check.ops import READ, WRITE
from concur.check.visibility import MARK, class_key

Site = tuple[str, int]

_views: dict[int, tuple[Any, Any]] = {}  # id of a view -> the view and its dictionary
_kept: list[Any] = []  # what steps touch beside the object that they keep


# id of the dictionary of an object -> a weak reference to the object, which the program may drop, and the class
_of_objects: dict[int, tuple[Any, str]] = {}


def new_run() -> None:
    """Forget the objects of the last run."""
    _views.clear()
    _of_objects.clear()
    _kept.clear()


def keep(thing: Any) -> None:
    """Keep alive until the run is over what a step touches: no address may be used twice in a run."""
    _kept.append(thing)


def place_of(thing: Any) -> Any:
    """The location of the content of a container; it is kept alive."""
    keep(thing)
    view = _views.get(id(thing))
    return (id(owner_of(thing) if view is None else view[1]), "[]")


def touch(run: Engine, kind: int, thing: Any, site: Site | None, also: list[Any] | None = None) -> None:
    """Announce an access to the content of `thing`, which reads the content of `also` too."""
    if type(thing) is dict or also:
        known_dictionaries(run, (thing, *(also or ())), site)
    if is_buffer(thing) or (also and any(map(is_buffer, also))):
        _touch_buffers(run, kind, thing, site, also or [])
        return
    more = tuple((place_of(other), mode_of(other)) for other in also if other is not thing) if also else None
    run.step((kind, place_of(thing), thing, site, more or None))


def known_dictionaries(run: Engine, things: Iterable[Any], site: Site | None) -> None:
    """Notice what is more than a dictionary: the variables of a module, the fields of an object."""
    for thing in things:
        if type(thing) is not dict:
            continue
        if MARK in thing and not in_dataclasses(site):
            run.give_up(
                f"{where(site)} reaches the variables of a module through its dictionary, by globals() or __dict__;"
                " name them instead"
            )
        owner, key = _of_objects.get(id(thing), (_nobody, ""))
        if getattr(owner(), "__dict__", None) is thing and key not in run.knowledge.dictionaries:
            run.knowledge.learn(run.knowledge.dictionaries, key)


def _nobody() -> None:
    """A reference to nothing."""


def note_fields(thing: Any) -> None:
    """The program has the dictionary of an object in hand, from before threads ran."""
    if not isinstance(thing, (type, types.ModuleType)):
        with contextlib.suppress(TypeError):  # there are none to objects of a class that has slots as well
            _of_objects[id(thing.__dict__)] = (weakref.ref(thing), class_key(type(thing)))


def _touch_buffers(run: Engine, kind: int, thing: Any, site: Site | None, also: list[Any]) -> None:
    """The same, where the places depend on the sizes of buffers: announced again if these have changed."""
    places = None
    while True:
        before, places = places, places_of(thing, kind)
        for other in also:
            if other is not thing:
                places += places_of(other, mode_of(other))
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
    if not is_buffer(thing):
        return ((place_of(thing), mode),)
    keep(exporter(thing))
    return whole(thing, mode)


def mode_of(thing: Any) -> int:
    """What is done to a thing that a function is given: an iterator is moved, anything else is read."""
    return WRITE if is_c_iterator(type(thing)) else READ


def touch_all(run: Engine, things: list[Any], site: Site | None) -> None:
    """Announce one look at everything in the list, if it is not empty: containers are read, iterators moved."""
    if things:
        touch(run, mode_of(things[0]), things[0], site, things[1:])


_PLAIN = frozenset((int, bool, str, bytes, type(None)))  # no floats: -0.0 == 0.0


def same(old: Any, new: Any) -> bool:
    """Whether storing the new value in the place of the old one changes nothing."""
    return old is new or (type(old) is type(new) and type(old) in _PLAIN and bool(old == new))


def consumed(run: Engine, things: Any) -> list[Any]:
    """Iterators that C code is about to move, and that say nothing themselves: their places are written."""
    found = []
    for thing in things:
        kind = type(thing)
        if kind in SCALARS or kind is types.GeneratorType or not hasattr(kind, "__next__"):
            continue
        if is_c_iterator(kind):
            found += moved_with(thing)
        else:
            run.current.changes += 1
    return found


def seen(run: Engine, value: Any) -> Any:
    if run.recording:
        run.recorder.value(value)
    return value


def note_view(result: Any, owner: Any) -> None:
    """A view of a dictionary has the content of the dictionary."""
    if type(result) in VIEW_TYPES:
        _views[id(result)] = (result, owner_of(owner))


def in_dataclasses(site: Site | None) -> bool:
    """It looks at the module of a class, and adds methods to a class that nobody else has yet."""
    return site is not None and site[0].endswith("dataclasses.py")


def where(site: Site | None) -> str:
    return "the program" if site is None else f"{site[0]}:{site[1]}"


_HEAP_TYPE, _IMMUTABLE_TYPE = 1 << 9, 1 << 8


def is_python_class(cls: type) -> bool:
    """Whether a class was made by a class statement; newer CPythons make theirs on the heap as well, immutable."""
    return cls.__flags__ & (_HEAP_TYPE | _IMMUTABLE_TYPE) == _HEAP_TYPE
