"""The classic problems: one a file, with its story, a solution from the primitives, and scenarios that check it.

Each file of this folder that does not begin with ``_`` is a problem. It has

- a docstring: ``Title: what the problem is.``, the story, where it is from, how the solution works;
- the solution, made of :mod:`concur.sync` alone;
- functions ``scenario...`` that assert the property, for the checker;
- ``CHECK``: ``"explore"``, or ``"sample"`` where there are too many schedules; beside it ``SAMPLED``, if only
  some scenarios are too large, and ``ATOMIC``, if calls of some classes are taken as one step;
- ``demo(say)``: the solution on real threads, telling what happens.

    >>> from concur.problems import catalogue
    >>> [problem.title for problem in catalogue() if problem.name == "dining-philosophers"]
    ['Dining philosophers']
"""

import ast
import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Problem", "Say", "catalogue"]

Say = Callable[[str], None]  # what a demonstration tells its lines to; called by several threads


@dataclass(frozen=True, slots=True)
class Problem:
    """An entry of the catalogue, read from a file that need not be imported for it."""

    name: str  # as the command takes it: "sleeping-barber"
    title: str  # "Sleeping barber"
    summary: str  # one sentence: what the problem is
    story: str  # the rest of the docstring, examples included
    module: str  # to import: "concur.problems.sleeping_barber"
    file: str

    @classmethod
    def read(cls, path: Path) -> "Problem":
        docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
        first, _, story = docstring.partition("\n")
        title, _, summary = first.partition(": ")
        name = path.stem.replace("_", "-")
        return cls(name, title, summary.strip(), story.strip(), f"{__name__}.{path.stem}", str(path))


@functools.cache
def catalogue() -> tuple[Problem, ...]:
    """Every problem of this folder, by name."""
    files = sorted(Path(__file__).parent.glob("[!_]*.py"))
    return tuple(Problem.read(path) for path in files)
