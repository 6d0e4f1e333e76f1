"""Which exercises were solved, kept beside the course, so that the next one can be named.

An exercise counts as solved as long as the student's file and the graded tests are what they were
when the score was full.
"""

import contextlib
import hashlib
import json
import os
from pathlib import Path

from concur.grade.course import Course, Exercise
from concur.grade.result import Result


def remember(course: Course, result: Result) -> None:
    """Keep whether *result*, of the student's own file, is a full score; best effort."""
    if result.other_file:
        return
    known = _known(course)
    known[result.exercise.key] = _fingerprint(result.exercise) if result.solved else ""
    # A course that cannot be written to is still graded.
    with contextlib.suppress(OSError):
        file = _file(course)
        file.parent.mkdir(exist_ok=True)
        file.with_name(".gitignore").write_text("*\n", encoding="utf-8")
        draft = file.with_suffix(f".{os.getpid()}")
        draft.write_text(json.dumps(known, indent=1), encoding="utf-8")
        draft.replace(file)


def is_solved(course: Course, exercise: Exercise) -> bool:
    """Whether the last full score is of the files as they are now."""
    known = _known(course).get(exercise.key)
    return bool(known) and known == _fingerprint(exercise)


def next_unsolved(course: Course, after: Exercise) -> Exercise | None:
    """The first exercise behind *after* that is not solved, else the first before it; None if all are."""
    turn = course.exercises.index(after)
    for exercise in course.exercises[turn + 1 :] + course.exercises[:turn]:
        if not is_solved(course, exercise):
            return exercise
    return None


def _file(course: Course) -> Path:
    return course.root / ".concur" / "solved.json"


def _known(course: Course) -> dict[str, str]:
    try:
        known = json.loads(_file(course).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}


def _fingerprint(exercise: Exercise) -> str:
    found = hashlib.sha256()
    for path in (exercise.attempt, exercise.tests):
        with contextlib.suppress(OSError):
            found.update(path.read_bytes())
        found.update(b"\0")
    return found.hexdigest()[:16]
