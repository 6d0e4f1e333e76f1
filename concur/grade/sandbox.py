"""Run a child process that may hang, die, eat memory or print without end.

It runs in a process group of its own, so that all it started is ended with it; Ctrl-C reaches the
caller only, who ends the group. Limits that the operating system does not know (macOS ignores the
one on memory) are left out. This is protection from accidents, not from malice: the child has the
rights of the user.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

_OUT_OF_CPU = int(getattr(signal, "SIGXCPU", -1))
_TICK = 0.05  # seconds between two looks at the child
_KEPT = 64 * 1024  # bytes of output that are kept
_MIB = 1024 * 1024

# Sets its own limits, then becomes the program. A hook that runs between fork and exec would not
# be safe, since the caller may have threads.
_ENTER = """
import json, os, resource, sys
for name, limit in json.loads(sys.argv[1]).items():
    kind = getattr(resource, name, None)
    if kind is not None:
        hard = resource.getrlimit(kind)[1]
        if hard != resource.RLIM_INFINITY:
            limit = min(limit, hard)
        try:
            resource.setrlimit(kind, (limit, hard))
        except (OSError, ValueError):
            pass
os.execv(sys.argv[2], sys.argv[2:])
"""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a child may use."""

    silence: float = 20.0  # seconds without a sign of progress; an exploration gives one every second
    cpu: int = 1800  # seconds of processor time, in each process
    memory: int = 2048 * _MIB  # bytes of address space
    output: int = 32 * _MIB  # bytes printed; only an endless loop comes so far
    file: int = 64 * _MIB  # bytes in a file it writes


@dataclass(frozen=True, slots=True)
class Ending:
    """How a child ended.

    Attributes:
        code: its exit code; negative, the signal that ended it.
        output: the beginning of what it printed, on both streams.
        stopped: why it was ended from outside, in words that follow its name; ``""`` if it was not.
    """

    code: int
    output: str
    stopped: str


def run(
    argv: Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str],
    limits: Limits,
    progress: Callable[[], object] = lambda: None,
) -> Ending:
    """Run *argv* to its end, or to the first limit it crosses.

    Args:
        argv: the program's absolute path and its arguments.
        cwd: where it runs.
        env: its environment, complete.
        limits: what it may use.
        progress: called often; when what it returns changes, the child is making progress.

    Raises:
        KeyboardInterrupt: Ctrl-C was pressed; the child has been ended.
    """
    child = _start(argv, cwd, env, limits)
    try:
        assert child.stdout is not None
        output = _Output(child.stdout, limits.output)
        stopped = _watch(child, output, limits, progress)
    finally:
        _end(child)
    output.close()
    return Ending(child.returncode, output.text(), stopped)


def _start(argv: Sequence[str], cwd: Path, env: Mapping[str, str], limits: Limits) -> subprocess.Popen[bytes]:
    if sys.platform != "win32":
        wanted = {
            "RLIMIT_CPU": limits.cpu,
            "RLIMIT_AS": limits.memory,
            "RLIMIT_FSIZE": limits.file,
            "RLIMIT_CORE": 0,
        }
        argv = [sys.executable, "-I", "-S", "-c", _ENTER, json.dumps(wanted), *argv]
    return subprocess.Popen(
        argv,
        cwd=cwd,
        env=dict(env),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


def _watch(
    child: subprocess.Popen[bytes], output: "_Output", limits: Limits, progress: Callable[[], object]
) -> str:
    """Wait for the end; returns why the child has to be ended, or ``""``."""
    seen, since = progress(), time.monotonic()
    while True:
        try:
            code = child.wait(_TICK)
            return f"used {limits.cpu} s of processor time" if code == -_OUT_OF_CPU else ""
        except subprocess.TimeoutExpired:
            pass
        if output.flooded.is_set():
            return f"printed more than {limits.output // 1024:,} KiB"
        now = progress()
        if now != seen:
            seen, since = now, time.monotonic()
        elif time.monotonic() - since > limits.silence:
            return f"ran for {limits.silence:g} s without an end"


def _end(child: subprocess.Popen[bytes]) -> None:
    """End the whole group, also when the child itself has ended: it may have left children."""
    if sys.platform != "win32":
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, signal.SIGKILL)
    child.kill()
    child.wait()


class _Output:
    """Reads a pipe in a thread, so that the writer is never blocked, and keeps the beginning."""

    def __init__(self, pipe: IO[bytes], limit: int) -> None:
        self.flooded = threading.Event()
        self._pipe = pipe
        self._limit = limit
        self._read_bytes = 0
        self._kept = bytearray()
        self._reader = threading.Thread(target=self._read, name="sandbox-output", daemon=True)
        self._reader.start()

    def _read(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            while chunk := os.read(self._pipe.fileno(), 65536):
                self._kept += chunk[: _KEPT - len(self._kept)]
                self._read_bytes += len(chunk)
                if self._read_bytes > self._limit:
                    self.flooded.set()

    def close(self) -> None:
        # A process that left the group may hold the pipe open for ever: do not wait for it.
        self._reader.join(1.0)
        if not self._reader.is_alive():
            self._pipe.close()

    def text(self) -> str:
        return bytes(self._kept).decode("utf-8", errors="replace")
