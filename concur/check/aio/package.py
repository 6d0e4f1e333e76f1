"""The module `asyncio` that code under the checker sees.

Tasks, futures, locks, queues, groups, time-outs and runners are CPython's own text in
Python, rewritten as the program is. Replaced are only the loop, the registry of tasks,
and what makes an order or a number that depends on more than the schedule. Whatever else
`asyncio` has is CPython's as it is, and calling it is refused by name.
"""

import asyncio as real
import importlib
import types
from typing import Any

from concur.check import engine as runs
from concur.check import library, sharing
from concur.check.aio import loop as loops
from concur.check.aio.awaits import see_that_it_announces
from concur.check.aio.loop import Loop
from concur.check.aio.refused import refusals

__concur__ = True  # what is defined here announces by itself

# Loaded from their own text, in the order in which they need each other.
PARTS = (
    "base_futures coroutines events futures base_tasks timeouts mixins locks queues tasks taskgroups runners staggered"
).split()
_AS_THEY_ARE = ("constants", "exceptions", "format_helpers", "log")  # they keep no state, and run no task

PACKAGE = "asyncio"


def is_part(name: str) -> bool:
    """Whether it is the name of a module that is loaded here."""
    package, _, part = name.partition(".")
    return package == PACKAGE and part in PARTS


def load(loader: Any) -> types.ModuleType:
    """The package, for one run."""
    kept = sharing.kept(loader._key(PACKAGE))
    if kept is not None:
        loader.modules[PACKAGE] = kept
        for name in PARTS:
            loader.modules[f"{PACKAGE}.{name}"] = getattr(kept, name)
        return kept
    package: types.ModuleType = loader._new_module(PACKAGE, str(real.__file__), package=True)
    names = package.__dict__
    names.update(
        {name: value for name, value in vars(real).items() if name not in names and name not in PARTS}
    )
    names.update({name: importlib.import_module(f"{PACKAGE}.{name}") for name in _AS_THEY_ARE})
    loader.modules[PACKAGE] = package
    parts: dict[str, Any] = {name: part(loader, name) for name in PARTS}
    parts["steps"] = _steps_of(parts["tasks"].Task)
    _replace(parts)
    for module in map(parts.__getitem__, PARTS):
        names.update({name: getattr(module, name) for name in getattr(module, "__all__", ())})
    names.update({name: value for name, value in vars(real).items() if _is_exception(value)})
    names.update({name: parts[name] for name in PARTS})
    for name in PARTS:
        sharing.keep(loader._key(f"{PACKAGE}.{name}"), parts[name], certain=True)
    sharing.keep(loader._key(PACKAGE), package, certain=True)
    return package


def part(loader: Any, name: str) -> types.ModuleType:
    """One module of the package."""
    full = f"{PACKAGE}.{name}"
    module: types.ModuleType | None = loader.modules.get(full)
    if module is None:
        file = library.file_of(full)
        loader._standard_files.add(file)
        module = loader._from_file(file, full)
        for key, value in vars(importlib.import_module(full)).items():
            if _is_exception(value):
                module.__dict__[key] = value
    return module


def main(loader: Any, coroutine: Any) -> None:
    """Run a scenario that is a coroutine."""
    package = loader.module(PACKAGE)
    package.run(coroutine)


def _is_exception(value: Any) -> bool:
    return isinstance(value, type) and issubclass(value, BaseException)


def _steps_of(task: Any) -> frozenset[Any]:
    """The methods of Task that move its coroutine."""
    return frozenset(task.__dict__[f"_Task__{name}"] for name in ("step", "wakeup"))


def _replace(parts: dict[str, Any]) -> None:
    """Put the loop of the checker below CPython's text."""
    events, futures, tasks = parts["events"], parts["futures"], parts["tasks"]
    loop_class = type("Loop", (Loop, events.AbstractEventLoop), {"parts": parts, **refusals(Loop)})
    loop_class.__module__ = "asyncio.events"
    events.__dict__["_cc_Handle"] = events.Handle
    timer = type("TimerHandle", (events.TimerHandle,), {"__module__": events.__name__})
    events.__dict__["_cc_TimerHandle"] = timer

    def new_event_loop() -> Any:
        return loop_class()

    replaced: dict[str, dict[str, Any]] = {
        "events": {
            "get_running_loop": _get_running_loop,
            "_get_running_loop": loops.running_loop,
            "_set_running_loop": _nothing,
            "get_event_loop": _get_event_loop,
            "_get_event_loop": _get_event_loop,
            "set_event_loop": _set_event_loop,
            "new_event_loop": new_event_loop,
            "get_event_loop_policy": _no_policy,
            "set_event_loop_policy": _no_policy,
        },
        "coroutines": {"iscoroutine": _is_coroutine, "_is_debug_mode": _no},
        "mixins": {"_global_lock": _NoLock()},
        "tasks": {
            "current_task": _current_task,
            "all_tasks": _all_tasks,
            "_register_task": _register,
            "_register_eager_task": _register,
            "_unregister_task": _nothing,
            "_unregister_eager_task": _nothing,
            "_enter_task": _enter,
            "_leave_task": _leave,
            "_swap_current_task": _swap,
            "_task_name_counter": _task_number,
            "inspect": _INSPECT,
        },
        "runners": {"signal": _SIGNAL},
    }
    for name, names in replaced.items():
        module = parts[name]
        module.__dict__.update({key: value for key, value in names.items() if key in module.__dict__})
    for cls in (futures.Future, tasks.Task):
        if "__del__" in cls.__dict__:
            del cls.__del__  # what it reports is looked for when the run is over
        cls.__hash__ = _hash
    futures.Future.__init__ = _numbered(futures.Future.__init__)
    tasks.Task.__init__ = _of_rewritten(tasks.Task.__init__)


def _numbered(init: Any) -> Any:
    def __init__(self: Any, *, loop: Any = None) -> None:  # noqa: N807
        init(self, loop=loop)
        if isinstance(self._loop, Loop):
            self._loop.number(self)

    return __init__


def _of_rewritten(init: Any) -> Any:
    def __init__(self: Any, coro: Any, **more: Any) -> None:  # noqa: N807
        see_that_it_announces(coro)
        init(self, coro, **more)

    return __init__


def _hash(self: Any) -> int:
    number = self.__dict__.get("_cc_number")
    return object.__hash__(self) if number is None else number


class _NoLock:
    """There is one thread."""

    def __enter__(self) -> None:
        """Nobody else is there."""

    def __exit__(self, *exception: object) -> None:
        """Nobody else is there."""


def _nothing(*args: Any) -> None:
    """Accepted, without effect."""


def _no() -> bool:
    return False


def _get_running_loop() -> Any:
    loop = loops.running_loop()
    if loop is None:
        raise RuntimeError("no running event loop")
    return loop


_set: dict[str, Any] = {"loop": None}


def _set_event_loop(loop: Any) -> None:
    _set["loop"] = loop


def _get_event_loop(*args: Any, **more: Any) -> Any:
    loop = loops.running_loop() or _set["loop"]
    if loop is None or loop.run is not runs.active:
        raise RuntimeError("There is no current event loop in thread 'MainThread'.")
    return loop


def _no_policy(*args: Any) -> Any:
    run = runs.active
    if run is not None:
        run.give_up(
            "event loop policies are not followed: the checker has a loop of its own; use asyncio.run()"
        )
    raise RuntimeError("event loop policies are not followed")


def _current_task(loop: Any = None) -> Any:
    return (loop or _get_running_loop()).task


def _all_tasks(loop: Any = None) -> Any:
    return (loop or _get_running_loop()).all_tasks()


def _register(task: Any) -> None:
    task._loop.register(task)


def _enter(loop: Any, task: Any) -> None:
    if loop.task is not None:
        raise RuntimeError(
            f"Cannot enter into task {task!r} while another task {loop.task!r} is being executed."
        )
    loop.task = task


def _leave(loop: Any, task: Any) -> None:
    if loop.task is not task:
        raise RuntimeError(f"Leaving task {task!r} does not match the current task {loop.task!r}.")
    loop.task = None


def _swap(loop: Any, task: Any) -> Any:
    before, loop.task = loop.task, task
    return before


def _task_number() -> str:
    """For the name of a task: of the first it is 1, of the second that it makes 1.2."""
    return ".".join(map(str, _get_event_loop().next_task()))


def _is_coroutine(thing: Any) -> bool:
    return isinstance(thing, (types.CoroutineType, real.coroutines._COROUTINE_TYPES))  # type: ignore[attr-defined]


class _Inspect:
    """What tasks.py asks of `inspect`."""

    iscoroutine = staticmethod(lambda thing: isinstance(thing, types.CoroutineType))
    isgenerator = staticmethod(lambda thing: isinstance(thing, types.GeneratorType))
    isawaitable = staticmethod(
        lambda thing: isinstance(thing, types.CoroutineType) or hasattr(thing, "__await__")
    )
    iscoroutinefunction = staticmethod(
        lambda thing: bool(getattr(getattr(thing, "__code__", None), "co_flags", 0) & 0x80)
    )


class _Signal:
    """No signal comes to a run."""

    SIGINT = 2
    default_int_handler = "the handler of Python"
    getsignal = staticmethod(lambda number: None)


_INSPECT, _SIGNAL = _Inspect, _Signal
