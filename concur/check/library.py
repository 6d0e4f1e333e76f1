"""`threading`, `queue`, `time` and what stands on them, for code under the checker.

`Condition`, `Semaphore`, `Event`, `Barrier` and `queue` are CPython's own
source, rewritten as the student's code is, on the locks and threads of
`virtual_locks.py` and `virtual_threads.py`. Nothing in them is trusted.
"""

import ast
import builtins
import functools
import importlib.util
import time as real_time
import types
from collections import deque
from itertools import islice
from pathlib import Path
from typing import Any

from concur.check import calendar
from concur.check import engine as runs
from concur.check.implicit import looking
from concur.check.ops import READ, WRITE
from concur.check.virtual_local import local
from concur.check.virtual_locks import TIMEOUT_MAX, Lock, RLock, get_ident
from concur.check.virtual_threads import Thread, active_count, current_thread, enumerate_threads, main_thread
from concur.check.virtual_time import monotonic, nanoseconds, sleep, wall_clock

__concur__ = True  # what is defined here announces by itself

# What is taken from threading.py; the rest of that module is replaced.
CLASSES = ("Condition", "Semaphore", "BoundedSemaphore", "Event", "Barrier", "Timer", "_RLock")

# Modules of the standard library that are loaded from their own source through the rewriter.
REWRITTEN = frozenset(
    (
        "queue",
        "contextlib",
        "concurrent.futures",
        "concurrent.futures._base",
        "concurrent.futures.thread",
        "dataclasses",
        "random",
        "reprlib",
        "secrets",
        "uuid",
    )
)

# Written in C, and told to be missing, so that the Python text beside them is used.
IN_PYTHON = frozenset(("_queue", "_uuid", "_asyncio"))


def file_of(name: str) -> str:
    """The file of a module of the standard library."""
    spec = importlib.util.find_spec(name)
    assert spec is not None
    assert spec.origin is not None
    return spec.origin


@functools.cache
def threading_source() -> tuple[str, str]:
    """The file of threading.py, and a text that keeps only the classes taken from it."""
    file = file_of("threading")
    return file, only_classes(Path(file).read_text(encoding="utf-8"))


def only_classes(source: str) -> str:
    """What is taken from the text of threading.py, on its own lines."""
    lines = source.splitlines()
    kept = [""] * len(lines)
    for node in ast.parse(source).body:
        if isinstance(node, ast.ClassDef) and node.name in CLASSES:
            assert node.end_lineno is not None
            kept[node.lineno - 1 : node.end_lineno] = lines[node.lineno - 1 : node.end_lineno]
    return "\n".join(kept)


@functools.cache
def threading_names() -> dict[str, Any]:
    """The names of `threading` that are not CPython's own text."""
    import threading as real

    names: dict[str, Any] = {
        "Lock": Lock,
        "_allocate_lock": Lock,
        "RLock": RLock,
        "Thread": Thread,
        "local": local,
        "get_ident": get_ident,
        "get_native_id": get_ident,
        "current_thread": current_thread,
        "currentThread": current_thread,
        "main_thread": main_thread,
        "enumerate": enumerate_threads,
        "active_count": active_count,
        "activeCount": active_count,
        "TIMEOUT_MAX": TIMEOUT_MAX,
        "ThreadError": RuntimeError,
        "ExceptHookArgs": real.ExceptHookArgs,
        "excepthook": real.excepthook,
        "settrace": _nothing,
        "gettrace": _nothing,
        "getprofile": _nothing,
        "settrace_all_threads": _nothing,
        "setprofile_all_threads": _nothing,
        "setprofile": _nothing,
        "stack_size": _nothing,
        "_register_atexit": _nothing,
        "_time": monotonic,
        "_deque": deque,
        "_islice": islice,
    }
    names["BrokenBarrierError"] = real.BrokenBarrierError
    names["__all__"] = [name for name in real.__all__ if name in names or name in CLASSES]
    return names


def _nothing(*args: Any) -> None:
    """Accepted, without effect."""


def thread_module() -> types.ModuleType:
    """`_thread`, as far as it can be controlled."""
    module = types.ModuleType("_thread")
    module.__dict__.update(
        allocate_lock=Lock,
        allocate=Lock,
        lock=Lock,
        LockType=Lock,
        RLock=RLock,
        error=RuntimeError,
        get_ident=get_ident,
        get_native_id=get_ident,
        TIMEOUT_MAX=TIMEOUT_MAX,
        start_new_thread=_start_new_thread,
    )
    return module


def concurrent_package() -> types.ModuleType:
    """`concurrent`, which holds nothing but its modules."""
    module = types.ModuleType("concurrent")
    module.__path__ = []
    return module


def _start_new_thread(function: Any, args: Any = (), kwargs: Any = None) -> int:
    thread = Thread(target=function, args=args, kwargs=kwargs, daemon=True)
    thread.start()
    ident = thread.ident
    assert ident is not None
    return ident


@functools.cache
def _time_names() -> dict[str, Any]:
    names = {name: getattr(real_time, name) for name in dir(real_time) if not name.startswith("__")}
    clocks = {
        "time": wall_clock,
        "monotonic": monotonic,
        "perf_counter": monotonic,
        "process_time": monotonic,
        "thread_time": monotonic,
    }
    names.update(clocks)
    names.update({f"{name}_ns": nanoseconds(clock) for name, clock in clocks.items()})
    names["sleep"] = sleep
    for name in ("localtime", "gmtime", "ctime", "asctime", "strftime"):
        names[name] = getattr(calendar, name)
    if "clock_gettime" in names:
        names["clock_gettime"] = calendar.clock_gettime
        names["clock_gettime_ns"] = nanoseconds(calendar.clock_gettime)
    return names


def time_module() -> types.ModuleType:
    """`time`, with every clock virtual."""
    module = types.ModuleType("time")
    module.__dict__.update(_time_names())
    return module


def _no_input(prompt: object = "") -> str:
    run = runs.active
    message = "input() waits for the keyboard, which cannot be controlled"
    if run is not None:
        run.give_up(message)
    raise RuntimeError(message)


_serials: dict[int, tuple[int, object]] = {}


def new_run() -> None:
    """Number objects from 1 again."""
    _serials.clear()


def _serial(thing: object) -> int:
    """``id``, as a number that is the same whenever the schedule is."""
    run = runs.active
    if run is not None and not run.alone:
        kind = READ if id(thing) in _serials else WRITE
        run.step((kind, "the order of first calls of id()", thing, None, None))
    return _serials.setdefault(id(thing), (len(_serials) + 1, thing))[0]


def _hash(thing: object) -> int:
    """``hash``; where that would be the address of an object, the number that `id` gives."""
    if type(thing).__hash__ is object.__hash__:
        return _serial(thing)
    with looking(runs.active, (thing,), None, "hash()"):
        return hash(thing)


def builtins_of(importer: Any) -> dict[str, Any]:
    """The built-in names that code under the checker sees."""
    names = dict(builtins.__dict__)
    names["__import__"] = importer
    names["input"] = _no_input
    names["id"] = _serial
    names["hash"] = _hash
    return names
