"""Special methods that are not rewritten, where Python or code in C calls them: ``f"{point}"``, ``sorted(points)``.

What they look at is announced before, in a step of its own, for all objects with such
methods that the operation can reach through built-in containers. The operation itself
is announced as ever.
"""

import collections
import contextlib
import types
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from concur.check import contents
from concur.check import engine as runs
from concur.check.engine import Engine
from concur.check.foreign import DERIVED, announce_foreign, call_foreign, has_foreign_operators, touched_by
from concur.check.generators import is_foreign_generator
from concur.check.touch import Site
from concur.check.visibility import announces, is_foreign_method

_METHODS = tuple(
    f"__{name}__"
    for name in """repr str format hash int float complex index neg pos abs invert round trunc floor ceil bytes divmod
    rdivmod next reversed fspath""".split()
)

# What calls no special method of the elements of a container.
_LEAVES_ELEMENTS = frozenset((len, list, tuple, iter, reversed, enumerate, collections.deque))
_LEAVING_METHODS = frozenset(
    "popleft pop clear copy extend extendleft reverse rotate __iter__ __len__ __reversed__".split()
)

_strange: dict[type, bool] = {}


def new_run() -> None:
    """Forget the classes of the last run."""
    _strange.clear()


def is_strange(cls: type) -> bool:
    """Whether a special method of a class is written in Python and was not rewritten."""
    known = _strange.get(cls)
    if known is None:
        known = _strange[cls] = has_foreign_operators(cls) or any(
            type(method) is types.FunctionType and not announces(method) and method.__module__ not in DERIVED
            for name in _METHODS
            if (method := getattr(cls, name, None)) is not None
        )
    return known


def leaves_elements_alone(function: Any, owner: Any) -> bool:
    """Whether a call moves elements about, or counts them, and asks none of them anything."""
    if isinstance(owner, (list, collections.deque)):
        return function.__name__ in _LEAVING_METHODS
    return function in _LEAVES_ELEMENTS


def strange_in(things: Iterable[Any]) -> list[Any]:
    """The objects of such classes among the things, and in what they contain."""
    others: list[Any] = []
    contents.containers_in(things, others)
    return [thing for thing in others if is_strange(type(thing))]


def announce_looks(run: Engine, things: list[Any], site: Site | None, name: str) -> str | None:
    """Announce what special methods of the things look at; returns what is going on, if there is anything."""
    if not things:
        return None
    where = f"{name} at {site[0]}:{site[1]}" if site and site[0] else name
    reached = contents.objects_in(things)
    announce_foreign(run, touched_by(run, repr, [*things, *reached], reached), reached, site, where)
    run.hidden += 1
    return where


@contextlib.contextmanager
def looking(run: Engine | None, things: Iterable[Any], site: Site | None, name: str) -> Iterator[None]:
    """Around an operation that may call special methods of the things."""
    where = None
    if run is not None and not run.alone:
        where = announce_looks(run, strange_in(things), site, name)
    if where is None or run is None:
        yield
        return
    before, run.frozen = run.frozen, run.frozen or where
    try:
        yield
    finally:
        run.frozen = before


def of_numbers(function: Callable[..., Any], site: Site, /, *args: Any, **kwargs: Any) -> Any:
    """A built-in function or class that asks its arguments for a number."""
    if all(type(each) in contents.SCALARS for each in args):
        return function(*args, **kwargs)
    with looking(runs.active, args, site, f"{function.__name__}()"):
        return function(*args, **kwargs)


def is_foreign_iterator(thing: Any) -> bool:
    """Whether what moves an iterator is written in Python that was not rewritten."""
    if type(thing) is types.GeneratorType:
        return is_foreign_generator(thing)
    cls = type(thing)
    return (
        is_foreign_method(cls, "__next__")
        and cls.__next__.__module__ not in DERIVED
        and not cls.__module__.startswith("concur.check")
    )


def has_foreign_iter(cls: type) -> bool:
    """The same of what makes the iterator of an iterable."""
    return has_foreign_operators(cls) and is_foreign_method(cls, "__iter__")


class _Context:
    """A context manager that is not rewritten, in a ``with``."""

    __slots__ = ("manager", "site")

    def __init__(self, manager: Any, site: Site) -> None:
        self.manager = manager
        self.site = site

    def _call(self, name: str, *args: Any) -> Any:
        run = runs.active
        method = types.MethodType(getattr(type(self.manager), name), self.manager)
        if run is None or run.alone or run.dead:
            return method(*args)
        return call_foreign(run, method, args, {}, self.site, f"{type(self.manager).__qualname__}.{name}()")

    def __enter__(self) -> Any:
        return self._call("__enter__")

    def __exit__(self, *error: Any) -> Any:
        return self._call("__exit__", *error)


def entered(manager: Any, site: Site) -> Any:
    """What a ``with`` enters."""
    cls = type(manager)
    if is_foreign_method(cls, "__enter__") or is_foreign_method(cls, "__exit__"):
        return _Context(manager, site) if hasattr(cls, "__enter__") and hasattr(cls, "__exit__") else manager
    return manager
