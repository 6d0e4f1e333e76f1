"""The student's file: loaded for plain use, and its faults in one line.

A fault here is one that has nothing to do with threads: the file cannot be read, a class is
missing, a method has another signature than the stub gave it. An interleaving would only hide it.
"""

import ast
import importlib.util
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

from concur.errors import UsageError

_NO_NAME = re.compile(r"AttributeError: module '([^']*)' has no attribute '(\w+)'")
_NO_MEMBER = re.compile(r"AttributeError: (?:type object )?'(\w+)' (?:object )?has no attribute '(\w+)'")
_BAD_CALL = re.compile(
    r"TypeError: (?P<called>[\w.<>]+)\(\) "
    r"(?:takes|got an unexpected|got multiple|got some positional|missing|expected)"
)


@contextmanager
def loaded(path: Path) -> Iterator[ModuleType]:
    """The module in the file *path*, executed afresh; its folder is importable meanwhile.

    Raises:
        UsageError: the file is not there, has a syntax error, or raises while it is imported.
    """
    name = path.stem
    if name in sys.modules or name in sys.stdlib_module_names:
        name = f"attempt_{name}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise UsageError(f"{path.name} is no Python file: its name must end in .py")
    module = importlib.util.module_from_spec(spec)
    # Child processes and dataclasses look the module up by its name.
    sys.modules[name] = module
    sys.path.insert(0, str(path.parent))
    try:
        code = compile(source(path), str(path), "exec")
        try:
            exec(code, module.__dict__)
        except (Exception, SystemExit) as error:
            raise UsageError(f"{path.name} cannot be imported: {one_line(error, path)}") from error
        yield module
    finally:
        sys.path.remove(str(path.parent))
        sys.modules.pop(name, None)


def source(path: Path) -> bytes:
    """The text of a file that compiles.

    Raises:
        UsageError: it is not there or has a syntax error; one line that says where.
    """
    try:
        text = path.read_bytes()
        ast.parse(text, filename=str(path))
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from None
    except SyntaxError as error:
        where = f"{path.name}:{error.lineno}" if error.lineno else path.name
        raise UsageError(f"{where}: {type(error).__name__}: {error.msg}") from None
    except (ValueError, RecursionError, MemoryError) as error:
        raise UsageError(f"{path.name}: cannot be compiled: {error}") from None
    return text


def one_line(error: BaseException, path: Path) -> str:
    """Type and first line of *error*, and where in the file *path* it was raised, if it was."""
    text = str(error).strip().splitlines()
    said = type(error).__name__ + (f": {text[0]}" if text else "")
    where, trace = "", error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == str(path):
            where = f" ({path.name}:{trace.tb_lineno})"
        trace = trace.tb_next
    return said + where


def plain_words(message: str, attempt: Path, tests: Path) -> str:
    """*message* in plain words when it tells of a missing name or a wrong signature, else ``""``.

    Only what the tests themselves use counts: a method that calls its own helper wrongly is an
    ordinary failure, shown with its run.
    """
    used = _names_used(tests)
    missing = _NO_NAME.search(message)
    if missing and missing[1].endswith(attempt.stem) and missing[2] in used:
        kind = "class" if missing[2][0].isupper() else "name"
        return f"{attempt.name} has no {kind} {missing[2]}; the stub defines it"
    member = _NO_MEMBER.search(message)
    if member and member[2] in used:
        members = _defined(attempt).get(member[1])
        if members is not None and member[2] not in members:
            return f"class {member[1]} in {attempt.name} has no {member[2]}; the stub defines it"
    call = _BAD_CALL.search(message)
    if call:
        owner, _, method = call["called"].removesuffix(".__init__").rpartition(".")
        if method in used and (owner or method) in _defined(attempt):
            said = message[call.start() :].removeprefix("TypeError: ").partition(", in thread '")[0]
            return f"{attempt.name}: {said}; give it the signature of the stub"
    return ""


def said_by_tests(error: BaseException) -> str:
    """The message that an assertion of the tests was given, which says more than its place; ``""`` for none.

    >>> said_by_tests(AssertionError("2 cars on the bridge\\nassert 2 < 2"))
    '2 cars on the bridge'
    """
    if not isinstance(error, AssertionError):
        return ""
    # pytest puts the operands below the message, or in its place.
    lines = str(error).splitlines()
    operands = next((n for n, line in enumerate(lines) if line.startswith("assert ")), len(lines))
    return "\n".join(lines[:operands]).strip()


def _names_used(tests: Path) -> set[str]:
    try:
        tree = ast.parse(tests.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return set()
    return {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}


def _defined(attempt: Path) -> dict[str, set[str]]:
    """The names at the top of the file, each with what a class of that name stores or defines."""
    found: dict[str, set[str]] = {}
    try:
        tree = ast.parse(attempt.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return found
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            found[node.name] = {
                each.attr if isinstance(each, ast.Attribute) else each.name
                for each in ast.walk(node)
                if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)
                or (isinstance(each, ast.Attribute) and isinstance(each.ctx, ast.Store))
            }
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            found[node.name] = set()
        else:
            for each in ast.walk(node):
                if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store):
                    found[each.id] = set()
                elif isinstance(each, ast.alias):
                    found[(each.asname or each.name).split(".")[0]] = set()
    return found
