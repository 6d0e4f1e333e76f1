"""Faults of the student's file that have nothing to do with threads, in one line."""

import sys
from pathlib import Path

import pytest

from concur.errors import UsageError
from concur.grade.attempt import loaded, plain_words

SIGNATURE = "give it the signature of the stub"


@pytest.fixture
def tests(tmp_path: Path) -> Path:
    path = tmp_path / "test_counter.py"
    path.write_text("c = attempt.Counter(0)\nc.add(1)\nc.value\nattempt.run_all()\n")
    return path


@pytest.fixture
def counter(tmp_path: Path) -> Path:
    path = tmp_path / "counter.py"
    path.write_text(
        "class Counter:\n"
        "    def __init__(self): self._value = 0\n"
        "    def add(self): self._help(1)\n"
        "    def _help(self): ...\n"
    )
    return path


@pytest.mark.parametrize(
    ("message", "said"),
    [
        (
            "AttributeError: module 'counter' has no attribute 'run_all'",
            "counter.py has no name run_all; the stub defines it",
        ),
        (
            "AttributeError: 'Counter' object has no attribute 'value'",
            "class Counter in counter.py has no value; the stub defines it",
        ),
        (
            "TypeError: Counter.add() takes 1 positional argument but 2 were given",
            "counter.py: Counter.add() takes 1 positional argument but 2 were given; " + SIGNATURE,
        ),
        (
            "TypeError: Counter.__init__() takes 1 positional argument but 2 were given",
            "counter.py: Counter.__init__() takes 1 positional argument but 2 were given; " + SIGNATURE,
        ),
    ],
)
def test_what_the_stub_had_and_the_attempt_lacks_is_named(counter, tests, message: str, said: str) -> None:
    assert plain_words(message, counter, tests) == said


@pytest.mark.parametrize(
    "message",
    [
        "AttributeError: 'Counter' object has no attribute '_lock'",
        "AttributeError: 'NoneType' object has no attribute 'value'",
        "AttributeError: module 'math' has no attribute 'add'",
        "TypeError: Counter._help() takes 1 positional argument but 2 were given",
        "AssertionError: 1",
        "",
    ],
)
def test_other_failures_keep_their_run(counter, tests, message: str) -> None:
    """An error inside the student's own code may depend on the interleaving."""
    assert plain_words(message, counter, tests) == ""


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("def f(:\n", r"counter.py:1: SyntaxError: "),
        ("x = 1\n  y = 2\n", r"counter.py:2: IndentationError: unexpected indent"),
        ("x = 1\nraise OSError('no')\n", r"counter.py cannot be imported: OSError: no \(counter.py:2\)"),
        ("import sys\nsys.exit('bye')\n", r"counter.py cannot be imported: SystemExit: bye \(counter.py:2\)"),
        (
            "import no_such_thing\n",
            r"cannot be imported: ModuleNotFoundError: No module named 'no_such_thing'",
        ),
        ("\0", "counter.py"),
    ],
)
def test_a_file_that_cannot_be_loaded_is_named_with_its_line(counter, source: str, said: str) -> None:
    counter.write_text(source)
    with pytest.raises(UsageError, match=said) as caught, loaded(counter):
        pass
    assert "\n" not in str(caught.value)


def test_a_file_may_have_the_name_of_a_module_of_python(tmp_path: Path) -> None:
    """The standard library is not replaced by the attempt."""
    import queue

    path = tmp_path / "queue.py"
    path.write_text("NAME = 'mine'\n")
    with loaded(path) as module:
        assert module.NAME == "mine"
        assert sys.modules["queue"] is queue


def test_nothing_is_left_behind(counter) -> None:
    before = list(sys.path)
    with loaded(counter) as module:
        assert sys.modules["counter"] is module
    assert "counter" not in sys.modules
    assert sys.path == before
