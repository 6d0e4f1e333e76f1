"""A call that waits for the real world ends as uncheckable, with its name and line; never a hang."""

import gc
import os
import signal
import sys
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from concur.check import Status, watch
from concur.errors import UsageError

from .conftest import Check

# A program that is ended inside a call does not close what it had opened.
pytestmark = pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning"
)

# What blocks -> what the verdict must name.
BLOCKS = {
    "os.read(r, 1)": "os.read()",
    "os.fdopen(r).read()": "read()",
    "open(FIFO)": "open()",
    "socket.create_server(('127.0.0.1', 0)).accept()": "accept()",
    "subprocess.run(['sleep', '1000'])": "subprocess.run()",
    "select.select([r], [], [])": "select.select()",
    "signal.pause()": "signal.pause()",
    "waiting.forever()": "forever()",
}

HEAD = """
import os, select, signal, socket, subprocess
import waiting
FIFO = "fifo"
"""

SETUP = "\n    r, w = os.pipe()"

FOREIGN = """
import queue
def forever():
    return queue.Queue().get()
"""


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Look often; and a package that is not rewritten, since it lies elsewhere."""
    monkeypatch.setattr(watch, "_LOOK", 0.05)
    monkeypatch.setattr(watch, "_IDLE", 0.001)
    packages = tmp_path / "packages"
    packages.mkdir()
    (packages / "waiting.py").write_text(FOREIGN)
    monkeypatch.delitem(sys.modules, "waiting", raising=False)
    monkeypatch.syspath_prepend(str(packages))
    os.mkfifo(tmp_path / "fifo")
    yield
    with warnings.catch_warnings():  # nor may what it left be found by a later test
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


def program(text: str, tmp_path: Path) -> str:
    return HEAD.replace('"fifo"', repr(str(tmp_path / "fifo"))) + text


@pytest.mark.parametrize("call", BLOCKS)
def test_in_a_thread(check: Check, tmp_path: Path, call: str) -> None:
    """While other threads live."""
    verdict = check(
        program(
            f"def scenario():{SETUP}\n    def wait():\n        {call}\n    together(wait, wait)\n", tmp_path
        )
    )
    assert verdict.status is Status.UNCHECKABLE, str(verdict)
    refused = "create_server()" if "server" in call else BLOCKS[call].rpartition(".")[2]
    assert refused in verdict.reason
    assert "program.py:" in verdict.reason


@pytest.mark.parametrize("call", BLOCKS)
def test_while_the_main_thread_is_alone(check: Check, tmp_path: Path, call: str) -> None:
    """Before any thread is started."""
    verdict = check(program(f"def scenario():{SETUP}\n    {call}\n", tmp_path))
    assert verdict.status is Status.UNCHECKABLE, str(verdict)
    assert BLOCKS[call] in verdict.reason
    assert "waited 0.25 s" in verdict.reason
    assert "program.py:" in verdict.reason


def test_while_the_file_is_imported(check: Check, tmp_path: Path) -> None:
    """That is wrong usage, and the message names the call."""
    with pytest.raises(UsageError, match=r"os\.read\(.*at .*program\.py:\d+ waited"):
        check(program("os.read(os.pipe()[0], 1)\ndef scenario(): pass\n", tmp_path))


@pytest.mark.parametrize(
    "body",
    [
        "while True:\n            try: os.read(r, 1)\n            except BaseException: pass",
        "try: os.read(r, 1)\n        finally: os.read(r, 1)",
    ],
)
def test_a_program_that_catches_everything(check: Check, tmp_path: Path, body: str) -> None:
    """The end of the run cannot be swallowed, and a second wait ends as well."""
    text = f"def scenario():{SETUP}\n    def wait():\n        {body}\n    together(wait, wait)\n"
    assert check(program(text, tmp_path)).status is Status.UNCHECKABLE


def test_work_for_the_processor_is_no_waiting(
    check: Check, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A long call into C that ends is waited for; one in Python that is not rewritten is ended after longer."""
    text = "def scenario():\n    assert sum(range(20_000_000)) > 0\n"
    assert check(program(text, tmp_path)).status is Status.VERIFIED
    monkeypatch.setattr(watch, "_COMPUTING", 8)
    monkeypatch.setattr(watch, "_IDLE", -1)  # however little of the processor a busy machine gives us
    (tmp_path / "packages" / "waiting.py").write_text("def forever():\n    while True: pass\n")
    monkeypatch.delitem(sys.modules, "waiting", raising=False)
    verdict = check(program("def scenario():\n    waiting.forever()\n", tmp_path))
    assert verdict.status is Status.UNCHECKABLE, str(verdict)
    assert "forever() at" in verdict.reason
    assert "computed for" in verdict.reason


def test_nothing_is_left_behind(check: Check) -> None:
    """No thread and no handler of ours outlives a call; nor is the handler of another lost."""
    seen: list[int] = []
    before = signal.signal(signal.SIGURG, lambda number, frame: seen.append(number))
    ours = signal.getsignal(signal.SIGURG)
    try:
        assert check("def scenario(): pass").status is Status.VERIFIED
        assert signal.getsignal(signal.SIGURG) is ours
    finally:
        signal.signal(signal.SIGURG, before)
    assert "concur-watch" not in {thread.name for thread in threading.enumerate()}
    assert seen == []


def test_outside_the_main_thread_there_is_no_watch(check: Check) -> None:
    """Where signals cannot be handled, exploring works without."""
    verdicts = []
    thread = threading.Thread(target=lambda: verdicts.append(check("def scenario(): pass")))
    thread.start()
    thread.join()
    assert verdicts[0].status is Status.VERIFIED


@pytest.mark.parametrize("call", ["multiprocessing.Process()", "multiprocessing.Queue()"])
def test_processes_are_refused(check: Check, call: str) -> None:
    """What runs beside the threads is named at once, also while the main thread is alone."""
    verdict = check(f"import multiprocessing\ndef scenario():\n    {call}\n")
    assert verdict.status is Status.UNCHECKABLE
    assert "program.py:" in verdict.reason
    assert "cannot be controlled" in verdict.reason
