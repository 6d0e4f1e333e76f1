"""The exercises as data."""

from pathlib import Path

import pytest

from concur.errors import UsageError
from concur.grade.course import Course, Property


def test_the_nearest_course_upwards_is_found(course: Course) -> None:
    """A command works in any folder of the course."""
    inside = course.exercises[0].folder
    assert Course.above(inside).root == course.root


def test_outside_a_course_the_error_says_what_a_course_is(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no course at or above .*holds exercises/"):
        Course.above(tmp_path)


@pytest.mark.parametrize(
    "text", ["11", "bounded-queue", "bounded_queue", "11_bounded_queue", "Bounded-Queue"]
)
def test_an_exercise_is_found_by_number_or_name(course: Course, text: str) -> None:
    assert course.look_up(text).key == "11_bounded_queue"


def test_an_exercise_is_found_without_its_leading_zero(course: Course) -> None:
    assert course.look_up("3").name == "counter"


def test_an_exercise_is_found_by_the_path_of_its_file(
    course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Completion by the shell gives paths."""
    monkeypatch.chdir(course.root)
    assert course.look_up("exercises/03_counter/counter.py").number == "03"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("99", "there is no exercise 99; this course has 01, 03, 11"),
        ("conter", "there is no exercise 'conter'; did you mean counter (03)?"),
        ("03_conter", "there is no exercise '03_conter'; did you mean counter (03)?"),
        ("zzz", "there is no exercise 'zzz'; `concur list` shows them all"),
        ("²", "there is no exercise '²'; `concur list` shows them all"),
    ],
)
def test_an_unknown_exercise_is_named_with_the_nearest(course: Course, text: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        course.look_up(text)
    assert str(caught.value) == said


def test_properties_are_read_in_order_without_running_the_tests(build) -> None:
    exercise = build(
        tests='''
        raise SystemExit("never run")
        @graded(points=2)
        def test_b(): "B holds."
        @grade.graded(3)
        def test_a():
            """A holds.

            More.
            """
        def test_not_graded(): ...
        '''
    )
    assert exercise.properties == (Property("test_b", "B holds", 2), Property("test_a", "A holds", 3))
    assert exercise.points == 5


@pytest.mark.parametrize(
    ("tests", "said"),
    [
        ("@graded(points=2)\ndef test_a(): ...", "test_a is graded but has no docstring"),
        ("@graded(points=0)\ndef test_a(): 'A.'", "test_a is worth 0 points"),
        ("@graded()\ndef test_a(): 'A.'", "test_a is worth None points"),
        ("def test_a(): 'A.'", "no graded tests"),
        ("def", "cannot be read"),
    ],
)
def test_tests_that_cannot_be_graded_are_refused(build, tests: str, said: str) -> None:
    exercise = build(tests=tests)
    with pytest.raises(UsageError, match=said):
        _ = exercise.properties


def test_title_and_concept_come_from_the_readme(build) -> None:
    exercise = build()
    assert (exercise.title, exercise.concept) == ("Toy", "play")


def test_without_a_readme_the_name_serves(build) -> None:
    exercise = build()
    (exercise.folder / "README.md").unlink()
    assert (exercise.title, exercise.concept) == ("toy", "toy")
