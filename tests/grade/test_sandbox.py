"""A child process that misbehaves is ended, with all it started, and its output is kept."""

import os
import signal
import sys
import threading
from pathlib import Path

import pytest

from concur.grade.sandbox import Ending, Limits, run

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="limits and process groups are of POSIX")


def python(code: str, cwd: Path, limits: Limits | None = None) -> Ending:
    return run([sys.executable, "-c", code], cwd=cwd, env=os.environ, limits=limits or Limits())


def test_output_and_exit_code_are_kept(tmp_path: Path) -> None:
    code = "import sys; print('out', flush=True); print('err', file=sys.stderr); sys.exit(7)"
    assert python(code, tmp_path) == Ending(7, "out\nerr\n", "")


def test_a_child_that_waits_for_ever_is_stopped(tmp_path: Path) -> None:
    ending = python("import threading; threading.Event().wait()", tmp_path, Limits(silence=0.2))
    assert ending.stopped == "ran for 0.2 s without an end"
    assert ending.code == -signal.SIGKILL


@pytest.mark.parametrize("loop", ["while True: pass", "import itertools; sum(itertools.count())"])
def test_a_child_that_computes_for_ever_is_stopped(tmp_path: Path, loop: str) -> None:
    """In Python or in C: its processor time ends."""
    assert python(loop, tmp_path, Limits(cpu=1)).stopped == "used 1 s of processor time"


def test_a_child_that_shows_progress_is_not_stopped(tmp_path: Path) -> None:
    """The limit is on silence: the time it takes altogether does not matter."""
    ticks = iter(range(1_000_000))
    code = "import threading; threading.Event().wait(0.5)"
    ending = run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=os.environ,
        limits=Limits(silence=0.3),
        progress=lambda: next(ticks),
    )
    assert ending == Ending(0, "", "")


def test_a_flood_of_output_is_stopped_and_its_beginning_kept(tmp_path: Path) -> None:
    code = "while True: print('x' * 999)"
    ending = python(code, tmp_path, Limits(output=1024 * 1024))
    assert ending.stopped == "printed more than 1,024 KiB"
    assert len(ending.output) == 64 * 1024


def test_a_child_that_eats_memory_fails_by_itself(tmp_path: Path) -> None:
    code = "kept = []\nwhile True: kept.append(bytearray(1 << 24))"
    ending = python(code, tmp_path, Limits(memory=512 * 1024 * 1024))
    if sys.platform == "darwin":
        pytest.skip("macOS does not limit address space")
    assert ending.code == 1
    assert "MemoryError" in ending.output


def test_what_the_child_started_is_ended_with_it(tmp_path: Path) -> None:
    """A grandchild that waits for ever holds the pipe open; it is gone when run() returns."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    code = f"""
import os
if os.fork() == 0:
    held = open({str(pipe)!r}, "w")
    held.write("alive")
    held.flush()
    os.read(os.pipe()[0], 1)
with open({str(pipe)!r}, "w"):
    pass
"""
    heard: list[str] = []

    def listen() -> None:
        with pipe.open() as file:
            heard.append(file.read())  # ends when the last writer has gone

    listener = threading.Thread(target=listen)
    listener.start()
    ending = python(code, tmp_path)
    listener.join()
    assert ending.code == 0
