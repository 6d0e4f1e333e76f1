"""Programs and a throw-away course for the command."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest
from click.testing import CliRunner, Result

from concur.cli import main

Command = Callable[..., Result]

TESTS = '''
from concur.grade import graded

@graded(points=2)
def test_work(attempt):
    """The work ends."""
    assert attempt.work() == 1

@graded(points=3)
def test_threads(explore):
    """A thread can work."""
    def scenario(attempt):
        from threading import Thread
        done = []
        thread = Thread(target=lambda: done.append(attempt.work()))
        thread.start()
        thread.join()
        assert done == [1]

    explore(scenario)
'''

RIGHT = "def work():\n    return 1\n"
WRONG = "def work():\n    return 2\n"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def concur(home: Path) -> Command:
    """Run the command in this process."""

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(main, arguments, prog_name="concur")

    return run


@pytest.fixture
def shell(home: Path) -> Callable[..., subprocess.Popen[str]]:
    """Start the command in a process of its own."""

    def start(*arguments: str, start_new_session: bool = False, **more: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "concur", *arguments],
            cwd=home,
            env={**os.environ, **more},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=start_new_session,
        )

    return start


@pytest.fixture
def program(home: Path) -> Callable[[str], str]:
    """Write a program to check, and return its name."""

    def write(source: str) -> str:
        (home / "program.py").write_text(dedent(source))
        return "program.py"

    return write


@pytest.fixture
def exercise(home: Path) -> Callable[..., Path]:
    """Add an exercise to the course in the working directory, and return the file to edit."""

    def add(name: str, attempt: str = RIGHT) -> Path:
        folder = home / "exercises" / name
        folder.mkdir(parents=True)
        (folder / f"test_{name[3:]}.py").write_text(TESTS)
        (folder / "README.md").write_text(f"# {name[3:]}\n\nConcept: idea of {name[3:]}\n")
        path = folder / f"{name[3:]}.py"
        path.write_text(attempt)
        return path

    return add
