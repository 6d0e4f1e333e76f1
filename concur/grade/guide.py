"""Where a student stands in the course, and what to do next."""

import os
import shlex
from collections.abc import Sequence
from pathlib import Path

from rich.text import Text

from concur.grade.course import Course, Exercise
from concur.grade.progress import is_solved, next_unsolved
from concur.grade.report import Lines, count
from concur.grade.result import Result


def overview(course: Course, width: int) -> Lines:
    """A line for each exercise: number, name, concept, points, and whether it is solved."""
    wide = max(len(exercise.name) for exercise in course.exercises)
    room = max(10, width - wide - 27)
    lines = []
    for exercise in course.exercises:
        concept = exercise.concept
        if len(concept) > room:
            concept = concept[: room - 3] + "..."
        line = f"{exercise.number}  {exercise.name:<{wide}}  {concept:<{room}}  "
        line += f"{count(exercise.points, 'point'):>9}"
        state = "  solved" if is_solved(course, exercise) else ""
        lines.append(Text(line).append(state, style="green"))
    return lines


def after(course: Course, done: Sequence[Result]) -> Lines:
    """The sum of several results, and the next step."""
    lines = []
    if len(done) > 1:
        solved = sum(each.solved for each in done)
        points = f"{sum(each.score for each in done)}/{sum(each.max for each in done)} points"
        lines.append(Text(f"solved {solved} of {len(done)} exercises, {points}", style="bold"))
    return [*lines, Text(next_step(course, done))]


def next_step(course: Course, done: Sequence[Result]) -> str:
    """What to edit and which command to run."""
    for each in done:
        if not each.solved:
            options = ["--attempt", shown(each.other_file)] if each.other_file else []
            return f"next: {_edit(each.exercise, each.attempt, options)}"
    following = next_unsolved(course, done[-1].exercise)
    if following is None:
        return "every exercise of the course is solved"
    about = f"{following.number} {following.name}, {following.concept}"
    return f"next: {about}\n      {_edit(following, following.attempt, [])}"


def _edit(exercise: Exercise, path: Path, options: list[str]) -> str:
    command = shlex.join(["concur", "check", exercise.number, *options])
    return f"edit {shown(path)}, then run: {command}"


def shown(path: Path) -> str:
    """*path* as the user would type it: relative when it is below the working directory."""
    relative = os.path.relpath(path.resolve())
    return str(path) if relative.startswith("..") else relative
