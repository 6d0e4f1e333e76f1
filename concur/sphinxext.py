"""Directives for course pages, for Sphinx: ``extensions = ["concur.sphinxext"]``.

``exercise``
    What an exercise asks for, from its own folder: title, signatures, properties and points.
    Its argument is a number or a name::

        ```{exercise} 03
        ```

``interleaving``
    A run that the checker draws while the page is built. Its argument is a scenario, ``FILE.py::NAME``, relative to
    the page; what it comes to is stated, and another verdict is a warning::

        ```{interleaving} ../examples/counter.py::scenario
        :verdict: refuted
        ```

``solution``
    The model answer, in an instructor's build only (``sphinx-build -t instructor``). A student's build does not read
    the file.
"""

import ast
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util.docutils import SphinxDirective

from concur.check import Status, explore
from concur.check.report import text as picture
from concur.errors import ConcurError, UsageError
from concur.grade.course import Course, Exercise
from concur.grade.report import count

if TYPE_CHECKING:
    from sphinx.application import Sphinx

_WIDTH = 80  # columns of a run
_BUDGET = 20_000  # schedules: what is on a page is small


def _course(directive: SphinxDirective) -> Course:
    return Course.above(Path(directive.env.srcdir, directive.config.concur_course))


class _Page(SphinxDirective):
    """A directive whose faults are warnings with the line of the page."""

    def run(self) -> list[nodes.Node]:
        try:
            return self.content_nodes()
        except ConcurError as error:
            return [self.state.document.reporter.warning(f"{self.name}: {error}", line=self.lineno)]

    def content_nodes(self) -> list[nodes.Node]:
        raise NotImplementedError

    def code(self, text: str, language: str) -> nodes.Node:
        return nodes.literal_block(text, text, language=language)


class ExerciseDirective(_Page):
    """``exercise``: what is asked for."""

    required_arguments = 1

    def content_nodes(self) -> list[nodes.Node]:
        exercise = _course(self).look_up(self.arguments[0])
        for path in (exercise.attempt, exercise.tests, exercise.folder / "README.md"):
            self.env.note_dependency(str(path))
        box = nodes.admonition(classes=["exercise"])
        box += nodes.title("", f"Exercise {exercise.number}: {exercise.title}")
        box += nodes.paragraph("", f"{exercise.concept}, {count(exercise.points, 'point')}")
        box += self.code("\n".join(signatures(exercise)), "python")
        claims = nodes.bullet_list()
        for claim in exercise.properties:
            item = nodes.list_item()
            item += nodes.paragraph("", f"{claim.title} ({count(claim.points, 'point')})")
            claims += item
        box += claims
        box += self.code(f"$ concur check {exercise.number}", "console")
        return [box]


class InterleavingDirective(_Page):
    """``interleaving``: what the checker says of a scenario, and the run that refutes it."""

    required_arguments = 1
    final_argument_whitespace = True
    option_spec: ClassVar[dict[str, Callable[[str], Any]]] = {
        "verdict": lambda given: directives.choice(given, [str(status) for status in Status]),
        "timeouts": lambda given: directives.choice(given, ["any", "idle"]),
    }

    def content_nodes(self) -> list[nodes.Node]:
        file, _, name = self.arguments[0].partition("::")
        path, absolute = self.env.relfn2path(file)
        self.env.note_dependency(path)
        verdict = explore(
            f"{absolute}::{name or 'scenario'}",
            max_schedules=_BUDGET,
            max_seconds=None,
            timeouts=self.options.get("timeouts", "any"),
        )
        wanted = self.options.get("verdict", str(Status.REFUTED))
        if str(verdict.status) != wanted:
            raise UsageError(
                f"{self.arguments[0]} is {verdict.status}, and the page says {wanted}: {verdict}"
            )
        return [self.code(shown(picture(verdict, width=_WIDTH)), "text")]


class SolutionDirective(_Page):
    """``solution``: the model answer, for instructors."""

    required_arguments = 1

    def content_nodes(self) -> list[nodes.Node]:
        if not self.config.concur_instructor:
            return []
        course = _course(self)
        exercise = course.look_up(self.arguments[0])
        path = course.root / "solutions" / exercise.key / exercise.attempt.name
        self.env.note_dependency(str(path))
        try:
            text = path.read_text(encoding="utf-8")
        except OSError as error:
            raise UsageError(f"{path}: {error.strerror}; the model answers are in solutions/") from None
        box = nodes.admonition(classes=["solution"])
        box += nodes.title("", f"Model answer to exercise {exercise.number}")
        box += self.code(text, "python")
        return [box]


def signatures(exercise: Exercise) -> list[str]:
    """The classes and functions of the stub, each with its methods, without their bodies."""
    try:
        tree = ast.parse(exercise.attempt.read_bytes())
    except (OSError, SyntaxError, ValueError) as error:
        raise UsageError(f"{exercise.attempt}: {error}") from None
    lines: list[str] = []
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            lines.append(f"class {node.name}:")
            methods = [each for each in node.body if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)]
            lines += [line for each in methods for line in _signature(each, "    ")]
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines += _signature(node, "")
        elif isinstance(node, ast.AnnAssign) and ast.unparse(node.target).isupper():
            lines.append(f"{ast.unparse(node.target)}: {ast.unparse(node.annotation)}")
    return lines


def _signature(node: ast.FunctionDef | ast.AsyncFunctionDef, indent: str) -> list[str]:
    word = "async def" if isinstance(node, ast.AsyncFunctionDef) else "def"
    returns = f" -> {ast.unparse(node.returns)}" if node.returns else ""
    decorators = [f"{indent}@{ast.unparse(each)}" for each in node.decorator_list]
    return [*decorators, f"{indent}{word} {node.name}({ast.unparse(node.args)}){returns}: ..."]


def shown(report: str) -> str:
    """*report* without what is different each time a page is built: the seconds.

    >>> shown("scenario: refuted by schedule 2, 0.01 s: assertion, 4 context switches")
    'scenario: refuted by schedule 2: assertion, 4 context switches'
    """
    return re.sub(r", [\d.]+ s(?=: )", "", report, count=1)


def setup(app: "Sphinx") -> dict[str, Any]:
    """Called by Sphinx."""
    # Where the course is, relative to the pages; a folder above them will do.
    app.add_config_value("concur_course", "", "env", types=str)
    app.add_config_value("concur_instructor", app.tags.has("instructor"), "env", types=bool)
    app.add_directive("exercise", ExerciseDirective)
    app.add_directive("interleaving", InterleavingDirective)
    app.add_directive("solution", SolutionDirective)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
