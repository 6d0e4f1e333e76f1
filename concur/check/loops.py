"""Hooks for loops: each step over a shared container is a read of it, and moving an iterator changes it."""

import contextlib
import operator
import types
import weakref
from collections.abc import Iterator
from typing import Any

from concur.check import buffer_items
from concur.check import engine as runs
from concur.check.buffers import by_words
from concur.check.calls import SPECIAL_FUNCTIONS, argument, callee
from concur.check.contents import SCALARS, containers_in, is_c_iterator, is_container
from concur.check.engine import Engine
from concur.check.foreign import call_foreign, has_foreign_operators
from concur.check.generators import SharedGenerator, shared
from concur.check.implicit import has_foreign_iter, is_foreign_iterator
from concur.check.ops import ITERATOR, READ, WRITE
from concur.check.touch import Site, consumed, place_of, places_of, seen, touch, touch_all
from concur.check.variables import write_name


class SharedIterator:
    """An iterator over a container: each step reads the container and moves the iterator."""

    __slots__ = ("container", "inner", "site")

    def __init__(self, container: Any, site: Site, inner: Any = None) -> None:
        self.container = container
        self.site = site
        self.inner = iter(container) if inner is None else inner

    def __iter__(self) -> "SharedIterator":
        return self

    def __length_hint__(self) -> int:
        return operator.length_hint(self.inner)

    def __next__(self) -> Any:
        run = runs.active
        if run is not None and not run.alone:
            places = places_of(self.container, READ)
            run.step((WRITE, (id(self), ITERATOR), self, self.site, places))
            if places_of(self.container, READ) != places:  # a buffer of another size by now
                touch(run, READ, self.container, self.site)
        return next(self.inner)


class _ForeignIterator:
    """An iterator whose moves are not announced by itself."""

    __slots__ = ("inner", "site")

    def __init__(self, inner: Any, site: Site) -> None:
        self.inner = inner
        self.site = site

    def __iter__(self) -> "_ForeignIterator":
        return self

    def __next__(self) -> Any:
        run = runs.active
        if run is None or run.alone or run.dead:
            return next(self.inner)
        return call_foreign(
            run, _move, (self.inner,), {}, self.site, f"moving {type(self.inner).__qualname__}"
        )


_move = next  # a name for it that no program has


def _private(run: Engine, container: Any, site: Site) -> Iterator[Any]:
    inner = iter(container)
    if by_words(container):
        yield from _elements(run, container, inner, site)
        return
    place = place_of(container)
    while True:
        if runs.active is not None and not run.alone:
            run.step((READ, place, container, site, None))
        try:
            element = next(inner)
        except StopIteration:
            return
        yield seen(run, element) if run.recording else element


def _elements(run: Engine, buffer: Any, inner: Any, site: Site) -> Iterator[Any]:
    """Each element of a buffer is read in a step of its own."""
    index = 0
    while True:
        if runs.active is not None and not run.alone:
            with contextlib.suppress(IndexError):  # the end
                buffer_items.load(run, buffer, index, site)
        try:
            element = next(inner)
        except StopIteration:
            return
        yield element
        index += 1


def iterate(thing: Any, site: Site, *, delegate: bool = False) -> Any:
    """``for ... in thing``: each step over a shared container is a read of it."""
    run = runs.active
    if run is None:
        return thing
    kind = type(thing)
    if kind in SCALARS or kind is tuple or kind is SharedIterator:
        return thing
    if is_container(thing):
        if type(kind.__iter__) is types.FunctionType:  # a subclass with an iteration of its own
            return thing
        return _private(run, thing, site)
    if is_foreign_iterator(thing):
        return _ForeignIterator(thing, site)
    if kind is types.GeneratorType:
        return SharedGenerator(thing, site)
    if has_foreign_operators(kind) and not run.alone:
        what = f"iteration over {kind.__qualname__}"
        iterator = shared(call_foreign(run, iter, (thing,), {}, site, what, changes=False), site)
        return iterator if delegate else _stepwise(run, iterator, site)
    return _stepwise(run, thing, site) if is_c_iterator(kind) else thing


def _stepwise(run: Engine, iterator: Any, site: Site) -> Iterator[Any]:
    while True:
        if runs.active is not None and not run.alone:
            touch_all(run, consumed(run, (iterator,)), site)
        try:
            element = _next(site, iterator) if is_foreign_iterator(iterator) else next(iterator)
        except StopIteration:
            return
        yield element


def unpack(thing: Any, site: Site) -> Any:
    """What is about to be taken apart in one step: ``a, b = thing``, ``f(*thing)``, ``{**thing}``."""
    run = runs.active
    if run is not None and not run.alone and type(thing) not in SCALARS:
        if is_container(thing):
            touch(run, READ, thing, site)
        else:
            touch_all(run, consumed(run, (thing,)), site)
        if has_foreign_iter(type(thing)) and hasattr(type(thing), "keys"):
            what = f"unpacking {type(thing).__qualname__}"
            return call_foreign(run, dict, (thing,), {}, site, what, changes=False)
        if is_foreign_iterator(thing) or has_foreign_iter(type(thing)):
            return iterate(thing, site)
    return shared(thing, site)


def literal(generator: Any) -> Any:
    """A generator expression that stands as the argument of a function that consumes it."""
    run = runs.active
    if run is not None:
        run.literal = weakref.ref(generator)
    return generator


def bind_names(thing: Any, places: tuple[str, ...], site: Site) -> Any:
    """What a comprehension iterates over that takes its elements apart, or binds them to such variables."""
    return thing if runs.active is None else _bound_one_by_one(thing, places, site)


def _bound_one_by_one(thing: Any, places: tuple[str, ...], site: Site) -> Iterator[Any]:
    for element in iterate(thing, site):
        run = runs.active
        if run is not None and not run.alone:
            touch_all(run, containers_in((element,)), site)
        for place in places:
            write_name(element, place, site)
        yield element


# What built-in functions do to iterators


def _next(site: Site, /, iterator: Any, *default: Any) -> Any:
    run = runs.active
    if run is not None and not run.alone:
        touch_all(run, consumed(run, (iterator,)), site)
    if is_foreign_iterator(iterator):
        return next(_ForeignIterator(iterator, site), *default)
    return next(shared(iterator, site), *default)


def _iter(site: Site, /, thing: Any, *sentinel: Any) -> Any:
    if sentinel:
        return iter(callee(thing, site), *sentinel)
    return SharedIterator(thing, site) if is_container(thing) else iter(thing)


def _lazy(cls: Any, site: Site, /, *args: Any, **kwargs: Any) -> Any:
    if cls is reversed and is_container(args[0]):
        return SharedIterator(args[0], site, reversed(args[0]))
    if cls is reversed:
        return reversed(args[0])
    return cls(*(_announcing(each, site) for each in args), **kwargs)


def _announcing(thing: Any, site: Site) -> Any:
    """An iterable in the hands of code in C that moves it later, step by step."""
    if is_container(thing):
        return SharedIterator(thing, site)
    if is_foreign_iterator(thing) or has_foreign_iter(type(thing)):
        return iterate(thing, site)
    return shared(argument(thing, site), site)


SPECIAL_FUNCTIONS.update({next: _next, iter: _iter, "lazy": _lazy})
