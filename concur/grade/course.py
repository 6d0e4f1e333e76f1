"""The exercises as data, read from a course folder without running anything in it.

A course is a folder with ``exercises/NN_name/``, each holding ``name.py`` (the file the student
edits), ``test_name.py`` (the graded tests) and ``README.md``. Points and titles are read from the
text of the tests, so that listing a course, and grading an attempt that takes its process down,
need no import of them.
"""

import ast
import difflib
import re
import shlex
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from concur.errors import UsageError
from concur.grade.allowed import read_only

_FOLDER = re.compile(r"(\d\d)_([a-z][a-z0-9_]*)")
_HEADING = re.compile(r"^#\s+(?:\d+[.:]?\s+)?(.+?)\s*$", re.MULTILINE)
_CONCEPT = re.compile(r"^\W*concept\W*:\W*(.+?)\W*$", re.MULTILINE | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Property:
    """One claim that a graded test makes."""

    name: str  # of the test function
    title: str  # the first line of its docstring, without the full stop
    points: int


@dataclass(frozen=True)
class Exercise:
    """One folder of the course."""

    folder: Path

    @property
    def key(self) -> str:
        """The name of the folder: ``"11_bounded_queue"``."""
        return self.folder.name

    @property
    def number(self) -> str:
        """Two digits: ``"11"``."""
        return self.key[:2]

    @property
    def name(self) -> str:
        """The name for people: ``"bounded-queue"``."""
        return self.key[3:].replace("_", "-")

    @property
    def attempt(self) -> Path:
        """The file that the student edits."""
        return self.folder / f"{self.key[3:]}.py"

    @property
    def tests(self) -> Path:
        """The graded tests."""
        return self.folder / f"test_{self.key[3:]}.py"

    @cached_property
    def properties(self) -> tuple[Property, ...]:
        """What is graded, in the order of the file.

        Raises:
            UsageError: the tests cannot be read, or one has no docstring or no points.
        """
        return tuple(read_properties(self.tests))

    @cached_property
    def only(self) -> tuple[str, ...] | None:
        """What the attempt is to be built from, where the tests say so with ``ONLY``; None for whatever it likes.

        Raises:
            UsageError: the tests cannot be read.
        """
        try:
            return read_only(_parsed(self.tests))
        except ValueError as error:
            raise UsageError(f"{self.tests}: {error}") from None

    @property
    def points(self) -> int:
        """What a full score is."""
        return sum(claim.points for claim in self.properties)

    @property
    def title(self) -> str:
        """The heading of the README, or the name when there is none."""
        found = _HEADING.search(self._readme)
        return found[1] if found else self.name

    @property
    def concept(self) -> str:
        """What the exercise teaches: the README's line ``Concept: ...``, else its title."""
        found = _CONCEPT.search(self._readme)
        return found[1] if found else self.title

    def to_json(self) -> dict[str, Any]:
        """The entry that ``concur list --json`` prints."""
        return {
            "exercise": self.key,
            "number": int(self.number),
            "name": self.name,
            "title": self.title,
            "concept": self.concept,
            "points": self.points,
            "file": str(self.attempt),
        }

    @cached_property
    def _readme(self) -> str:
        try:
            return (self.folder / "README.md").read_text(encoding="utf-8", errors="replace")
        except OSError:
            return ""


@dataclass(frozen=True)
class Course:
    """A folder that holds ``exercises/``."""

    root: Path
    exercises: tuple[Exercise, ...]

    @classmethod
    def above(cls, folder: Path) -> "Course":
        """The nearest course at or above *folder*.

        Raises:
            UsageError: there is none.
        """
        for root in (folder, *folder.parents):
            folders = sorted(path for path in (root / "exercises").glob("*") if path.is_dir())
            found = tuple(Exercise(path) for path in folders if _FOLDER.fullmatch(path.name))
            if found:
                return cls(root, found)
        raise UsageError(
            f"no course at or above {folder}: a course is a folder that holds exercises/01_name and so on; "
            "run the command inside one"
        )

    def look_up(self, text: str) -> Exercise:
        """The exercise called *text*: a number, a name, or the path of its folder or of a file in it.

        Raises:
            UsageError: there is none; the message names the nearest.
        """
        wanted = text.lower().replace("-", "_")
        if "/" in text or "\\" in text:
            path = Path(text).resolve()
            for exercise in self.exercises:
                if exercise.folder.resolve() in (path, *path.parents):
                    return exercise
        for exercise in self.exercises:
            if wanted in (exercise.key, exercise.key[3:]):
                return exercise
            if wanted.isdecimal() and int(wanted) == int(exercise.number):
                return exercise
        raise UsageError(self._no_such(text, wanted))

    def _no_such(self, text: str, wanted: str) -> str:
        if wanted.isdecimal():
            numbers = [exercise.number for exercise in self.exercises]
            return f"there is no exercise {text}; this course has {', '.join(numbers)}"
        names = {exercise.key[3:]: exercise for exercise in self.exercises}
        near = difflib.get_close_matches(re.sub(r"^\d+_", "", wanted), names, n=1, cutoff=0.4)
        if near:
            exercise = names[near[0]]
            return f"there is no exercise {text!r}; did you mean {exercise.name} ({exercise.number})?"
        return f"there is no exercise {text!r}; `concur list` shows them all"


def replay_command(exercise: Exercise, attempt: Path | None, token: str) -> str:
    """The command that runs the schedule *token* again; *attempt* when it is not the exercise's own."""
    other = [] if attempt is None else ["--attempt", str(attempt)]
    return shlex.join(["concur", "check", exercise.number, *other, "--replay", token])


def title_of(docstring: str | None) -> str:
    """The first line of *docstring* without its full stop; ``""`` when there is none.

    >>> title_of("Two threads both count.")
    'Two threads both count'
    """
    lines = (docstring or "").strip().splitlines()
    return lines[0].strip().removesuffix(".") if lines else ""


def read_properties(tests: Path) -> list[Property]:
    """The graded tests in the file *tests*, in its order, without running it.

    Raises:
        UsageError: the file cannot be read, or a graded test has no docstring or no points.
    """
    found = []
    for node in _parsed(tests).body:
        if not isinstance(node, ast.FunctionDef):
            continue
        for decorator in node.decorator_list:
            if isinstance(decorator, ast.Call) and ast.unparse(decorator.func).split(".")[-1] == "graded":
                points = [word.value for word in decorator.keywords if word.arg == "points"] + decorator.args
                value = points[0].value if points and isinstance(points[0], ast.Constant) else None
                title = title_of(ast.get_docstring(node))
                wrong = fault(title, value)
                if wrong:
                    raise UsageError(f"{tests}:{node.lineno}: {node.name} {wrong}")
                assert isinstance(value, int)
                found.append(Property(node.name, title, value))
    if not found:
        raise UsageError(f"{tests}: no graded tests; decorate one with @graded(points=1)")
    return found


def _parsed(tests: Path) -> ast.Module:
    try:
        return ast.parse(tests.read_bytes(), filename=str(tests))
    except OSError as error:
        raise UsageError(f"{tests}: {error.strerror}; an exercise needs its graded tests there") from None
    except (SyntaxError, ValueError) as error:
        raise UsageError(f"{tests}: the graded tests cannot be read: {error}") from None


def fault(title: str, points: object) -> str:
    """What is wrong with a graded test of that title and those points; ``""`` when nothing is."""
    if not title:
        return "is graded but has no docstring; its first line is the property it claims"
    if not isinstance(points, int) or isinstance(points, bool) or points < 1:
        return f"is worth {points!r} points; write @graded(points=N) with a whole number from 1"
    return ""
