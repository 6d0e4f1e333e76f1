"""Values as they were: copies of what a call was given and answered, and keys to compare states by.

What is equal to itself only, as an ``object()`` or an instance of a class
without ``__eq__``, is not copied: a copy would no longer be it.
"""

import copy
from collections.abc import Iterable
from typing import Any

from concur.check.contents import SCALARS, elements, fields_of, is_container
from concur.check.ops import READ
from concur.check.touch import place_of
from concur.check.variables import unwatched

_IDENTITY: Any = object.__eq__


class Atoms:
    """Objects that a copy refers to, and does not copy: they are equal to themselves only."""

    def __init__(self) -> None:
        self._known: dict[int, Any] = {}

    def note(self, values: Iterable[Any]) -> list[Any]:
        """Find the atoms that the values lead to; returns what else they lead to and can change."""
        found = []
        todo = list(values)
        seen: set[int] = set()
        while todo:
            thing = todo.pop()
            cls = type(thing)
            if id(thing) in seen or isinstance(thing, type) or (cls in SCALARS and cls is not object):
                continue
            seen.add(id(thing))
            if getattr(cls, "__eq__", None) is _IDENTITY:
                self._known[id(thing)] = thing
                continue
            if is_container(thing) or fields_of(thing):
                found.append(thing)
            todo += [*elements(thing), *fields_of(thing).values(), *_slots_of(thing)]
        return found

    def copied(self, value: Any) -> Any:
        """A deep copy, down to the atoms.

        Raises:
            Exception: whatever copying the value raises.
        """
        if type(value) in SCALARS and type(value) is not object:
            return value
        with unwatched():
            return copy.deepcopy(value, dict(self._known))

    def snapshot(self, value: Any) -> Any:
        """A copy where one can be made, else the value itself."""
        try:
            return self.copied(value)
        except Exception:  # of any class: copying runs code of the program
            return value


def reads_of(things: Iterable[Any]) -> tuple[tuple[Any, int], ...]:
    """The places that are read when these things are copied."""
    places: list[tuple[Any, int]] = []
    for thing in things:
        if is_container(thing):
            places.append((place_of(thing), READ))
        places += [((id(thing), field), READ) for field in fields_of(thing)]
    return tuple(places)


def _slots_of(thing: Any) -> list[Any]:
    found = []
    for cls in type(thing).__mro__:
        names = cls.__dict__.get("__slots__", ())
        for name in (names,) if isinstance(names, str) else names:
            try:
                found.append(object.__getattribute__(thing, name))
            except (AttributeError, TypeError):
                pass
    return found


def frozen(value: Any) -> Any:
    """A key that is equal for two values only if nothing tells them apart, also in two runs; None: no such key."""
    try:
        with unwatched():
            return Freezer().key(value)
    except Exception:  # what cannot be taken apart has no key
        return None


class Freezer:
    """Takes values apart, into the parts that `copy.deepcopy` would copy."""

    def __init__(self) -> None:
        self.seen: dict[int, int] = {}  # one object in two places is not two equal ones
        self.kept: list[Any] = []  # parts that were made on the way: their ids must stay theirs

    def key(self, value: Any) -> Any:
        """The key of one more value.

        Raises:
            Exception: it cannot be taken apart.
        """
        cls = type(value)
        if cls is int or cls is str or cls is bool or cls is bytes or value is None:
            return (cls.__name__, value)
        if cls is float or cls is complex:
            return (cls.__name__, repr(value))
        if isinstance(value, type):
            return ("class", value.__module__, value.__qualname__)
        if cls in SCALARS and cls is not object:
            raise TypeError(f"a {cls.__name__} has no key")
        number = self.seen.get(id(value))
        if number is not None:
            return ("again", number)
        self.seen[id(value)] = len(self.seen)
        if cls is list or cls is tuple or cls is set or cls is frozenset:
            return (cls.__name__, *[self.key(element) for element in value])
        if cls is dict:
            return ("dict", *[(self.key(name), self.key(element)) for name, element in value.items()])
        reduced = value.__reduce_ex__(4)
        if isinstance(reduced, str):  # a name by which it can be found
            return ("named", cls.__module__, reduced)
        maker, arguments, *rest = reduced
        state, items, pairs = [*rest, None, None, None][:3]
        parts = [arguments, state, list(items or ()), list(pairs or ())]
        self.kept.append((reduced, parts))
        return ("made", maker.__module__, maker.__qualname__, *[self.key(part) for part in parts])
