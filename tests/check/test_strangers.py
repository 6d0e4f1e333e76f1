"""Threads of the operating system below code that is not rewritten are named; nothing is verified with them."""

import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from concur.check import Status
from concur.errors import UsageError

from .conftest import Check

ELSEWHERE = """
import _thread
import threading
from concurrent.futures import ThreadPoolExecutor

def together_for_real(*functions):
    threads = [threading.Thread(target=function) for function in functions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

def pooled(*functions):
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda function: function(), functions))

def bare(*functions):
    for function in functions:
        _thread.start_new_thread(function, ())

class Later(threading.Timer):
    pass

def timed(*functions):
    for function in functions:
        Later(0, function).start()
"""

COUNTER = """
import elsewhere
def scenario():
    counts = [0]
    def add():
        counts[0] += 1
    elsewhere.{start}(add, add)
    assert counts[0] == 3, "never true, so verified is never right"
"""


@pytest.fixture(autouse=True)
def elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A package that is not rewritten, since it lies in another folder."""
    packages = tmp_path / "packages"
    packages.mkdir()
    (packages / "elsewhere.py").write_text(ELSEWHERE)
    monkeypatch.delitem(sys.modules, "elsewhere", raising=False)
    monkeypatch.syspath_prepend(str(packages))
    return packages


@pytest.mark.parametrize("start", ["together_for_real", "pooled", "bare", "timed"])
def test_started_in_a_run(check: Check, start: str) -> None:
    """A function that was not rewritten and starts threads is named, with the line that called it."""
    verdict = check(COUNTER.format(start=start))
    assert verdict.status is Status.UNCHECKABLE, str(verdict)
    assert f"{start}() in " in verdict.reason or "map() in" in verdict.reason
    assert "program.py:17, starts a thread of the operating system" in verdict.reason


def test_started_beside_virtual_threads(check: Check) -> None:
    """Also when the program has threads of its own by then."""
    verdict = check(
        """
        import elsewhere
        def scenario():
            together(lambda: elsewhere.bare(int), int)
        """
    )
    assert verdict.status is Status.UNCHECKABLE
    assert "bare() in" in verdict.reason


def test_started_while_loading(check: Check) -> None:
    """The top level of a file under test starts none either."""
    with pytest.raises(UsageError, match=r"bare\(\) in .* starts a thread of the operating system"):
        check("import elsewhere\nelsewhere.bare(int)\ndef scenario(): ...")


def test_a_library_that_starts_one_when_imported(check: Check, elsewhere: Path) -> None:
    """What a library does with itself when it is imported is not the program's."""
    (elsewhere / "lively.py").write_text("import _thread\n_thread.start_new_thread(int, ())\n")
    sys.modules.pop("lively", None)
    verdict = check("import lively\ndef scenario():\n    together(int, int)\n")
    assert verdict.status is Status.VERIFIED, str(verdict)


def test_a_thread_that_was_there_before(check: Check, elsewhere: Path) -> None:
    """A worker from before the run that is handed a function of the program is noticed."""
    (elsewhere / "crew.py").write_text("pool = None\ndef hand_over(f):\n    pool.submit(f).exception()\n")
    sys.modules.pop("crew", None)
    import crew  # type: ignore[import-not-found]

    with ThreadPoolExecutor(1) as crew.pool:
        crew.pool.submit(int).result()
        verdict = check("import crew\ndef work(): ...\ndef scenario():\n    crew.hand_over(work)\n")
    assert verdict.status is Status.UNCHECKABLE, str(verdict)
    assert "a thread of the operating system that is not part of the run came to" in verdict.reason


def test_other_threads_of_the_process_are_free(check: Check) -> None:
    """A thread that has nothing to do with the run may start others meanwhile; afterwards everybody may."""
    begun, ended = threading.Event(), threading.Event()

    def bystander() -> None:
        begun.wait()
        threading.Thread(target=ended.set).start()

    watcher = threading.Thread(target=bystander)
    watcher.start()

    def progress(schedules: int) -> None:
        begun.set()
        ended.wait()

    start = threading.Thread.start
    assert check("def scenario():\n    together(int, int)\n", progress=progress).status is Status.VERIFIED
    watcher.join()
    assert threading.Thread.start is start
