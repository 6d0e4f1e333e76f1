"""Announce accesses to the content of containers: what the hooks of calls, loops and items share."""

import types
import weakref
from typing import Any

from concur.check.contents import VIEW_TYPES, owner_of
from concur.check.engine import Engine
from concur.check.ops import READ, WRITE
from concur.check.visibility import MARK

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
    if type(thing) is dict and MARK in thing and not in_dataclasses(site):
        run.give_up(
            f"{where(site)} reaches the variables of a module through its dictionary, by globals() or __dict__;"
            " name them instead"
        )
    more = tuple((place_of(other), READ) for other in also if other is not thing) if also else None
    run.step((kind, place_of(thing), thing, site, more or None))


def touch_all(run: Engine, things: list[Any], site: Site | None) -> None:
    """Announce one read of the content of everything in the list, if it is not empty."""
    if things:
        touch(run, READ, things[0], site, things[1:])


def seen(run: Engine, value: Any) -> Any:
    if run.recording:
        run.recorder.value(value)
    return value


def note_view(result: Any, owner: Any) -> None:
    """A view of a dictionary has the content of the dictionary."""
    if type(result) in VIEW_TYPES:
        _views[id(result)] = (result, owner)


def in_dataclasses(site: Site | None) -> bool:
    """It looks at the module of a class, and adds methods to a class that nobody else has yet."""
    return site is not None and site[0].endswith("dataclasses.py")


def where(site: Site | None) -> str:
    return "the program" if site is None else f"{site[0]}:{site[1]}"


_HEAP_TYPE, _IMMUTABLE_TYPE = 1 << 9, 1 << 8


def is_python_class(cls: type) -> bool:
    """Whether a class was made by a class statement; newer CPythons make theirs on the heap as well, immutable."""
    return cls.__flags__ & (_HEAP_TYPE | _IMMUTABLE_TYPE) == _HEAP_TYPE


def is_iterator(thing: Any) -> bool:
    """Whether it is a generator, or an iterator written in C: moving it changes it."""
    kind = type(thing)
    return kind is types.GeneratorType or type(getattr(kind, "__next__", None)) is types.WrapperDescriptorType


def announce_iterator(run: Engine, iterator: Any, site: Site | None) -> None:
    """Such an iterator is about to be moved; a generator may be moved by one thread only."""
    if type(iterator) is types.GeneratorType:
        # By id, with a weak reference: a generator that is dropped must end at once.
        user = run.generators.get(id(iterator))
        if user is None or user[0]() is not iterator:
            run.generators[id(iterator)] = (weakref.ref(iterator), run.current.tid)
        elif user[1] != run.current.tid:
            run.give_up(
                f"{where(site)}: generator '{iterator.__name__}' is used by threads '{run.threads[user[1]].name}' and"
                f" '{run.current.name}'; generators are not safe between threads"
            )
    elif is_iterator(iterator):
        run.step((WRITE, (id(iterator), "[]"), iterator, site, None))
