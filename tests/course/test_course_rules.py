"""The rules of the course: each exercise is fair, and each answer gets what it deserves."""

import os
import re
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from pathlib import Path

import pytest

from concur.check import Status
from concur.grade.course import Course, Exercise
from concur.grade.judge import judge
from concur.grade.result import Result

ROOT = Path(__file__).resolve().parent.parent.parent
TESTS = ROOT / "tests"
COURSE = Course.above(ROOT)
KEYS = {exercise.key: exercise for exercise in COURSE.exercises}

# (exercise, title): properties with more schedules than the budget, which are sampled, and say so.
SAMPLED: set[tuple[str, str]] = set()

JUDGES = ThreadPoolExecutor(os.cpu_count())  # each judgement is a child process

each_exercise = pytest.mark.parametrize("key", KEYS)


def answers(kind: str) -> list[Path]:
    """The files of tests/right or tests/wrong, for all exercises."""
    return sorted((TESTS / kind).glob("*/*.py"))


def label(path: Path) -> str:
    return f"{path.parent.name[:2]} {path.stem}"


def model(exercise: Exercise) -> Path:
    return ROOT / "solutions" / exercise.key / exercise.attempt.name


@cache
def judging(attempt: Path) -> Future[Result]:
    exercise = KEYS[attempt.parent.name]
    named = refuted_by(attempt) if TESTS / "wrong" in attempt.parents else None
    # Of a wrong answer only the property that it names is judged: others may need long to say nothing.
    only = None if named is None else [each.name for each in exercise.properties if each.title == named]
    return JUDGES.submit(judge, exercise, attempt=attempt, only=only)


def judged(attempt: Path) -> Result:
    return judging(attempt).result()


def refuted_by(attempt: Path) -> str:
    """The property that a wrong answer names in its first line."""
    first_line = attempt.read_text(encoding="utf-8").partition("\n")[0]
    named = re.fullmatch(r"# refuted by: (.+)", first_line)
    assert named, f"{attempt.name}: the first line must read `# refuted by: <title of a property>`"
    return named[1]


@pytest.fixture(scope="module", autouse=True)
def judged_side_by_side(request: pytest.FixtureRequest) -> Iterator[None]:
    """Begin to judge, on all processors, what the tests of this file will ask for."""
    for item in request.session.items:
        if isinstance(item, pytest.Function) and hasattr(item, "callspec"):
            path = item.callspec.params.get("path")
            if path is not None and item.path == Path(__file__):
                judging(path)
    yield
    JUDGES.shutdown(cancel_futures=True)  # other tests fork, and must find no thread


def shown(result: Result) -> str:
    return "\n".join(
        f"{each.earned}/{each.points} {each.status} {each.title}\n{each.reason}{each.report}"
        for each in result.properties
    )


# Rule 1: every stub scores 0.


@each_exercise
def test_stub_scores_nothing(key: str) -> None:
    """A property that the stub already satisfies is worth nothing; and what it lacks is shown by a run."""
    result = judged(KEYS[key].attempt)
    assert result.score == 0, shown(result)
    assert all(each.status is Status.REFUTED for each in result.properties), shown(result)


def assert_verified(result: Result) -> None:
    for each in result.properties:
        sampled = (result.exercise.key, each.title) in SAMPLED
        assert each.status is Status.VERIFIED or (sampled and each.status is Status.UNFINISHED), shown(result)


# Rule 2: right answers are verified, wrong ones refuted by the property that they name.


@each_exercise
def test_model_answer_verified(key: str) -> None:
    """The model answer has full marks, and all schedules were run, or it is known that they are not."""
    result = judged(model(KEYS[key]))
    assert result.score == result.max == 10, shown(result)
    assert_verified(result)


@pytest.mark.parametrize("path", answers("right"), ids=label)
def test_right_answer_verified(path: Path) -> None:
    """Another way to be right is right."""
    result = judged(path)
    assert result.score == result.max, shown(result)
    assert_verified(result)


@pytest.mark.parametrize("path", answers("wrong"), ids=label)
def test_wrong_answer_refuted(path: Path) -> None:
    """The property that the first line of the file names is refuted."""
    named = refuted_by(path)
    titles = sorted(each.title for each in KEYS[path.parent.name].properties)
    assert named in titles, f"{path.name}: no property is called {named!r}: {titles}"
    result = judged(path)
    assert [each.status for each in result.properties] == [Status.REFUTED], shown(result)


@each_exercise
def test_same_verdict_again(key: str) -> None:
    """Nothing rests on luck: again the same verdicts, the same schedules, the same runs."""
    for attempt in (KEYS[key].attempt, model(KEYS[key])):
        first, second = judged(attempt), judge(KEYS[key], attempt=attempt)
        for one, other in zip(first.properties, second.properties, strict=True):
            assert (one.status, one.schedules) == (other.status, other.schedules)
            assert one.failure == other.failure


@pytest.mark.slow
@each_exercise
def test_same_verdict_twenty_times(key: str) -> None:
    """The stub, the model answer and every right and wrong answer: twenty times the same verdicts."""
    others = [path for kind in ("right", "wrong") for path in answers(kind) if path.parent.name == key]
    for attempt in (KEYS[key].attempt, model(KEYS[key]), *others):
        first = judge(KEYS[key], attempt=attempt)
        for _ in range(19):
            again = judge(KEYS[key], attempt=attempt)
            assert [(each.status, each.earned) for each in again.properties] == [
                (each.status, each.earned) for each in first.properties
            ], shown(again)


@each_exercise
def test_enough_answers(key: str) -> None:
    """There are at least three wrong answers and one other right one."""
    assert len([path for path in answers("wrong") if path.parent.name == key]) >= 3
    assert len([path for path in answers("right") if path.parent.name == key]) >= 1


# Rule 3: stub, README and folders.


@each_exercise
def test_stub_is_short(key: str) -> None:
    """A stub is at most 40 lines, and says where to begin."""
    text = KEYS[key].attempt.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 40
    assert "# TODO" in text


@each_exercise
def test_solution_is_the_stub_with_the_least_change(key: str) -> None:
    """What the stub defines and promises is in the model answer too, and no TODO is."""
    stub = KEYS[key].attempt.read_text(encoding="utf-8")
    solution = model(KEYS[key]).read_text(encoding="utf-8")
    kept = [line for line in stub.splitlines() if re.match(r"\s*(def|class|\"\"\"|from|import) ?", line)]
    assert [line for line in kept if line not in solution] == []
    assert "TODO" not in solution


@each_exercise
def test_readme(key: str) -> None:
    """A title, the concept, a story of at most 15 lines, two or three links, three hints."""
    text = (KEYS[key].folder / "README.md").read_text(encoding="utf-8")
    story, *hints = re.split(r"^### Hint \d$", text, flags=re.MULTILINE)
    assert re.match(r"# \S.*\n\nConcept: \S", story)
    lines = [line for line in story.splitlines() if line.strip() and not re.match(r"#|Concept:", line)]
    assert 3 <= len(lines) <= 15
    assert 2 <= story.count("](http") <= 3
    assert f"concur check {KEYS[key].number}" in story
    assert re.findall(r"^### Hint (\d)$", text, flags=re.MULTILINE) == ["1", "2", "3"]
    assert all(hint.strip() for hint in hints)
    assert "?" in hints[0], "the first hint is a question"


@each_exercise
def test_points(key: str) -> None:
    """The points of an exercise are 10 in all."""
    assert KEYS[key].points == 10


def test_no_file_is_left_over() -> None:
    """Each folder holds what belongs there, and nothing else."""

    def files(folder: Path) -> set[str]:
        paths = (path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
        return {path.relative_to(folder).as_posix() for path in paths}

    names = {key: key[3:] for key in KEYS}
    assert files(ROOT / "exercises") == {
        f"{key}/{file}"
        for key, name in names.items()
        for file in (f"{name}.py", f"test_{name}.py", "README.md")
    }
    assert files(ROOT / "solutions") == {f"{key}/{name}.py" for key, name in names.items()}
    for kind in ("wrong", "right"):
        for file in files(TESTS / kind):
            key, _, variant = file.partition("/")
            assert key in names, f"tests/{kind}/{file} belongs to no exercise"
            assert variant.startswith(f"{names[key]}__"), f"tests/{kind}/{file}: {names[key]}__what_is_so.py"


def test_course_is_what_the_docs_list() -> None:
    """Every exercise is on the page of the exercises."""
    page = (ROOT / "docs" / "exercises.md").read_text(encoding="utf-8")
    for exercise in COURSE.exercises:
        assert f"{exercise.number} {exercise.name.replace('-', ' ')}" in page
