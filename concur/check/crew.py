"""Processes that work for one exploration: forked when it is under way, and gone when it is over.

Each answers one task after the other, and knows what the parent knew when it was
forked. The parent runs no code of the program under test meanwhile, so it can be
interrupted at any time; then, as at any other end, all are killed. A process
whose parent is no more ends by itself.
"""

import contextlib
import ctypes
import os
import signal
import sys
import threading
import traceback
import warnings
from collections.abc import Callable
from contextlib import AbstractContextManager
from multiprocessing.connection import Connection, Pipe, wait
from typing import Any, NoReturn

from concur.errors import UsageError

_PR_SET_PDEATHSIG = 1  # of prctl(2)


class Lost(Exception):
    """A process has died."""


def check_jobs(jobs: object) -> int:
    """A number of processes, if so many can be had.

    Raises:
        UsageError: they cannot.
    """
    if not isinstance(jobs, int) or isinstance(jobs, bool) or jobs < 1:
        raise UsageError(f"jobs is a number of processes, 1 or more, not {jobs!r}")
    if jobs > 1:
        if not hasattr(os, "fork"):
            raise UsageError(f"jobs={jobs}: this system has no fork; take jobs=1")
        others = other_threads()
        if others:
            raise UsageError(
                f"jobs={jobs}: a process in which other threads run cannot be forked, and here there are"
                f" {', '.join(others)}; end them first, or take jobs=1"
            )
    return jobs


def other_threads() -> list[str]:
    """The names of the threads of this process, but for the one that asks."""
    me = threading.get_ident()
    names = {thread.ident: f"'{thread.name}'" for thread in threading.enumerate()}
    return [names.get(ident, "one without a name") for ident in sys._current_frames() if ident != me]


class Crew:
    """So many processes, by number."""

    def __init__(self) -> None:
        self.connections: list[Connection] = []
        self.processes: list[int] = []
        self.free: list[int] = []

    def start(
        self, size: int, serve: Callable[[Any], Any], quiet: Callable[[], AbstractContextManager[None]]
    ) -> None:
        """Fork them; `end` is to be called whatever this comes to.

        Args:
            size: how many.
            serve: answers a task, in such a process; tasks and answers are pickled.
            quiet: under it this process has no second thread.

        Raises:
            Lost: there is no room for another process.
        """
        for _ in range(size):
            try:
                self._fork(serve, quiet)
            except OSError as error:
                raise Lost(f"no process could be started ({error})") from None

    def _fork(self, serve: Callable[[Any], Any], quiet: Callable[[], AbstractContextManager[None]]) -> None:
        mine, its = Pipe()
        parent = os.getpid()
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
        try:
            with quiet(), warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)  # of a thread that has only just ended
                process = os.fork()
            if process == 0:
                _live(its, [mine, *self.connections], serve, before, parent)
            self.free.append(len(self.connections))
            self.connections.append(mine)
            self.processes.append(process)
        finally:
            if os.getpid() != parent:
                os._exit(1)  # nothing that the parent has begun is ended by another process
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
            its.close()

    def give(self, member: int, task: Any) -> None:
        """Hand a task to a process that is free.

        Raises:
            Lost: it has died.
        """
        self.free.remove(member)
        try:
            self.connections[member].send(task)
        except OSError:
            raise Lost(self._how_it_ended(member)) from None

    def answers(self, seconds: float) -> list[tuple[int, Any]]:
        """What has been answered within that time, each with the number of the process.

        Raises:
            Lost: a process has died.
        """
        found = []
        for connection in wait(self.connections, max(seconds, 0)):
            member = self.connections.index(connection)  # type: ignore[arg-type]
            try:
                answer = self.connections[member].recv()
            except (EOFError, OSError):
                raise Lost(self._how_it_ended(member)) from None
            if isinstance(answer, _Fault):
                raise RuntimeError(f"a process of the search failed:\n{answer.text}")
            self.free.append(member)
            found.append((member, answer))
        return found

    def _how_it_ended(self, member: int) -> str:
        process = self.processes[member]
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
        code = _reap(process)
        self.processes[member] = 0
        if code is not None and code < 0:
            return f"a process of the search was killed by {signal.Signals(-code).name}"
        return f"a process of the search ended with exit code {code}"

    def end(self) -> None:
        """Kill them all, whatever they do."""
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})  # pressed twice
        try:
            for process in filter(None, self.processes):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process, signal.SIGKILL)
            for process in filter(None, self.processes):
                _reap(process)
            self.processes = []
            for connection in self.connections:
                connection.close()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)


class _Fault:
    """What a process answers when it cannot answer."""

    def __init__(self, text: str) -> None:
        self.text = text


def _reap(process: int) -> int | None:
    try:
        return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    except ChildProcessError:  # somebody else has
        return None


def _live(
    connection: Connection, others: list[Connection], serve: Callable[[Any], Any], signals: Any, parent: int
) -> NoReturn:
    """The life of a process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever presses Ctrl-C means the parent
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, signals)
    for other in others:
        other.close()
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    while os.getppid() == parent:
        try:
            task = connection.recv()
        except EOFError:
            break
        try:
            answer = serve(task)
        except BaseException:
            answer = _Fault(traceback.format_exc())
        connection.send(answer)
    os._exit(0)
