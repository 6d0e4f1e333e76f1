"""A throw-away course with one exercise."""

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

from concur.grade.course import Course, Exercise

Build = Callable[..., Exercise]

# Three properties: two that never look at threads, one that does.
TESTS = '''
from threading import Thread

from concur.grade import graded

@graded(points=1)
def test_name(attempt):
    """The name is known."""
    assert attempt.NAME == "toy"

@graded(points=2)
def test_work(attempt):
    """The work ends."""
    assert attempt.work() == 1

@graded(points=3)
def test_threads(explore):
    """Two threads both work."""
    def scenario(attempt):
        done = []
        threads = [Thread(target=lambda: done.append(attempt.work())) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert done == [1, 1]

    explore(scenario)
'''

RIGHT = """
NAME = "toy"

def work():
    return 1
"""


@pytest.fixture
def build(tmp_path: Path) -> Build:
    """Make the exercise 01_toy with that attempt and those tests."""

    def make(attempt: str = RIGHT, tests: str = TESTS, folder: str = "01_toy") -> Exercise:
        home = tmp_path / "exercises" / folder
        home.mkdir(parents=True)
        exercise = Exercise(home)
        exercise.attempt.write_text(dedent(attempt))
        exercise.tests.write_text(dedent(tests))
        (home / "README.md").write_text("# 01 Toy\n\nConcept: play\n")
        return exercise

    return make


@pytest.fixture
def course(build: Build, tmp_path: Path) -> Course:
    """Exercises 01 toy, 03 counter and 11 bounded-queue, all alike."""
    for folder in ("01_toy", "03_counter", "11_bounded_queue"):
        build(folder=folder)
    return Course.above(tmp_path)
