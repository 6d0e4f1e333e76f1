"""Calls of Python code that was not rewritten.

Such code does not announce what it touches. So everything that can be reached
from its arguments is announced for it, in one step; threads do not switch
below it, since it may hold a lock that the checker does not know; and if one
of these accesses turns out to race, the program is `uncheckable`, by name.
"""

import collections
import operator
import sys
import types
from collections.abc import Callable, Iterable
from typing import Any

from concur.check import contents, keepers
from concur.check.buffers import exporter
from concur.check.engine import Engine
from concur.check.foreign_state import Reach
from concur.check.ops import ELSEWHERE, FIELDS, READ, WRITE
from concur.check.touch import is_python_class, keep, places_of
from concur.check.visibility import WHOLE, announces, class_key, classify
from concur.check.whereabouts import is_pythons

# Modules whose functions keep no state that a program could observe: only their arguments count.
_STATELESS = frozenset(
    """abc typing enum functools collections types warnings logging loguru re string textwrap operator numbers
    fractions decimal datetime traceback reprlib keyword copyreg copy pprint json inspect ast itertools heapq bisect
    statistics _pytest pytest hypothesis greenlet dataclasses contextlib weakref linecache tokenize concur""".split()
)

# Modules whose variables are not followed: those of the standard library are used by several threads every day.
_WITHOUT_VARIABLES = _STATELESS | sys.stdlib_module_names

# Modules that act on the world, start threads of their own or wait for it.
_BLOCKING = frozenset(
    """multiprocessing subprocess socket _socket select selectors asyncio _asyncio signal ssl http urllib concurrent
    _posixsubprocess _multiprocessing sched socketserver""".split()
)
_WORLD = frozenset("os posix io _io shutil tempfile pathlib sqlite3 fcntl mmap ctypes".split())

# Of these, that start threads or tasks of their own, no use is right, not even while the main thread is alone.
_NEVER = frozenset(("multiprocessing", "_multiprocessing", "asyncio", "_asyncio"))

# Functions that read the real clock, or draw real random numbers, below code that is not rewritten.
_NOT_PINNED = frozenset(
    "email.utils.formatdate email.utils.localtime email.utils.make_msgid statistics.NormalDist.samples".split()
)

_STATELESS_CALLABLES = (types.FunctionType, types.BuiltinFunctionType, types.MethodType, type)


def module_of(function: Any) -> str:
    """The top-level module that a function, a method or a class comes from."""
    name = getattr(function, "__module__", None)
    if not name and getattr(function, "__self__", None) is not None:
        owner = function.__self__
        name = owner.__name__ if isinstance(owner, types.ModuleType) else type(owner).__module__
    return str(name or "").partition(".")[0]


def global_effect(function: Any) -> str | None:
    """The module of a function that waits for the world or changes it, else None."""
    module = module_of(function)
    return module if module in _BLOCKING or module in _WORLD else None


_OPERATORS = tuple(
    f"__{name}__"
    for name in """getitem setitem delitem contains len bool iter eq ne lt le gt ge add radd sub rsub mul rmul truediv
    rtruediv floordiv mod pow matmul and rand or ror xor rxor lshift rshift iadd isub imul ior iand ixor""".split()
)
# Their operators work by others, which announce what they do if they are rewritten.
DERIVED = frozenset(
    "functools collections _collections_abc enum typing abc contextlib dataclasses numbers".split()
)

NO_WEAK_REFERENCES = "a run keeps alive what its threads have touched, so weak references do not die in it"


def in_standard_library(site: tuple[str, int]) -> bool:
    return is_pythons(site[0])


_HOLDING = (collections.UserDict, collections.UserList, collections.UserString, collections.ChainMap)

_with_foreign_operators: dict[type, bool] = {}


def new_run() -> None:
    """Forget the classes of the last run."""
    _with_foreign_operators.clear()


def has_foreign_operators(cls: type) -> bool:
    """Whether an operator of a class is written in Python that was not rewritten, as in UserDict."""
    known = _with_foreign_operators.get(cls)
    if known is None:
        known = _with_foreign_operators[cls] = any(
            type(method) is types.FunctionType
            and not announces(method)
            and (base in _HOLDING or not (method.__module__ in DERIVED or _is_mixin(cls, method)))
            for base in cls.__mro__
            for name in _OPERATORS
            if (method := base.__dict__.get(name)) is not None
        )
    return known


def _is_mixin(cls: type, method: Any) -> bool:
    """Whether a method of collections.abc works by methods that the class has in Python, and by no others."""
    return method.__module__ == "collections.abc" and all(map(is_python_class, cls.__mro__[:-1]))


def operate(
    run: Engine,
    operation: Callable[..., Any],
    args: tuple[Any, ...],
    site: Any,
    *,
    changes: bool | None = None,
) -> Any:
    """An operator of such a class."""
    cls = next(type(thing) for thing in args if has_foreign_operators(type(thing)))
    if cls.__module__ == "weakref":
        if in_standard_library(site):  # concurrent.futures knows its threads so
            return operation(*args)
        run.give_up(f"{site[0]}:{site[1]} uses {cls.__qualname__}, but {NO_WEAK_REFERENCES}")
    if changes is None and cls.__module__.partition(".")[0] in _WITHOUT_VARIABLES:
        changes = False
    return call_foreign(run, operation, args, {}, site, f"an operator of {cls.__qualname__}", changes=changes)


def refuse_always(run: Engine, function: Any, site: tuple[str, int]) -> None:
    """Give up at what would make the run depend on more than its schedule, threads or none."""
    name = f"{getattr(function, '__module__', '')}.{getattr(function, '__qualname__', '')}"
    if name in _NOT_PINNED:
        run.give_up(
            f"{name}() at {site[0]}:{site[1]} reads the real clock or draws real random numbers, so the program is not"
            " deterministic; pass it the moment or the name, or leave it out of the scenario"
        )
    module = module_of(function)
    if module in _NEVER:
        run.give_up(
            f"{name}() at {site[0]}:{site[1]}: what '{module}' runs cannot be controlled; use threads"
        )


def _content(run: Engine, thing: Any, reach: Reach, *, writes: bool) -> Iterable[tuple[Any, int]]:
    """All that can be touched of one thing, what it holds apart."""
    if contents.is_container(thing):
        yield from places_of(thing, WRITE if writes else READ)
        return
    if contents.is_c_iterator(type(thing)):
        yield (id(thing), "[]"), WRITE  # it may be moved
        return
    fields = contents.fields_of(thing)
    cls, knowledge = type(thing), run.knowledge
    key = class_key(cls)
    everything = writes and (reach.everything or not reach.is_read)
    # In one order in every process: the first place that a step touches is what the step is known by.
    more = sorted(reach.stores - fields.keys()) if writes and hasattr(thing, "__dict__") else []
    for field in (*fields, *more):
        mode = WRITE if writes and (everything or field in reach.stores) else READ
        if mode == WRITE and (key, field) not in knowledge.fields:
            knowledge.learn(knowledge.fields, (key, field))  # from now on whoever reads it says so
        yield (id(thing), field), mode
        if field in knowledge.conflated:
            yield field, mode
    if classify(cls, "", knowledge) == WHOLE:
        yield from places_of(thing.__dict__, WRITE if writes else READ)
    if hasattr(thing, "__dict__") and key not in knowledge.watched:
        knowledge.learn(knowledge.watched, key)
    gets_more = writes and (everything or bool(reach.stores - fields.keys()))
    yield (id(thing), FIELDS), WRITE if gets_more else READ
    if not fields:
        yield (id(thing), "[]"), WRITE if writes else READ


def touched_by(run: Engine, function: Any, things: list[Any], reached: list[Any]) -> list[tuple[Any, int]]:
    """All that a function touches which calls special methods of the things, and changes nothing itself."""
    reach = _reach_of(function, things, ())
    return _touched(run, reach, reached, writes=reach.changes)


def _touched(run: Engine, reach: Reach, reached: list[Any], *, writes: bool) -> list[tuple[Any, int]]:
    """All that a call can touch: what it is given, and what it can reach by its own means."""
    touched: list[tuple[Any, int]] = []
    for thing in reached:
        touched += _content(run, thing, reach, writes=writes)
    knowledge = run.knowledge
    for place, mode in reach.places.items():
        if isinstance(place, str):
            known = knowledge.names if ":" in place else knowledge.conflated
            if mode == WRITE and place not in known:
                knowledge.learn(known, place)
            elif place not in known:
                continue
        touched.append((place, mode))
    keep(reach)
    for thing in reach.objects:
        touched += _content(run, thing, reach, writes=reach.changes)
    return touched


def _reach_of(function: Any, reached: list[Any], args: tuple[Any, ...]) -> Reach:
    if function in (getattr, setattr, delattr):
        names: frozenset[str] | None = frozenset((args[1],))
    elif type(function) in (operator.methodcaller, operator.attrgetter):
        names = None
    else:
        names = frozenset()
    return Reach(function, reached, _WITHOUT_VARIABLES, _STATELESS, names)


def call_foreign(
    run: Engine,
    function: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    site: tuple[str, int],
    name: str,
    *,
    changes: bool | None = None,
) -> Any:
    """Call code that was not rewritten, with all it can reach announced.

    Args:
        changes: whether it changes what it is given; None if that is to be read from its text.
    """
    module = module_of(function)
    where = f"{name} at {site[0]}:{site[1]}" if site[0] else f"{name}, which a thread was given,"
    if module in _BLOCKING:
        run.give_up(f"{where} comes from module '{module}', which cannot be controlled")
    if module == "weakref":
        run.give_up(
            f"{where}: weak references cannot be checked, since a run keeps what its threads have touched"
        )
    roots = [*args, *kwargs.values()]
    if not isinstance(function, _STATELESS_CALLABLES):
        roots.append(function)  # such as the cache of lru_cache
    owner = getattr(function, "__self__", None)
    is_method = owner is not None and not isinstance(owner, (type, types.ModuleType))
    holds = module == "collections" and is_method  # as a UserList or a Counter does
    if owner is not None and (module not in _STATELESS or holds):
        roots.append(owner)
    if type(owner) is types.GeneratorType and owner.gi_frame is not None:
        roots += owner.gi_frame.f_locals.values()
    roots += keepers.also_reached(function, module, owner)
    reached = contents.objects_in(roots)
    reach = _reach_of(function, [*roots, *reached], args)
    if holds:
        changes = function.__name__ not in contents.READING_METHODS
    elif type(function) is operator.methodcaller:
        changes = True
    elif changes is None and module in _STATELESS:
        changes = keepers.is_change(function, module)
    elif changes is None and module in _WITHOUT_VARIABLES and module != "builtins":
        changes = True  # it is not followed
    writes = reach.changes if changes is None else changes
    touched = _touched(run, reach, reached, writes=writes)
    for place, mode in keepers.places(function, module, owner, writes=writes):
        touched.append((place, mode))
        fact = class_key(type(owner)), place[1]
        if mode == WRITE and place[0] == id(owner) and fact not in run.knowledge.fields:
            run.knowledge.learn(run.knowledge.fields, fact)
    if module in _WORLD and not (
        module == "pathlib" and isinstance(function, type)
    ):  # to make a path is harmless
        touched.append((ELSEWHERE, WRITE))
    run.hidden += 1
    if not announce_foreign(run, touched, reached, site, where) and changes is not False:
        run.current.changes += 1  # it may change what cannot be seen
    before, run.frozen = run.frozen, run.frozen or where
    try:
        return function(*args, **kwargs)
    finally:
        run.frozen = before


def announce_foreign(
    run: Engine, touched: list[tuple[Any, int]], reached: list[Any], site: tuple[str, int] | None, where: str
) -> bool:
    """Announce all that code which is not rewritten may touch, in one step; whether there is anything."""
    if not touched or run.frozen is not None:
        return False
    thread = run.current
    thread.opaque = where
    try:
        kept = [exporter(thing) for thing in reached]
        run.step((touched[0][1], touched[0][0], kept, site, tuple(touched[1:]) or None))
        if not thread.quiet:  # in a step of a task nobody else would come anyway
            run.opaque[thread.last] = where
    finally:
        thread.opaque = None
    return True
