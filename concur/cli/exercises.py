"""``concur list`` and ``concur check``: the exercises of the course, and attempts at them."""

from collections.abc import Sequence
from pathlib import Path

import click

from concur.cli.door import CODES, VERIFIED, ended_by_signals, worst
from concur.cli.screen import columns, each, print_json, show, working
from concur.grade import guide, report
from concur.grade.course import Course, Exercise
from concur.grade.judge import judge
from concur.grade.progress import is_solved, remember
from concur.grade.result import PropertyResult, Result


@click.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def list_(as_json: bool) -> int:
    """List the exercises of the course."""
    course = Course.above(Path.cwd())
    if as_json:
        solved = {exercise: is_solved(course, exercise) for exercise in course.exercises}
        print_json([{**exercise.to_json(), "solved": solved[exercise]} for exercise in course.exercises])
    else:
        show(guide.overview(course, columns()))
    return VERIFIED


@click.command()
@click.argument("names", nargs=-1, metavar="[NN|NAME]...")
@click.option("--attempt", metavar="FILE", help="Grade this file, not the one in the exercise.")
@click.option("--replay", "token", metavar="TOKEN", help="Run one schedule again.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def check(names: tuple[str, ...], attempt: str | None, token: str | None, as_json: bool) -> int:
    """Grade attempts at exercises: those named, or all."""
    if len(names) != 1 and (attempt is not None or token is not None):
        option = "--attempt" if attempt is not None else "--replay"
        raise click.UsageError(f"{option} needs exactly one exercise: `concur check 03 {option} ...`.")
    course: Course | None = None
    done: list[Result] = []

    def exercises() -> Sequence[Exercise]:
        nonlocal course
        course = Course.above(Path.cwd())
        found = [course.look_up(name) for name in names] if names else course.exercises
        return list(dict.fromkeys(found))

    def run(exercise: Exercise) -> Result:
        with working(f"{exercise.number} {exercise.name}") as say:
            result = judge(
                exercise,
                attempt=Path(attempt) if attempt is not None else None,
                token=token,
                on_property=lambda claim: say(f"{exercise.number} {exercise.name}: {claim.title}"),
            )
        assert course is not None
        if token is None:
            remember(course, result)
        done.append(result)
        return result

    def show_result(result: Result) -> None:
        show(report.result(result, score=token is None))

    with ended_by_signals():
        code = each(exercises, run, show_result, lambda result: result_code(result.properties), as_json)
    if course is not None and done and not as_json and token is None:
        show(guide.after(course, done))
    return code


def result_code(properties: Sequence[PropertyResult]) -> int:
    """A full score is 0, also when a property was only sampled; else the worst of the others."""
    return worst(CODES[each.status] for each in properties if not each.earned)
