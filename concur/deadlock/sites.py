"""Places in a program, and what the program calls the locks that it makes there.

A place is kept as code object and offset, which is cheap to take; line and name
are worked out when a message needs them. The name is read from the statement
that made the lock: ``self.log = Lock()`` makes "log". When a place has made more
than one lock, each has a number: ``forks = [Lock() for _ in range(5)]`` makes
"forks #1" to "forks #5".
"""

import ast
import functools
import itertools
import linecache
import os
import sys
import threading
from types import CodeType, FrameType
from typing import Any, NamedTuple


class Site(NamedTuple):
    """A place in a program."""

    code: CodeType
    offset: int

    def __str__(self) -> str:
        return f"{os.path.basename(self.code.co_filename)}:{self.line}"

    @property
    def line(self) -> int:
        return self._position()[0]

    def _position(self) -> tuple[int, int | None, int | None]:
        """Line, column, and last column of the expression."""
        for index, (line, _, column, end) in enumerate(self.code.co_positions()):
            if index == self.offset // 2 and line is not None:
                return line, column, end
        return self.code.co_firstlineno, None, None

    def assigned_to(self) -> str | None:
        """The variable, attribute or argument that gets the value made here, if the source tells."""
        line, column, end = self._position()
        return None if column is None else _names(self.code.co_filename).get((line, column, end))


def site_of(frame: FrameType) -> Site:
    return Site(frame.f_code, frame.f_lasti)


def _file(function: Any) -> str:
    return str(function.__code__.co_filename)


_ROOT = os.path.dirname(os.path.dirname(_file(site_of)))
_HERE = os.path.join(_ROOT, "deadlock", "")
_SYNC = os.path.join(_ROOT, "sync", "")
# Files, or the beginnings of their names. What a program has called, and not where it did:
OWN = (_HERE,)
INSIDE = (_HERE, _SYNC, _file(threading.Thread.join))
# Code whose locks are gates and guards that nobody owns:
LIBRARY = (_HERE, _SYNC, os.path.join(_ROOT, "process", ""), os.path.join(_ROOT, "check", ""))


def caller(files: tuple[str, ...] = INSIDE) -> FrameType:
    """The nearest frame around the caller's that is in none of *files*."""
    frame = sys._getframe(1)
    while frame.f_back is not None and is_in(frame, files):
        frame = frame.f_back
    return frame


def is_in(frame: FrameType, files: tuple[str, ...]) -> bool:
    return frame.f_code.co_filename.startswith(files)


class Made:
    """Where a lock was made, and which of those made there it is."""

    __slots__ = ("kind", "number", "site")

    def __init__(self, site: Site, kind: str) -> None:
        self.site = site
        self.kind = kind
        # No lock: this may be a finalizer that interrupts another one of these.
        self.number = next(_numbers.setdefault(site, itertools.count(1)))
        if self.number > 1:
            _several.add(site)

    def __str__(self) -> str:
        name = self.site.assigned_to() or f"the {self.kind} made at {self.site}"
        return f"{name} #{self.number}" if self.site in _several else name


_numbers: dict[Site, "itertools.count[int]"] = {}
_several: set[Site] = set()  # places that have made more than one lock


def number_afresh() -> None:
    """Count from 1 again, for the locks of another watch."""
    _numbers.clear()
    _several.clear()


@functools.lru_cache(maxsize=256)
def _names(file: str) -> dict[tuple[int, int, int | None], str]:
    """For each call in *file*, by line, first and last column: what its value is assigned to."""
    try:
        tree = ast.parse("".join(linecache.getlines(file)))
    except (SyntaxError, ValueError):
        return {}
    found: dict[tuple[int, int, int | None], str] = {}

    def name(target: ast.expr) -> str | None:
        match target:
            case ast.Name(id=text) | ast.Attribute(attr=text):
                return text
            case ast.Subscript():
                return ast.unparse(target)
            case _:
                return None

    def visit(node: ast.AST, called: str | None) -> None:
        match node:
            case ast.Assign(targets=[ast.Tuple(elts=targets)], value=ast.Tuple(elts=values)):
                for target, value in zip(targets, values, strict=False):
                    visit(value, name(target))
            case ast.Assign(targets=targets, value=value):
                visit(value, name(targets[0]))
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                visit(value, name(target))
            case ast.NamedExpr(target=target, value=value):
                visit(value, name(target))
            case ast.keyword(arg=arg, value=value):
                visit(value, arg or called)
            case ast.Dict(keys=keys, values=values):
                for key, value in zip(keys, values, strict=True):
                    visit(
                        value, f"{called or ''}[{key.value!r}]" if isinstance(key, ast.Constant) else called
                    )
            case _:
                if isinstance(node, ast.Call) and called is not None:
                    found[node.lineno, node.col_offset, node.end_col_offset] = called
                inside = called if isinstance(node, ast.expr) and not isinstance(node, ast.Lambda) else None
                for child in ast.iter_child_nodes(node):
                    visit(child, inside if isinstance(child, ast.expr | ast.keyword) else None)

    visit(tree, None)
    return found
