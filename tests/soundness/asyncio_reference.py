"""The reference for event loops: CPython's own asyncio, in C, on a loop that runs what is ready in every order.

It shares nothing with the checker but the rule of docs/asyncio.md: which handles may come next.
"""

import asyncio
import asyncio.base_events
import sys
import types
import warnings
from typing import Any
from unittest import mock

from concur.check.options import Options

from .enumeration import TooLarge

_MOST_STEPS = 300


class Stuck(BaseException):
    """Nothing is ready, and no timer is left."""


class EveryOrder(asyncio.base_events.BaseEventLoop):
    """One handle a round, chosen among all that may come next; choices are made by a list."""

    def __init__(self, module: Any, choices: list[list[int]], options: Options) -> None:
        super().__init__()
        self.module = module
        self.made: dict[tuple[int, ...], int] = {}
        self.seen: Any = None
        self.choices = choices
        self.depth = 0
        self.steps = 0
        self.options = options
        self.now = 0.0
        self.stuck = False
        self.futures: list[Any] = []
        self.failed: list[str] = []
        self.set_exception_handler(self._failed)

    def _failed(self, loop: Any, context: dict[str, Any]) -> None:
        self.failed.append(type(context.get("exception")).__name__)

    def time(self) -> float:
        return self.now

    def create_future(self) -> Any:
        future: Any = asyncio.Future(loop=self)
        self.futures.append(future)
        return future

    def create_task(self, coro: Any, **more: Any) -> Any:
        maker = asyncio.current_task(self) if self.is_running() else None
        path = maker.path if isinstance(maker, Numbered) else (0,) if self.is_running() else ()
        number = self.made[path] = self.made.get(path, 0) + 1
        task = Numbered(coro, number, path, loop=self, **more)
        self.futures.append(task)
        return task

    def _process_events(self, event_list: Any) -> None:
        raise NotImplementedError

    def _write_to_self(self) -> None:
        """There is one thread."""

    def choose(self, count: int) -> int:
        if self.stuck or count == 1:
            return 0
        if self.depth == len(self.choices):
            self.choices.append(list(range(count)))
        choice = self.choices[self.depth][0]
        self.depth += 1
        return choice

    def _run_once(self) -> None:
        self.steps += 1
        if self.steps > _MOST_STEPS:
            raise TooLarge
        ready: Any = self._ready  # type: ignore[attr-defined]
        timers: Any = [timer for timer in self._scheduled if not timer._cancelled]  # type: ignore[attr-defined]
        for handle in [handle for handle in ready if handle._cancelled]:
            ready.remove(handle)
        if self.options.ready == "fifo":
            able = list(ready)[:1]
        else:
            able = [handle for handle in ready if is_step(handle)]
            able += [handle for handle in ready if not is_step(handle)][:1]
        if self.options.timeouts == "idle":
            if not able and timers and not any(timer._when <= self.now for timer in timers):
                self.now = min(timer._when for timer in timers)
            timers = [timer for timer in timers if timer._when <= self.now]
        timers.sort(key=lambda timer: timer.number)
        able += timers
        if not able:
            if not self.stuck:  # what the runner does to end it is not looked at
                self.stuck, self.seen = True, observed(self.module, "stuck", [])
            raise Stuck
        handle = able[self.choose(len(able))]
        if handle in timers:
            self._scheduled.remove(handle)  # type: ignore[attr-defined]
            handle._scheduled = False
            if self.options.ready == "fifo":
                ready.append(handle)
                return
        else:
            ready.remove(handle)
        handle._run()

    def call_at(  # type: ignore[override]  # types of its own
        self, when: float, callback: Any, *args: Any, context: Any = None
    ) -> Any:
        timer: Any = Timer(when, callback, args, self, context)
        self.numbered = timer.number = getattr(self, "numbered", 0) + 1
        self._scheduled.append(timer)  # type: ignore[attr-defined]
        timer._scheduled = True
        return timer


class Numbered(asyncio.Task):  # type: ignore[type-arg]
    """A task whose place in a set does not depend on its address."""

    def __init__(self, coro: Any, number: int, maker: tuple[int, ...], **more: Any) -> None:
        self.number, self.path = number, (*maker, number)
        super().__init__(coro, **more)

    def __hash__(self) -> int:
        return self.number


def all_tasks(loop: Any = None) -> Any:
    """All tasks that are not done, in an order that is the same in every run."""
    loop = loop or asyncio.get_running_loop()
    tasks = [future for future in loop.futures if isinstance(future, Numbered) and not future.done()]
    tasks.sort(key=lambda task: (task.number, task.path))
    return set(tasks)


class Timer(asyncio.TimerHandle):
    """One that can be told from others of the same moment."""

    __slots__ = ("number",)

    __eq__ = object.__eq__
    __hash__ = object.__hash__


def is_step(handle: Any) -> bool:
    """Whether a handle is a step of a task."""
    callback = handle._callback
    return type(callback).__name__ == "TaskStepMethWrapper" or (
        isinstance(getattr(callback, "__self__", None), asyncio.Task)
        and getattr(callback, "__name__", "") in ("__wakeup", "task_wakeup", "TaskWakeupMethWrapper")
    )


def one_run(code: Any, choices: list[list[int]], options: Options) -> Any:
    """What one order comes to."""
    module = types.ModuleType("program")
    sys.modules["program"] = module
    exec(code, module.__dict__)
    loops: list[EveryOrder] = []

    def make() -> EveryOrder:
        loops.append(EveryOrder(module, choices, options))
        return loops[0]

    ended: Any = "ok"
    with warnings.catch_warnings(), mock.patch("asyncio.tasks.all_tasks", all_tasks):
        warnings.simplefilter("ignore")
        try:
            with asyncio.Runner(loop_factory=make) as runner:
                runner.run(module.scenario())
        except Stuck:
            ended = "stuck"
        except TooLarge:
            raise
        except BaseException as error:
            ended = type(error).__name__
        loop = loops[0]
        seen = loop.seen if loop.stuck else observed(module, ended, lost(loop))
        for future in loop.futures:
            if future.done() and not future.cancelled():
                future.exception()
            elif isinstance(future, asyncio.Task):
                future._log_destroy_pending = False  # type: ignore[attr-defined]
        if loop.stuck:
            for future in loop.futures:
                if isinstance(future, asyncio.Task):
                    try:
                        future.get_coro().close()
                    except BaseException:  # it is being ended
                        continue
    return seen


def lost(loop: EveryOrder) -> list[str]:
    """The exceptions that nobody asked for."""
    if not loop.is_closed():
        return []
    found = [
        type(future._exception).__name__
        for future in loop.futures
        if future.done() and not future.cancelled() and future._log_traceback and future._exception
    ]
    return found + loop.failed


def observed(module: Any, ended: str, lost_errors: list[str]) -> Any:
    """All that a program can observe of a run that is over."""
    if ended not in ("ok", "stuck"):
        lost_errors = []  # the checker looks for them only in a run that ended well
    results = {name: tuple(map(repr, values)) for name, values in module.out.items()}
    return ended, tuple(sorted(results.items())), module.s.x, module.s.y, tuple(sorted(lost_errors))


def every_order(text: str, options: Options, limit: int) -> tuple[set[Any], int]:
    """Every outcome of a program, and how many orders there are."""
    code = compile(text, "program", "exec")
    choices: list[list[int]] = []
    found: set[Any] = set()
    done = 0
    while True:
        found.add(one_run(code, choices, options))
        done += 1
        while choices:
            choices[-1].pop(0)
            if choices[-1]:
                break
            choices.pop()
        if not choices:
            return found, done
        if done >= limit:
            raise TooLarge
