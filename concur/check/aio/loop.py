"""The event loop: what `asyncio` runs on under the checker.

It keeps no queue of its own: each task, each timer and the callbacks are processes
(`process.py`) of which the search picks one for each step. With ``ready="fifo"``
they form CPython's queue, and only the moments of timers are open.
"""

import collections
import contextvars
import sys
from collections.abc import Callable
from typing import Any

from concur.check import engine as runs
from concur.check import ops
from concur.check.aio.asyncgens import Generators
from concur.check.aio.family import Family
from concur.check.aio.process import Callbacks, Process, Step, Timer
from concur.check.engine import Engine
from concur.check.ops import READ, RESUME, WRITE
from concur.check.threads import Abort, ThreadFailure
from concur.check.variables import LoadingError
from concur.check.virtual_time import monotonic

__concur__ = True  # what is defined here announces by itself


_SHARED = "contexts of tasks"


class Nothing:
    """What there is to wait for when a loop without threads and open generators is shut down."""

    def __await__(self) -> Any:
        return iter(())

    async def wait(self) -> None:
        """As a coroutine: other things of the loop may come before it and after it."""


class Loop(Family, Generators):
    """The methods of `asyncio.AbstractEventLoop` that can be controlled."""

    _cc_opaque = True  # nothing goes by a name that leads through it
    parts: dict[str, Any]  # the modules of the asyncio that it belongs to; see package.py

    def __init__(self) -> None:
        super().__init__()
        run = runs.active
        self.run: Engine | None = run
        self.processes: dict[int, Process] = {}
        self.order: collections.deque[Process] | None = None
        if run is not None:
            run.loops.append(self)
            if run.options.ready == "fifo":
                self.order = collections.deque()
        self.current: Process | None = None  # whose step is being taken
        self.task: Any = None  # that is being run
        self.blocked = False  # a step waits without an await, and nothing else can run
        self.callbacks: Callbacks | None = None
        self._running = self._stopping = self._closed = False
        self._error: BaseException | None = None  # KeyboardInterrupt or SystemExit, which end the loop
        self._factory: Any = None
        self._handler: Any = None
        self._contexts: dict[int, tuple[Any, int]] = {}

    def __repr__(self) -> str:
        return "<event loop of the checker>"

    # The life of a loop

    def goes_round(self) -> bool:
        """Whether a step can be taken on it."""
        return self._running and not self._stopping and not self.blocked

    def ready(self) -> bool:
        """Whether `run_forever`, in the main thread, can return."""
        return self._stopping

    def counts(self) -> bool:
        """It never could have, had something else come later."""
        return False

    def run_forever(self) -> None:
        run = self.run
        if run is None or runs.active is not run:
            raise LoadingError("an event loop is run while the file is being imported; run it in a function")
        self._check_open()
        if self._running:
            raise RuntimeError("This event loop is already running")
        if running_loop() is not None:
            raise RuntimeError("Cannot run the event loop while another loop is running")
        if run.dead:
            run.refuse()
        if run.unjoined or run.current.tid != 0:
            run.give_up(
                f"thread '{run.current.name}' runs an event loop beside other threads: a task is one step for other"
                " tasks, not for threads; that is not explored"
            )
        self._running = True
        run.alone = len(self.processes) <= 1
        try:
            run.step((RESUME, (id(self), ops.GATE), self, None, None))
        finally:
            if not run.dead:
                self._running = self._stopping = False
                run.alone = True
        if self._error is not None:
            error, self._error = self._error, None
            raise error

    def run_until_complete(self, future: Any) -> Any:
        self._check_open()
        if self._running:
            raise RuntimeError("This event loop is already running")
        if isinstance(future, Nothing):
            if not self._anything_left():
                return None
            future = future.wait()
        new = not self.parts["futures"].isfuture(future)
        future = self.parts["tasks"].ensure_future(future, loop=self)
        future.add_done_callback(_stop_its_loop)
        try:
            self.run_forever()
        except Abort:
            raise
        except BaseException:
            if new and future.done() and not future.cancelled():
                future.exception()  # nobody else can ask for it
            raise
        finally:
            if self.run is None or not self.run.dead:
                future.remove_done_callback(_stop_its_loop)
        if not future.done():
            raise RuntimeError("Event loop stopped before Future completed.")
        return future.result()

    def stop(self) -> None:
        run = self.run
        if run is None or not self._running:
            return
        run.step((WRITE, (id(self), ops.GATE), self, None, None))
        self._stopping = True

    def is_running(self) -> bool:
        return self._running

    def is_closed(self) -> bool:
        return self._closed

    def close(self) -> None:
        if self._running:
            raise RuntimeError("Cannot close a running event loop")
        self._closed = True

    def shutdown_asyncgens(self) -> Any:
        still = [generator() for generator, _ in self._generators.values()]
        closing = [generator.aclose() for generator in still if generator is not None]
        self._generators.clear()
        return self.parts["tasks"].gather(*closing, return_exceptions=True) if closing else Nothing()

    def shutdown_default_executor(self, timeout: float | None = None) -> Any:
        return Nothing()

    def _anything_left(self) -> bool:
        """Whether there is something that would run if the loop went round once more."""
        return any(
            process.counts() and not process.thread.done and not getattr(process, "cancelled", False)
            for process in self.processes.values()
        )

    def _check_open(self) -> None:
        if self._closed:
            raise RuntimeError("Event loop is closed")

    # Callbacks and timers

    def call_soon(self, callback: Any, *args: Any, context: Any = None) -> Any:
        self._check_open()
        run = self._active()
        handle = self._handle("Handle", callback, args, context)
        self._process_for(run, callback).schedule(run, handle)
        return handle

    call_soon_threadsafe = call_soon

    def call_later(self, delay: float, callback: Any, *args: Any, context: Any = None) -> Any:
        if delay is None:
            raise TypeError("delay must not be None")
        return self.call_at(self._now() + delay, callback, *args, context=context)

    def call_at(self, when: float, callback: Any, *args: Any, context: Any = None) -> Any:
        if when is None:
            raise TypeError("when cannot be None")
        self._check_open()
        run = self._active()
        handle = self._handle("TimerHandle", callback, args, context)
        handle._when = when
        handle._scheduled = True
        self._not_alone(run)
        handle._cc_timer = Timer(self, run, f"timer {callback_name(callback)}", handle)
        return handle

    def _timer_handle_cancelled(self, handle: Any) -> None:
        run = self._active()
        if not run.dead:
            handle._cc_timer.cancel(run)

    def time(self) -> float:
        caller = sys._getframe(1).f_globals.get("__name__", "")
        return self._now() if caller.startswith("asyncio.") else monotonic()

    def _now(self) -> float:
        """The time, for what asyncio computes from it: that is no look at the clock by the program."""
        run = self._active()
        if run.options.timeouts == "any" and run.knowledge.clock and not run.alone:
            run.step((READ, ops.CLOCK, None, None, None))
        return run.now

    def _handle(self, kind: str, callback: Any, args: tuple[Any, ...], context: Any) -> Any:
        """A Handle, made without announcing its fields: nobody else knows it yet."""
        handle = object.__new__(self.parts["events"].__dict__[f"_cc_{kind}"])
        handle._callback, handle._args, handle._loop = callback, args, self
        handle._context = contextvars.copy_context() if context is None else context
        handle._cancelled, handle._repr, handle._source_traceback = False, None, None
        return handle

    def _process_for(self, run: Engine, callback: Any) -> Process:
        owner = getattr(callback, "__self__", None)
        if isinstance(owner, self.parts["tasks"].Task) and callback.__func__ in self.parts["steps"]:
            process = owner.__dict__.get("_cc_process")
            if process is None:
                self._not_alone(run)
                process = owner.__dict__["_cc_process"] = Process(self, run, _name_of(owner), owner)
            return process  # type: ignore[no-any-return]
        if self.callbacks is None:
            self._not_alone(run)
            self.callbacks = Callbacks(self, run, "callbacks")
        return self.callbacks

    def _not_alone(self, run: Engine) -> None:
        """One more process: from now on what the first one does can matter to another."""
        if self._running and self.processes:
            run.alone = False

    def _active(self) -> Engine:
        run = self.run
        if run is None or runs.active is not run:
            raise LoadingError("an event loop is used while the file is being imported; use it in a function")
        if run.dead:
            run.refuse()
        return run

    # Futures and tasks

    def create_future(self) -> Any:
        return self.parts["futures"].Future(loop=self)

    def create_task(self, coro: Any, *, name: Any = None, context: Any = None, **more: Any) -> Any:
        self._check_open()
        self._look_at_settings()
        if self._factory is not None:
            given = more if context is None else {"context": context, **more}
            task = self._factory(self, coro, **given)
            if name is not None:
                task.set_name(name)
            return task
        return self.parts["tasks"].Task(coro, loop=self, name=name, context=context, **more)

    def set_task_factory(self, factory: Any) -> None:
        if factory is not None and not callable(factory):
            raise TypeError("task factory must be a callable or None")
        self._change_settings()
        self._factory = factory

    def get_task_factory(self) -> Any:
        self._look_at_settings()
        return self._factory

    # Errors

    def set_exception_handler(self, handler: Any) -> None:
        if handler is not None and not callable(handler):
            raise TypeError(f"A callable object or None is expected, got {handler!r}")
        self._change_settings()
        self._handler = handler

    def get_exception_handler(self) -> Any:
        self._look_at_settings()
        return self._handler

    def _look_at_settings(self) -> None:
        run = self._active()
        if not run.alone:
            run.step((READ, (id(self), "settings"), self, None, None))

    def _change_settings(self) -> None:
        run = self._active()
        if not run.alone:
            run.step((WRITE, (id(self), "settings"), self, None, None))

    def default_exception_handler(self, context: dict[str, Any]) -> None:
        """What Python only logs is a failure of the run: an exception that nobody gets."""
        run = self._active()
        error = context.get("exception") or RuntimeError(context.get("message"))
        about = context.get("task") or context.get("future")
        process = None if about is None else about.__dict__.get("_cc_process")
        thread = run.current if process is None else process.thread
        run.failures.append(ThreadFailure(thread, error, len(run.trace)))

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        self._look_at_settings()
        if self._handler is None:
            self.default_exception_handler(context)
        else:
            self._handler(self, context)

    def get_debug(self) -> bool:
        return False

    def set_debug(self, enabled: bool) -> None:
        """Accepted, without effect: what debug mode looks for depends on the real clock."""

    # Steps

    def enter(self, process: Process) -> None:
        """A step begins."""
        self.current = process

    def leave(self) -> None:
        """The step is over."""
        self.current = None

    def run_handle(self, handle: Any, step: Step) -> None:
        """Run what a handle stands for, within a step."""
        run = self.run
        assert run is not None
        self._note_context(run, handle._context, step)
        hooks = sys.get_asyncgen_hooks()
        sys.set_asyncgen_hooks(self._first_round, self._dropped)
        try:
            handle._context.run(handle._callback, *handle._args)
        except Abort:
            raise
        except (SystemExit, KeyboardInterrupt) as error:
            if run.dead or (type(error) is KeyboardInterrupt and run.interrupted is not None):
                raise
            self._error = error
            if not run.alone:
                run.step((WRITE, (id(self), ops.GATE), self, None, None))
            self._stopping = True
        except BaseException as error:  # a callback that fails does not end the loop
            self.call_exception_handler(
                {"message": f"Exception in callback {callback_name(handle._callback)}", "exception": error}
            )
        finally:
            sys.set_asyncgen_hooks(*hooks)
        self._note_generators(run, step)

    def _note_context(self, run: Engine, context: Any, step: Step) -> None:
        """A context that several tasks were given is state that they share. Whether there is any is learnt."""
        me = run.current.tid
        if (
            self._contexts.setdefault(id(context), (context, me))[1] != me
            and _SHARED not in run.knowledge.names
        ):
            run.knowledge.learn(run.knowledge.names, _SHARED)
        if _SHARED in run.knowledge.names and not run.alone:
            step.touch(run, WRITE, (id(context), "[]"), context)


def running_loop() -> Loop | None:
    """The loop whose step is being taken."""
    run = runs.active
    if run is None:
        return None
    return next((loop for loop in run.loops if loop._running and loop.current is not None), None)


def _stop_its_loop(future: Any) -> None:
    if not future.cancelled() and isinstance(future._exception, (SystemExit, KeyboardInterrupt)):
        return  # it ends the loop by itself
    future._loop.stop()


def _name_of(task: Any) -> str:
    coroutine = task.__dict__.get("_coro")
    return getattr(coroutine, "__qualname__", "task").rpartition(".")[2]


def callback_name(callback: Callable[..., Any]) -> str:
    """What a callback is called."""
    return getattr(callback, "__qualname__", type(callback).__qualname__)
