"""Real processes without luck: they end by joins, pipes and states, never by a delay."""

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator
from multiprocessing.context import BaseContext
from typing import Any

import pytest

from tests.sync.conftest import ctrl_c, elsewhere, until

__all__ = ["ctrl_c", "elsewhere", "until"]  # fixtures of the threads that serve here, too

FUSE = 60.0  # seconds; reached only by something that hangs
WAYS = ("fork", "spawn", "forkserver")


class Children:
    """Starts child processes in one way, and sees to it that none is left."""

    def __init__(self, way: str) -> None:
        self.way = way
        self.context: BaseContext = multiprocessing.get_context(way)
        self.started: list[Any] = []

    def start(self, target: Callable[..., object], *given: object) -> Any:
        process = self.context.Process(target=target, args=given, daemon=True)  # type: ignore[attr-defined]
        self.started.append(process)
        process.start()
        return process

    def join(self, *processes: Any) -> list[int]:
        """Wait for *processes*, or for all that were started; how they ended."""
        for process in processes or self.started:
            process.join(FUSE)
            assert process.exitcode is not None, f"{process.name} hangs"
        return [process.exitcode for process in processes or self.started]

    def kill(self, process: Any) -> None:
        """End *process* as the kernel does when memory runs out."""
        os.kill(process.pid, signal.SIGKILL)
        process.join(FUSE)
        assert process.exitcode == -signal.SIGKILL

    def end(self) -> None:
        for process in self.started:
            if process.exitcode is None:
                process.kill()
                process.join(FUSE)


@pytest.fixture(params=WAYS)
def children(request: pytest.FixtureRequest) -> Iterator[Children]:
    """Child processes, started in each way that there is."""
    every = Children(request.param)
    yield every
    every.end()


@pytest.fixture
def forked() -> Iterator[Children]:
    every = Children("fork")
    yield every
    every.end()


def received(connection: Any) -> Any:
    """The next message of *connection*, a pipe from a child."""
    assert connection.poll(FUSE), "nothing came from the child"
    return connection.recv()


def halt_at(thing: Any, name: str, pipe: Any, before: bool = True) -> None:
    """In this process, *thing* tells *pipe* when its method of that *name* is called, or has ended, and waits there."""
    method = getattr(thing, name)

    def halts(*given: Any, **named: Any) -> Any:
        answer = None if before else method(*given, **named)
        pipe.send("halted")
        pipe.recv()
        setattr(thing, name, method)
        return method(*given, **named) if before else answer

    setattr(thing, name, halts)


def descriptors() -> list[str]:
    """What this process has open."""
    return sorted(os.listdir("/dev/fd"))
