"""Graded tests under plain pytest, without the command."""

import os
import subprocess
import sys
from importlib.metadata import entry_points

import pytest

from concur.grade.course import Exercise


def run_pytest(exercise: Exercise, *options: str) -> str:
    """What pytest prints in the folder of the course, with no other plugin."""
    (exercise.folder.parent / "pytest.ini").write_text("[pytest]\naddopts = --strict-markers\n")
    plugins = ["-p", "concur.grade.graded", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *plugins, exercise.key, *options],
        cwd=exercise.folder.parent,
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr


def test_the_plugin_is_found_by_pytest() -> None:
    """Installing concur is enough."""
    assert [each.value for each in entry_points(group="pytest11", name="concur")] == ["concur.grade.graded"]


def test_a_right_attempt_passes(build) -> None:
    assert "3 passed" in run_pytest(build())


def test_a_refuted_property_fails_with_its_report_and_how_to_replay_it(build) -> None:
    text = run_pytest(build("NAME = 'toy'\ndef work(): return 2\n"))
    assert "1 passed" in text
    assert "2 failed" in text
    assert "concur check 01 --replay" in text
    assert "explore.py" not in text  # no traceback of ours


def test_a_missing_name_is_one_line(build) -> None:
    text = run_pytest(build("NAME = 'toy'\n"))
    assert "toy.py has no name work; the stub defines it" in text
    assert "Traceback" not in text


def test_another_file_can_be_named(build, tmp_path) -> None:
    other = tmp_path / "other.py"
    other.write_text("NAME = 'other'\ndef work(): return 1\n")
    text = run_pytest(build(), f"--attempt={other}")
    assert "2 passed" in text
    assert "1 failed" in text


def test_a_file_that_is_not_there_is_one_line(build) -> None:
    text = run_pytest(build(), "--attempt=nowhere.py")
    assert text.strip() == "ERROR: --attempt nowhere.py: there is no such file"


@pytest.mark.parametrize(
    ("tests", "said"),
    [
        ("@graded(points=1)\ndef test_a(): ...", "test_a is graded but has no docstring"),
        ("@graded(points=0)\ndef test_a(): 'A.'", "test_a is worth 0 points"),
        (
            "import pytest\n@graded(points=1)\n@pytest.mark.parametrize('n', [1])\ndef test_a(n): 'A.'",
            "test_a is graded, so it must be a plain function",
        ),
        (
            "class TestA:\n    @graded(points=1)\n    def test_a(self): 'A.'",
            "test_a is graded, so it must be a plain function",
        ),
    ],
)
def test_a_test_that_cannot_be_graded_is_wrong_usage(build, tests: str, said: str) -> None:
    text = run_pytest(build(tests=f"from concur.grade import graded\n{tests}\n"))
    assert said in text
    assert "passed" not in text


def test_a_graded_test_may_assert_without_the_checker(build) -> None:
    tests = "from concur.grade import graded\n@graded(points=1)\ndef test_a():\n    'A.'\n    assert 1 == 2\n"
    assert "assert 1 == 2" in run_pytest(build(tests=tests))
