"""What an exercise may be built from, where its tests say so: ``ONLY = ("concur.Semaphore",)``.

An attempt that takes a ready-made primitive where it was to be built is told, and earns nothing: its properties
would say nothing about what the exercise teaches. This reads the text; it is no fence
against somebody who wants to get round it.
"""

import ast
from collections.abc import Iterator

# What is no primitive of concurrency: names for types, and containers.
_ALWAYS = {
    "__future__",
    "abc",
    "collections",
    "contextlib",
    "dataclasses",
    "enum",
    "functools",
    "itertools",
    "operator",
    "types",
    "typing",
}


def read_only(tests: ast.Module) -> tuple[str, ...] | None:
    """The names in the assignment to ``ONLY`` of graded tests; None if there is none.

    >>> read_only(ast.parse('ONLY = ("concur.Semaphore", "threading.Semaphore")'))
    ('concur.Semaphore', 'threading.Semaphore')
    """
    for node in tests.body:
        if isinstance(node, ast.Assign) and [ast.unparse(target) for target in node.targets] == ["ONLY"]:
            names = ast.literal_eval(node.value)
            if isinstance(names, tuple) and all(isinstance(name, str) for name in names):
                return names
            raise ValueError("ONLY must be a tuple of dotted names")
    return None


def refusal(attempt: str, source: bytes, only: tuple[str, ...]) -> str:
    """What *attempt*, a file of that *source*, uses beyond *only*, in one sentence; ``""`` if nothing."""
    for line, name in _used(ast.parse(source)):
        if name.partition(".")[0] in _ALWAYS or name in only:
            continue
        allowed = f"from {' and '.join(only)} only" if only else "from plain variables only"
        return f"{attempt}:{line} uses {name}; this exercise is to be solved {allowed}"
    return ""


def _used(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """The line and dotted name of what is taken from other modules."""
    modules: dict[str, str] = {}  # a name in the file -> the module it stands for
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                yield node.lineno, f"{node.module or '.'}.{alias.name}"
        elif isinstance(node, ast.Import):
            for alias in node.names:
                top = alias.name.partition(".")[0]
                modules[alias.asname or top] = alias.name if alias.asname else top
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in modules:
            yield node.lineno, f"{modules[node.value.id]}.{node.attr}"
        elif isinstance(node, ast.Name) and node.id in ("__import__", "exec", "eval"):
            yield node.lineno, node.id
