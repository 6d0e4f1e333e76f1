"""The rules of docs/contributing.md, section "Rules that are tests". Each message names its section."""

import ast
import doctest
import importlib
import inspect
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import concur
from concur import pubsub
from concur.check.packages import public_names

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "concur"
MODULES = sorted(PACKAGE.rglob("*.py"))
TESTS = sorted(path for path in (ROOT / "tests").rglob("*.py") if "benchmarks" not in path.parts)

# Files of concur/ above MAX_LINES, each with the reason why it is not split.
MAX_LINES = 400
LONG_FILES: dict[str, str] = {}

# Public classes without a doctest, each with the reason.
RECORDS = {
    "Status": "an enumeration of four words",
    "Verdict": "a record; it is made by explore, never by a user",
    "Failure": "a record; part of a verdict",
    "Step": "a record; part of a failure",
    "Race": "a record; part of a verdict",
}

# The same for concur.pubsub.
PUBSUB_RECORDS = {
    "Deliveries": "made by send_many, never by a user, whose docstring shows one in use",
    "Delivery": "made by send, never by a user; its docstring shows one in use",
    "RecordMetadata": "a record; it is made by a producer, never by a user",
    "OffsetAndMetadata": "a record",
    "OffsetAndTimestamp": "a record; it is made by a consumer, never by a user",
}


def rule(anchor: str) -> str:
    return f"[rule: docs/contributing.md#rule-{anchor}]"


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def tracked_files() -> list[Path]:
    """What git tracks or would track; the test is skipped outside a checkout."""
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    listing = subprocess.run(
        [git, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [ROOT / name for name in listing.stdout.split("\0") if name and (ROOT / name).is_file()]


def test_floors() -> None:
    """A file imports only from floors below its own, and every file has a floor."""
    linter = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"
    done = subprocess.run(
        [sys.executable, "-c", linter], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{done.stdout}{done.stderr}\n{rule('floors')}"


def is_module(name: str) -> bool:
    return (PACKAGE / name).is_dir() or (PACKAGE / f"{name}.py").is_file()


def imports_of_root(path: Path) -> Iterator[int]:
    """Lines of *path*, a file of concur/, that take a name, not a module, from `concur`."""
    depth = len(path.relative_to(PACKAGE).parts)  # so many dots reach concur from there
    for node in ast.walk(tree(path)):
        match node:
            case ast.Import(names=names) if any(alias.name == "concur" for alias in names):
                yield node.lineno
            case ast.ImportFrom(names=names) if (node.module, node.level) in {("concur", 0), (None, depth)}:
                if not all(is_module(alias.name) for alias in names):
                    yield node.lineno
            case _:
                pass


def test_nothing_inside_imports_from_the_root() -> None:
    """concur/__init__.py is for users: nothing inside the package needs it."""
    found = [f"{relative(path)}:{line}" for path in MODULES for line in imports_of_root(path)]
    assert not found, f"these import from the package root: {', '.join(found)} {rule('root')}"


def test_the_root_loads_no_checker() -> None:
    """A program that imports a lock has no use for it, and a free-threaded build may lack greenlet."""
    program = """
import sys
import concur
assert not {"concur.check", "greenlet"} & set(sys.modules), "import concur loads the checker"
from concur import *
assert "concur.check" in sys.modules
assert explore is concur.explore is sys.modules["concur.check"].explore
assert not hasattr(concur, "exlpore")
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{done.stderr}\n{rule('root')}"


def test_public_names() -> None:
    """__all__ is exactly what the package exports, and the reference has an entry for each name."""
    exported = {
        name
        for name in dir(concur)  # also what is loaded when it is asked for
        if getattr(getattr(concur, name), "__module__", "").startswith("concur.") and not name.startswith("_")
    }
    assert sorted(concur.__all__) == sorted(exported), (
        f"__all__ differs from what is exported {rule('names')}"
    )

    pages = "".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "docs").glob("*.md")))
    documented = re.findall(r"^\.\. auto(?:class|exception|function):: concur\.(\w+)$", pages, re.MULTILINE)
    assert sorted(documented) == sorted(concur.__all__), f"the reference differs from __all__ {rule('names')}"
    assert sorted(public_names()) == sorted(concur.__all__), (
        f"code under the checker sees other names {rule('names')}"
    )


@pytest.mark.parametrize("name", concur.__all__)
def test_public_classes_have_a_doctest(name: str) -> None:
    """Every public class is shown in use, in its docstring or its module's."""
    public = getattr(concur, name)
    if inspect.isclass(public) and not issubclass(public, BaseException) and name not in RECORDS:
        assert_shown_in_use(name, public)


def assert_shown_in_use(name: str, public: type) -> None:
    module = importlib.import_module(public.__module__)
    parser = doctest.DocTestParser()
    examples = [
        example.source
        for text in (public.__doc__, module.__doc__)
        for example in parser.get_examples(text or "")
    ]
    assert any(f"{name}(" in source for source in examples), f"{name} has no doctest {rule('doctests')}"


def test_records_are_public_names() -> None:
    """No exception to the doctest rule outlives its class."""
    assert set(RECORDS) <= set(concur.__all__), rule("doctests")


def test_public_names_of_pubsub() -> None:
    """What is said of concur.__all__ holds for that of concur.pubsub: all in the reference, each class in use."""
    page = (ROOT / "docs" / "pubsub.md").read_text(encoding="utf-8")
    documented = re.findall(
        r"^\.\. auto(?:class|function):: concur\.pubsub\.(\w+)(?:\(\))?$", page, re.MULTILINE
    )
    names = [name for name in pubsub.__all__ if name != "errors"]  # a module, documented as one
    assert sorted(documented) == sorted(names), f"the reference differs from __all__ {rule('names')}"
    for name in names:
        if name not in PUBSUB_RECORDS:
            assert_shown_in_use(name, getattr(pubsub, name))
    assert set(PUBSUB_RECORDS) <= set(names), rule("doctests")


def test_files_are_short() -> None:
    """One idea a file: 400 lines, or a reason."""
    long = {
        relative(path): lines
        for path in MODULES
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > MAX_LINES
    }
    assert set(long) == set(LONG_FILES), (
        f"longer than {MAX_LINES} lines: {long}; reasons are given for: {sorted(LONG_FILES)} {rule('size')}"
    )


def sleeps(path: Path) -> Iterator[int]:
    for node in ast.walk(tree(path)):
        match node:
            case ast.Attribute(value=ast.Name(id="time"), attr="sleep"):
                yield node.lineno
            case ast.ImportFrom(module="time", names=names) if any(alias.name == "sleep" for alias in names):
                yield node.lineno
            case _:
                pass


def test_no_test_sleeps() -> None:
    """A test that sleeps hopes; a file that must says why."""
    found = [
        f"{relative(path)}:{line}"
        for path in TESTS
        if not re.search(r"^# sleeps: \S", path.read_text(encoding="utf-8"), re.MULTILINE)
        for line in sleeps(path)
    ]
    assert not found, f"time.sleep in {', '.join(found)} {rule('sleep')}"


def test_architecture_page() -> None:
    """The page is short; the folders, files and tests it names are those that exist."""
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    where = rule("architecture")
    assert len(page.splitlines()) <= 150, f"docs/architecture.md is longer than 150 lines {where}"

    folders = {relative(path.parent) for path in MODULES}
    missing = sorted(folder for folder in folders if f"`{folder}/" not in page)
    assert not missing, f"docs/architecture.md does not name {missing} {where}"

    named_files = set(re.findall(r"`(?:\w+/)*(\w+\.py)`", page))
    gone = sorted(named_files - {path.name for path in MODULES})
    assert not gone, f"docs/architecture.md names files that do not exist: {gone} {where}"

    invariants = [line for line in page.splitlines() if line.startswith("Architecture invariant:")]
    assert invariants, f"docs/architecture.md states no invariant {where}"
    for line in invariants:
        named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", line)
        assert named, f"no test is named by: {line} {where}"
        for file, test in named:
            path = ROOT / file
            assert path.exists(), f"{file} does not exist: {line} {where}"
            functions = {node.name for node in ast.walk(tree(path)) if isinstance(node, ast.FunctionDef)}
            assert test in functions, f"{file} has no {test}: {line} {where}"


def test_silent_until_enabled() -> None:
    """Nothing is logged before a program says logger.enable("concur")."""
    program = """
import concur
from loguru import logger
inside = {"__name__": "concur.somewhere", "logger": logger}
exec("logger.error('too early')", inside)
logger.enable("concur")
exec("logger.error('asked for')", inside)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "too early" not in done.stderr, rule("silent")
    assert "asked for" in done.stderr, rule("silent")


def test_no_path_of_a_machine() -> None:
    """Nothing depends on, or tells, where it was written."""
    home = re.compile(rb"(?<![\w.~$}-])/(?:work|root|home/\w+|Users/\w+)/")
    found = [relative(path) for path in tracked_files() if home.search(path.read_bytes())]
    assert not found, f"a path of a machine in {', '.join(found)} {rule('paths')}"
