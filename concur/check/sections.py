"""Calls that are taken as one step: ``atomic=[Semaphore, ...]``.

A method of such a class runs without a switch until it has to wait. What it touches
meanwhile is not announced, but noted as part of the step that the call is; so the
search knows what depends on it, also where others reach inside the object. It is
right for a class that is linearizable: then each call can be taken to happen at one
moment. `AtomicInteger` and `AtomicReference` are always taken so.
"""

import functools
import types
from collections.abc import Callable
from typing import Any

from concur.check import contents
from concur.check import engine as runs
from concur.check.engine import Engine
from concur.check.ops import ACQUIRE, ATOMIC, LOCK, MODES, TIMED_ACQUIRE, TRY, WRITE, Op, accesses
from concur.check.touch import keep

__concur__ = True  # what is defined here announces by itself

ALWAYS = ("concur.sync.atomic.AtomicInteger", "concur.sync.atomic.AtomicReference")

# Taken as one step are public methods, and what operators and statements call.
_HIDDEN = frozenset(
    "__init__ __new__ __repr__ __init_subclass__ __class_getitem__ __getattr__ __setattr__".split()
)


class Call:
    """A call that a thread is about to make."""

    __slots__ = ("args", "method", "thing")

    def __init__(self, thing: Any, method: str, args: tuple[Any, ...]) -> None:
        self.thing = thing
        self.method = method
        self.args = args

    def might_touch(self, op: Op) -> bool:
        """Whether a call that has not been made yet could depend on a step; rather yes than no."""
        if not type(self.thing).__module__.startswith(("concur.", "threading", "queue")):
            return True  # its methods may reach anything through global variables
        if any(
            isinstance(arg, (types.FunctionType, types.MethodType, functools.partial)) for arg in self.args
        ):
            return True
        reached = {id(thing) for thing in contents.objects_in([self.thing, *self.args])}
        return any(type(place) is not tuple or place[0] in reached for place, _ in accesses(op))


class Section:
    """Such a call, while it runs: what it does between two moments at which it waits."""

    __slots__ = ("apart", "changes", "locks", "place")
    joins = True  # what it takes is part of one step

    def __init__(self, run: Engine, place: Any) -> None:
        self.place = place
        self.apart = False  # the next operation is a step of its own, even if it can take place
        self.changes = run.current.changes
        self.locks: dict[
            Any, list[Any]
        ] = {}  # place of a lock -> the lock, who held it before, whether it was taken

    def takes(self, run: Engine, op: Op) -> bool:
        """Make an operation a part of the step that is being taken; not if it has to wait."""
        thread = run.current
        before, thread.op = thread.op, op
        if self.apart or not run.enabled(thread):
            self.apart = False
            self.close(run)
            return False
        thread.op = before
        thread.minor = False
        tid, whole = run.trace[thread.last]
        more = whole[4] or ()
        new = [each for each in accesses(op) if each not in more and each != (whole[1], MODES[whole[0]])]
        if new:
            keep(op[2])
            run.trace[thread.last] = (tid, (*whole[:4], (*more, *new)))
        place = op[1]
        if type(place) is tuple and place[1] == LOCK:
            run.undo = []
            known = self.locks.setdefault(place, [op[2], op[2].owner, False])
            known[2] = known[2] or (op[0] in (ACQUIRE, TRY, TIMED_ACQUIRE) and op[2].owner is None)
        else:
            run.note_change(thread, op)
        return True

    def close(self, run: Engine) -> None:
        """The call ends, or is about to wait: note what it came to. A lock taken and given back is as before."""
        thread = run.current
        step = thread.last
        for place, (lock, before, taken) in self.locks.items():
            if lock.owner != before:
                thread.changes += 1
                run.changed[place] = step
            earlier = run.locked.setdefault(step, {}).get(place, (False, False))
            run.locked[step][place] = (taken or earlier[0], lock.owner is not None)
        if thread.changes != self.changes:
            run.changing.add(step)
            run.changed[self.place] = step
        self.locks = {}
        self.changes = thread.changes


def take_as_one_step(cls: Any, full_name: str) -> None:
    """Make each call of a public method of the class, which verdicts call so, one step."""
    for name, method in list(vars(cls).items()):
        is_public = not name.startswith("_") or (name.startswith("__") and name not in _HIDDEN)
        if is_public and isinstance(method, types.FunctionType) and not hasattr(method, "_concur_one_step"):
            setattr(cls, name, _one_step(method, full_name))


def _one_step(method: Callable[..., Any], full_name: str) -> Callable[..., Any]:
    @functools.wraps(method)
    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        run = runs.active
        if run is None or run.alone or run.dead or run.current.section is not None:
            return method(self, *args, **kwargs)
        run.knowledge.one_step.add(full_name)
        return _call(run, method, self, args, kwargs)

    call._concur_one_step = True  # type: ignore[attr-defined]
    return call


def _call(run: Engine, method: Callable[..., Any], thing: Any, args: Any, kwargs: Any) -> Any:
    thread, place = run.current, (id(thing), ATOMIC)
    run.step((WRITE, place, Call(thing, method.__name__, (*args, *kwargs.values())), None, None))
    run.unchanged()
    section = thread.section = Section(run, place)
    try:
        result = method(thing, *args, **kwargs)
    finally:
        thread.section = None
        if not run.dead:
            section.close(run)
    if run.recording:
        run.recorder.value(result)
    return result
