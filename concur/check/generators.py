"""Generators that several threads may move.

Moving a generator takes a while: it is entered, runs its body, and is left.
A thread that enters while another is inside gets CPython's ValueError, which
on real threads can happen in any body, visible operations or not. So entering
is one visible step and leaving is another. That a generator is used by more
than one thread at all is learnt, as it is of fields; for others there is no step.
"""

import types
import weakref
from collections.abc import Callable, Generator
from typing import Any

from concur.check import engine as runs
from concur.check.engine import Engine
from concur.check.foreign import DERIVED, call_foreign
from concur.check.ops import WRITE
from concur.check.touch import Site
from concur.check.visibility import MARK

__concur__ = True  # what is defined here announces by itself

# Built-in functions, types and methods that move an iterator which they are given, by name.
CONSUMERS = frozenset(
    """
    list tuple set frozenset dict deque bytes bytearray array Counter OrderedDict defaultdict memoryview
    sum min max any all sorted join writelines reduce fromkeys extend extendleft update __setitem__ __contains__
    union intersection difference symmetric_difference difference_update intersection_update
    symmetric_difference_update issubset issuperset isdisjoint fsum prod dist
    """.split()
)

_inside: dict[int, int] = {}  # id of a generator -> the thread that is inside


def new_run() -> None:
    """Forget the generators of the last run."""
    _inside.clear()


def is_foreign_generator(generator: Any) -> bool:
    """Whether its body was not rewritten; those of the checker, and that only move others, are let through."""
    frame = generator.gi_frame
    return (
        frame is not None
        and MARK not in frame.f_globals
        and frame.f_globals.get("__name__", "").partition(".")[0] not in (*DERIVED, "concur")
    )


def _step(run: Engine, generator: Any, site: Site | None) -> bool:
    """Announce that the generator is entered or left; whether that was a step."""
    if run.literal is not None and run.literal() is generator:  # nobody else can reach it
        return False
    run.current.changes += 1
    code = generator.gi_code
    place = f"generator {code.co_filename}:{code.co_firstlineno}:{code.co_qualname}"
    names = run.knowledge.names
    # Weakly, here and in the trace: a generator that the program drops is closed at once.
    itself = weakref.ref(generator)
    if place not in names:
        me = run.current.tid
        user = run.generators.get(id(generator))
        if user is None or user[0] is not itself:
            run.generators[id(generator)] = (itself, me)
        elif user[1] != me:
            run.knowledge.learn(names, place)
        if not run.full:
            return False
        run.minor = True
    run.step((WRITE, (id(itself), "[]"), itself, site, None))
    return True


def generator_of(thing: Any) -> Any:
    """The generator that such a step is about, of the thing that the step has."""
    return (thing() or thing) if type(thing) is weakref.ref else thing


def advance(
    generator: Any,
    site: Site | None,
    method: Callable[..., Any],
    /,
    *args: Any,
) -> Any:
    """Call a method that moves the generator."""
    run = runs.active
    if run is None or run.alone or run.dead:
        return method(*args)
    if is_foreign_generator(generator):
        name = f"generator {generator.gi_code.co_qualname}()"
        return call_foreign(run, method, args, {}, site or ("", 0), name)
    if not _step(run, generator, site):
        return method(*args)
    me = run.current.tid
    if _inside.setdefault(id(generator), me) != me:
        raise ValueError("generator already executing")
    try:
        return method(*args)
    finally:
        if not run.dead:
            if not run.alone:
                _step(run, generator, site)
            _inside.pop(id(generator), None)


class SharedGenerator(Generator[Any, Any, Any]):
    """A generator in the hands of code that moves it, such as a loop or ``list``."""

    __slots__ = ("generator", "site")

    def __init__(self, generator: Any, site: Site | None) -> None:
        self.generator = generator
        self.site = site

    def __next__(self) -> Any:
        return advance(self.generator, self.site, self.generator.__next__)

    def send(self, value: Any) -> Any:
        return advance(self.generator, self.site, self.generator.send, value)

    def throw(self, *error: Any) -> Any:
        return advance(self.generator, self.site, self.generator.throw, *error)

    def close(self) -> None:
        advance(self.generator, self.site, self.generator.close)


def shared(thing: Any, site: Site | None) -> Any:
    """The thing as it is given to code that moves iterators."""
    return SharedGenerator(thing, site) if type(thing) is types.GeneratorType else thing
