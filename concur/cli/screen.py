"""What a command says, and where: a terminal, a pipe, or one JSON document."""

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

import click
from rich.console import Console
from rich.text import Text

from concur.check.verdict import Verdict
from concur.cli.door import complain, worst
from concur.errors import UsageError
from concur.grade import report
from concur.grade.result import Result

Item = TypeVar("Item")
Found = TypeVar("Found", Verdict, Result)


def each(
    items: Callable[[], Sequence[Item]],
    run: Callable[[Item], Found],
    tell: Callable[[Found], None],
    code: Callable[[Found], int],
    as_json: bool,
) -> int:
    """Run every item and tell what is found; one that cannot be run does not stop the others."""
    codes, documents = [], []
    try:
        todo = items()
    except UsageError as error:
        todo = []
        codes.append(complain(str(error)))
    for item in todo:
        try:
            found = run(item)
        except UsageError as error:
            codes.append(complain(str(error)))
            continue
        codes.append(code(found))
        documents.append(found.to_json())
        if not as_json:
            tell(found)
    if as_json:
        print_json(documents)
    return worst(codes)


def terminal() -> Console:
    """Standard output, as it is now; without colour, and 80 columns wide, when it is no terminal."""
    return Console(highlight=False, markup=False, emoji=False, width=None if sys.stdout.isatty() else 80)


def show(lines: report.Lines) -> None:
    report.show(lines, terminal())


def columns() -> int:
    return min(terminal().width, 120)


def print_json(document: object) -> None:
    click.echo(json.dumps(document, indent=2))


@contextmanager
def working(text: str, *, log: bool = False, alone: bool = False) -> Iterator[Callable[[str], None]]:
    """Say what is going on while it does, on a terminal; what is yielded says something else.

    Where there is no terminal, a *log* has what is yielded, a line each time, on standard error; so it is also
    where this thread is to be *alone*, since a status that turns is drawn by another one.
    """
    stream = sys.stderr  # as it is now: the checker catches what the program under test writes to it
    console = Console(file=stream, highlight=False, emoji=False)
    if alone or not (console.is_terminal and sys.stdout.isatty()):
        yield lambda more: print(more, file=stream, flush=True) if log else None
        return
    with console.status(Text(text)) as status:
        yield lambda more: status.update(Text(more))
