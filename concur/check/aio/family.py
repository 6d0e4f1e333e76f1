"""Who made whom on an event loop: numbers and hashes of tasks that do not depend on the order of steps.

CPython numbers tasks as they come, and a set of them is ordered by their addresses. Here
the second task that a task makes is the second, whatever others have made before.
"""

import types
from typing import TYPE_CHECKING, Any

from concur.check import engine as runs
from concur.check.engine import Engine
from concur.check.ops import ADVANCE, READ
from concur.check.threads import ThreadFailure

if TYPE_CHECKING:
    from concur.check.aio.process import Process

__concur__ = True  # what is defined here announces by itself


class Family:
    """The tasks and futures of one loop; a part of it."""

    run: Engine | None
    parts: dict[str, Any]
    current: "Process | None"
    _handler: Any

    def __init__(self) -> None:
        super().__init__()
        self.tasks: list[Any] = []
        self.futures: list[Any] = []  # tasks among them
        self._children: dict[tuple[str, tuple[int, ...]], int] = {}

    def next_path(self) -> tuple[int, ...]:
        """Where a new process stands in the tree of who made whom."""
        return (*self._maker(), self._next("process"))

    def number(self, future: Any) -> None:
        """Number a new future among those of its maker: that does not depend on what others have made before."""
        kind = "task" if isinstance(future, self.parts["tasks"].Task) else "future"
        future.__dict__["_cc_number"] = number = self._next(kind)
        future.__dict__["_cc_path"] = (*self._maker(), number)
        self.futures.append(future)

    def next_task(self) -> tuple[int, ...]:
        """The number of the task that is being made, for its name: the second that task 1 makes is 1.2."""
        maker = self._maker()
        return (*maker, self._children.get(("task", maker), 0))

    def _maker(self) -> tuple[int, ...]:
        process = self.current
        if process is None:
            return ()
        return (0, *process.path) if process.task is None else process.task._cc_path

    def _next(self, kind: str) -> int:
        maker = self._maker()
        number = self._children[kind, maker] = self._children.get((kind, maker), 0) + 1
        return number

    def register(self, task: Any) -> None:
        """A task was made; the order does not matter, since `all_tasks` is a set."""
        self.tasks.append(task)
        run = self.run
        if run is not None and not run.alone and not run.dead:
            run.step((ADVANCE, (id(self), "tasks"), self, None, None))

    def all_tasks(self) -> set[Any]:
        run = runs.active
        assert run is not None
        if not run.alone:
            run.step((READ, (id(self), "tasks"), self, None, None))
        return {task for task in sorted(self.tasks, key=_path_of) if not task.done()}

    # The end of a run

    def look_for_lost_errors(self) -> None:
        """The program is over: an exception of a task or a future that nobody has asked for is a failure."""
        run = self.run
        assert run is not None
        for future in self.futures:
            lost = future.__dict__.get("_Future__log_traceback", False)
            if lost and future._exception is not None:
                process = future.__dict__.get("_cc_process")
                thread = run.current if process is None else process.thread
                if self._handler is None:
                    run.failures.append(ThreadFailure(thread, future._exception, len(run.trace)))

    def tear_down(self) -> None:
        """The run is over: close what is left, so that nothing of it runs later."""
        for task in self.tasks:
            coroutine = task.__dict__.get("_coro")
            if type(coroutine) is types.CoroutineType:
                for _ in range(3):
                    try:
                        coroutine.close()
                    except BaseException:  # it is being ended; what it says to that does not count
                        continue
                    break
        self.tasks.clear()
        self.futures.clear()


def _path_of(task: Any) -> Any:
    return task._cc_number, task._cc_path
