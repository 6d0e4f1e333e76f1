"""Stand-ins for what an assignment stores into, a field or an item, and augmented assignment of them.

An access is announced when Python stores into the stand-in's `value`, so its
owner and key were evaluated just before, where Python evaluates them.
"""

from typing import Any

from concur.check.fields import load_attr, store_attr
from concur.check.items import in_place, load_item, store_item
from concur.check.touch import Site


class Field:
    """``thing.name``, as a target."""

    __slots__ = ("name", "site", "thing")

    def __init__(self, thing: Any, name: str, site: Site) -> None:
        self.thing = thing
        self.name = name
        self.site = site

    def _store(self, value: Any) -> None:
        store_attr(value, self.thing, self.name, self.site)

    value = property(None, _store)


class Slot:
    """``thing[key]``, as a target."""

    __slots__ = ("key", "site", "thing")

    def __init__(self, thing: Any, key: Any, site: Site) -> None:
        self.thing = thing
        self.key = key
        self.site = site

    def _store(self, value: Any) -> None:
        store_item(value, self.thing, self.key, self.site)

    value = property(None, _store)


Old = tuple[Any, Any, Any, Any]  # how to store, the owner, the name or the key, the old value


def old_field(thing: Any, name: str, site: Site) -> Old:
    """Read ``thing.name``, for ``thing.name += ...``"""
    return store_attr, thing, name, load_attr(thing, name, site)


def old_item(thing: Any, key: Any, site: Site) -> Old:
    """Read ``thing[key]``, for ``thing[key] += ...``"""
    return store_item, thing, key, load_item(thing, key, site)


def augment(old: Old, operand: Any, sign: str, site: Site) -> None:
    """The rest of an augmented assignment, when its right side has been evaluated."""
    store, thing, name, value = old
    store(in_place(value, operand, sign, site), thing, name, site)
