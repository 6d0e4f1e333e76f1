"""One line of CPython's own text changed: what the scenarios of this folder must refute.

They are listed in mistakes.txt. Where a line stands in its function more than once, the first one is meant, unless
another is said.
"""

import ast
import contextlib
import dataclasses
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from concur.check import library, sharing, sources

HERE = Path(__file__).parent
SCENARIOS = HERE / "scenarios"


@dataclasses.dataclass(frozen=True)
class Mutant:
    module: str
    function: str
    line: str
    becomes: str
    refuted_by: str  # "file.py::scenario"
    nth: int = 1

    def __str__(self) -> str:
        nth = f" (the {self.nth}nd)" if self.nth > 1 else ""
        module = self.module.rpartition(".")[2].lstrip("_")
        becomes = "left out" if self.becomes == "pass" else f"`{self.becomes}`"
        return f"`{module}.{self.function}`: `{self.line}`{nth} → {becomes}"

    @property
    def scenario(self) -> str:
        """Its name, as the page has it."""
        return f"`{self.refuted_by.partition('::scenario_')[2]}`"

    def text(self) -> str:
        """The module's text with the line changed."""
        source = Path(library.file_of(self.module)).read_text(encoding="utf-8")
        lines = source.splitlines()
        first, last = _place(source, self.function.split("."))
        found = [number for number in range(first, last) if lines[number].strip() == self.line]
        assert len(found) >= self.nth, f"{self.module}.{self.function} has no line {self.line!r}"
        number = found[self.nth - 1]
        indent = lines[number][: len(lines[number]) - len(lines[number].lstrip())]
        lines[number] = indent + self.becomes
        return "\n".join(lines) + "\n"

    @contextlib.contextmanager
    def in_place(self) -> Iterator[None]:
        """Code under the checker is given the changed module."""
        file, text = library.file_of(self.module), self.text()
        threading_source, key = library.threading_source, file
        try:
            if self.module == "threading":
                key = f"a part of {file}"
                library.threading_source = lambda: (file, library.only_classes(text))  # type: ignore[assignment]
                sources.cache.pop(key, None)
            else:
                stat = os.stat(file)
                compiled = sources.Compiled(text, file)
                sources.cache[file] = (stat.st_mtime_ns, stat.st_size, compiled)
            sharing.drop_all()
            yield
        finally:
            library.threading_source = threading_source
            sources.cache.pop(key, None)
            sharing.drop_all()


def _place(source: str, names: list[str]) -> tuple[int, int]:
    """The lines of a function, from 0, its end apart."""
    body: list[ast.stmt] = ast.parse(source).body
    found: ast.ClassDef | ast.FunctionDef | None = None
    for name in names:
        (found,) = (
            node for node in body if isinstance(node, (ast.ClassDef, ast.FunctionDef)) and node.name == name
        )
        body = found.body
    assert found is not None
    assert found.end_lineno is not None
    return found.lineno - 1, found.end_lineno


def mutants() -> Iterator[Mutant]:
    """Those of mistakes.txt that this Python has."""
    module = file = ""
    for row in (HERE / "mistakes.txt").read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in row.strip("[]").split(" | ")]
        if row.startswith("["):
            module, file = cells
        elif row and not row.startswith("#"):
            function, line, becomes, scenario, *more = cells
            nth = next((int(word[1:]) for word in more if word.startswith("#")), 1)
            if "3.13" not in more or sys.version_info >= (3, 13):
                yield Mutant(module, function, line, becomes, f"{file}::scenario_{scenario}", nth)
