"""Wrong usage: one clear line that names the thing, and everything is as it was before."""

import gc
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from concur.check import Status, explore, replay, sample, scenarios_in
from concur.check.verdict import Verdict
from concur.errors import TokenError, UsageError

from .conftest import Check

# text of the file -> words of the message
BROKEN: dict[str, tuple[str, tuple[str, ...]]] = {
    "syntax error": ("def scenario(:\n", ("program.py:1", "not Python")),
    "null byte": ("x = '\0'\n", ("program.py", "not Python")),
    "exception at import": ("\n1 / 0\n", ("program.py", "ZeroDivisionError", "line 2")),
    "exit at import": ("import sys\nsys.exit(3)\n", ("program.py", "SystemExit")),
    "thread at import": (
        "from threading import Thread\nThread(target=print).start()\n",
        ("program.py", "thread is started", "function"),
    ),
    "endless import": ("while True: pass\n", ("program.py:1", "10,000,000")),
    "lock at import": (
        "from threading import Lock\na = Lock()\na.acquire()\na.acquire()\n",
        ("lock is held",),
    ),
    "no such function": ("def scenario_two(): pass\n", ("no function scenario", "scenario_two")),
    "not a function": ("scenario = 3\n", ("not a function",)),
    "a class": ("class scenario: pass\n", ("not a function",)),
    "an asynchronous generator": (
        "async def scenario(): yield\n",
        ("generator", "plain function", "async def"),
    ),
    "a generator": ("def scenario(): yield\n", ("generator", "plain function")),
    "parameters": ("def scenario(a, b): pass\n", ("no parameters", "(a, b)")),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_file_that_cannot_be_explored(tmp_path: Path, name: str) -> None:
    """The message is one line, and names the file or the function."""
    text, words = BROKEN[name]
    file = tmp_path / "program.py"
    file.write_text(text)
    with pytest.raises(UsageError) as caught:
        explore(f"{file}::scenario")
    message = str(caught.value)
    assert "\n" not in message
    assert all(word in message for word in words), message


def test_files_that_are_none(tmp_path: Path) -> None:
    """A missing file, a folder, and bytes that are no text."""
    (tmp_path / "latin.py").write_bytes(b"x = '\xe9'\n")
    (tmp_path / "folder.py").mkdir()
    for name, words in (("gone.py", "no such file"), ("folder.py", "folder"), ("latin.py", "UTF-8")):
        with pytest.raises(UsageError, match=words):
            explore(f"{tmp_path / name}::scenario")
    with pytest.raises(UsageError, match=r"FILE\.py::NAME"):
        explore("scenario")
    with pytest.raises(UsageError, match="no function whose name begins with 'scenario'"):
        (tmp_path / "empty.py").write_text("")
        scenarios_in(tmp_path / "empty.py")


def plain() -> None:
    """A scenario of this file."""


def make_capturing(value: object) -> Callable[[], object]:
    def scenario() -> object:
        return value

    return scenario


def test_captured_values() -> None:
    """Immutable ones are handed on; a mutable one is refused by name."""
    assert explore(make_capturing((1, "a"))).status is Status.VERIFIED
    with pytest.raises(UsageError, match="captures 'value', a list"):
        explore(make_capturing([]))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: explore(print), "plain function"),
        (lambda: explore([].append), "plain function"),
        (lambda: explore(plain, max_schedules=0), "at least one schedule"),
        (lambda: explore(plain, max_seconds=0), "above 0"),
        (lambda: explore(plain, timeouts="never"), "'any' or 'idle'"),  # type: ignore[arg-type]
        (lambda: sample(plain, strategy="luck"), "'random' or 'pct'"),  # type: ignore[arg-type]
        (lambda: sample(plain, runs=0), "at least one schedule"),
        (lambda: explore(plain, attempt="gone.py"), r"gone\.py: there is no such file"),
        (lambda: explore(plain, attempt=__file__), "one parameter, attempt"),
        (lambda: replay(plain, "c1.00000000.0x1", backend="fibres"), "'greenlets' or 'threads'"),  # type: ignore[arg-type]
    ],
)
def test_wrong_arguments(call: Callable[[], Verdict], words: str) -> None:
    """Each is refused before anything is run."""
    with pytest.raises(UsageError, match=words):
        call()


RACE = """
class Box: n = 0
def scenario():
    box = Box()
    def add(): box.n += 1
    together(add, add)
    assert box.n == 2
"""


def test_tokens_that_do_not_fit(check: Check, tmp_path: Path) -> None:
    """A malformed token, one of another source, and one that the program does not follow."""
    found = check(RACE)
    assert found.failure is not None
    token = found.failure.token
    target = f"{tmp_path / 'program.py'}::scenario"
    for bad in ("", "c1", "c2.00000000.0x1", token + "!", "c1.00000000.0x99999999999"):
        with pytest.raises(TokenError, match="not a replay token"):
            replay(target, bad)
    with pytest.raises(TokenError, match="the source has changed"):
        replay(target, "c1.00000000.0x1")
    head = token.rpartition(".")[0]
    for choices in ("0x1", "7x1", "0x5,1x99"):
        with pytest.raises(TokenError, match="did not follow the token"):
            replay(target, f"{head}.{choices}")
    (tmp_path / "program.py").write_text((tmp_path / "program.py").read_text() + "\n# changed\n")
    with pytest.raises(TokenError, match="the source has changed"):
        replay(target, token)


def test_everything_is_restored(check: Check) -> None:
    """Streams and the garbage collector are as before, also after Ctrl-C inside a program."""
    before: tuple[Any, ...] = (sys.stdout, sys.stderr, gc.isenabled(), gc.get_freeze_count())
    check(RACE)
    with pytest.raises(KeyboardInterrupt):
        check("def scenario():\n    def stop(): raise KeyboardInterrupt\n    together(stop, stop)\n")
    assert (sys.stdout, sys.stderr, gc.isenabled(), gc.get_freeze_count()) == before
    assert check(RACE).status is Status.REFUTED


def test_output_is_caught_and_capped(check: Check) -> None:
    """What a program prints is in the verdict, cut at a limit."""
    verdict = check("def scenario():\n    print('hello')\n    print('x' * 100_000)\n")
    assert verdict.output.startswith("hello\nxxx")
    assert len(verdict.output) < 11_000
    assert "cut after" in verdict.output


def test_budgets_end_unfinished(check: Check) -> None:
    """A budget of schedules ends the search with no claim, and says so."""
    text = RACE.replace("assert box.n == 2", "").replace("together(add, add)", "together(add, add, add)")
    verdict = check(text, max_schedules=5)
    assert verdict.status is Status.UNFINISHED
    assert verdict.schedules == 5
    assert "budget of 5 schedules" in verdict.reason


def test_sampling_finds_and_never_verifies(check: Check, tmp_path: Path) -> None:
    """Random schedules refute a race, with a token that replays, and claim nothing for a right program."""
    check(RACE)
    target = f"{tmp_path / 'program.py'}::scenario"
    for strategy in ("random", "pct"):
        found = sample(target, runs=200, seed=1, strategy=strategy)
        assert found.status is Status.REFUTED
        assert found.failure is not None
        token = found.failure.token
        assert replay(target, token).status is Status.REFUTED
        again = sample(target, runs=200, seed=1, strategy=strategy)
        assert again.failure is not None
        assert again.failure.token == token
    check("def scenario():\n    together(lambda: None, lambda: None)\n")
    assert sample(target, runs=20).status is Status.UNFINISHED


def test_a_verdict_has_no_truth_value(check: Check) -> None:
    """Four answers do not fit in two."""
    with pytest.raises(TypeError, match=r"verdict\.status"):
        bool(check("def scenario(): pass\n"))
