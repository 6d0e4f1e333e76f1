"""Packages that are given by name are rewritten, or refused by name."""

import importlib.machinery
import py_compile
import sys
import textwrap
import zipfile
from pathlib import Path
from typing import Any

import pytest

from concur.check import Status, explore, replay, sample
from concur.errors import UsageError
from tests.check.conftest import TOGETHER

COUNTER = """
class Counter:
    def __init__(self):
        self.value = 0

    def add(self):
        self.value += 1
"""
LOSES = """
    from counting import Counter
    def scenario():
        counter = Counter()
        together(counter.add, counter.add)
        assert counter.value == 2
"""


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in which Python finds packages; the scenario lies elsewhere."""
    folder = tmp_path / "installed"
    folder.mkdir()
    monkeypatch.syspath_prepend(folder)
    monkeypatch.delitem(sys.modules, "counting", raising=False)  # of an earlier test
    return folder


@pytest.fixture
def program(tmp_path: Path) -> Any:
    def write(text: str) -> str:
        file = tmp_path / "program" / "program.py"
        file.parent.mkdir(exist_ok=True)
        file.write_text(TOGETHER + textwrap.dedent(text))
        return f"{file}::scenario"

    return write


def package(folder: Path, **files: str) -> None:
    """Files by their dotted names; ``__init__`` is that of the folder itself."""
    for name, text in files.items():
        file = folder / f"{name.replace('__in__', '/')}.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(textwrap.dedent(text))


def test_a_named_package_is_looked_into(installed: Path, program: Any) -> None:
    """What is uncheckable as it is, is refuted when its text is rewritten, with its lines in the report."""
    package(installed / "counting", __init__="from .inner import Counter", inner=COUNTER)
    scenario = program(LOSES)
    assert explore(scenario, max_seconds=None).status is Status.UNCHECKABLE
    verdict = explore(scenario, max_seconds=None, rewrite=["counting"])
    assert verdict.status is Status.REFUTED, str(verdict)
    assert verdict.failure is not None
    assert verdict.failure.why.startswith("An update was lost")
    assert {step.file for step in verdict.failure.steps if step.op.startswith("write")} == {
        str(installed / "counting" / "inner.py")
    }
    assert "counting/inner.py" in str(verdict)
    assert sample(scenario, runs=50, rewrite="counting").status is Status.REFUTED


def test_a_token_names_the_package(installed: Path, program: Any) -> None:
    """A run is replayed without naming the package again, and refused when the package has changed."""
    package(installed, counting=COUNTER)
    scenario = program(LOSES)
    failure = explore(scenario, max_seconds=None, rewrite=["counting"]).failure
    assert failure is not None
    assert failure.token.endswith("@counting")
    assert replay(scenario, failure.token).status is Status.REFUTED
    package(installed, counting=COUNTER + "\n# another version\n")
    with pytest.raises(UsageError, match="the source has changed"):
        replay(scenario, failure.token)


def test_its_modules_are_fresh_in_every_run(installed: Path, program: Any) -> None:
    """What a run leaves in a module of the package, the next one does not find; nor does the process."""
    package(installed, counting="made = []")
    scenario = program("""
        import counting
        def scenario():
            def make(): counting.made.append(1)
            together(make, make)
            assert counting.made == [1, 1]
    """)
    assert explore(scenario, max_seconds=None, rewrite=["counting"]).status is Status.VERIFIED
    assert "counting" not in sys.modules


def test_imports_inside_the_package(installed: Path, program: Any) -> None:
    """Relative imports, import_module, folders without a file of their own: all are rewritten."""
    package(
        installed / "counting",
        __init__="""
            import importlib
            from . import plain
            from .folder import deep
            late = importlib.import_module(".late", __name__)
            def Counter():
                assert plain.KIND == deep.KIND == "rewritten"
                return late.Counter()
        """,
        plain="import threading\nKIND = 'rewritten' if threading.Lock.__module__.startswith('concur') else 'plain'",
        folder__in__deep="from ..plain import KIND",
        late=COUNTER,
    )
    assert explore(program(LOSES), max_seconds=None, rewrite=["counting"]).status is Status.REFUTED


def test_a_package_knows_its_modules(installed: Path, program: Any) -> None:
    """The package above a module is loaded first, and has the module as an attribute, as in Python."""
    package(
        installed / "counting",
        __init__="from .first import LOADED\nLOADED.append('the package')\nFOUND = first.LOADED",
        first="LOADED = []",
        second="from .first import LOADED\nBEFORE = list(LOADED)",
    )
    scenario = program("""
        from counting.second import BEFORE
        import counting.second
        def scenario():
            assert counting.second.BEFORE == BEFORE == counting.first.LOADED == ["the package"]
    """)
    assert explore(scenario, max_seconds=None, rewrite=["counting"]).status is Status.VERIFIED


def test_a_part_in_c_is_said_to_be_missing(installed: Path, program: Any) -> None:
    """A package that has the same in Python takes that; one that has not, is refused with the name of the part."""
    suffix = importlib.machinery.EXTENSION_SUFFIXES[0]
    package(
        installed / "counting",
        __init__="""
            try:
                from ._fast import Counter
            except ImportError:
                from .slow import Counter
        """,
        slow=COUNTER,
    )
    (installed / "counting" / f"_fast{suffix}").touch()
    assert explore(program(LOSES), max_seconds=None, rewrite=["counting"]).status is Status.REFUTED
    package(installed / "counting", __init__="from ._fast import Counter")
    with pytest.raises(UsageError, match=r"module 'counting\._fast' is written in C"):
        explore(program(LOSES), rewrite=["counting"])


def test_a_thread_at_import_is_refused(installed: Path, program: Any) -> None:
    """A package that starts a thread when it is imported is refused by name."""
    package(installed, counting="import threading\nthreading.Thread(target=print).start()\nCounter = object")
    with pytest.raises(UsageError, match="package 'counting' cannot be rewritten: a thread is started while"):
        explore(program(LOSES), rewrite=["counting"])


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("no_such_package", "there is no package 'no_such_package'"),
        ("import-linter", "not 'import-linter'; 'import-linter' is imported as 'importlinter'"),
        ("counting.inner", "'counting', not its module 'counting.inner'"),
        ("", "not ''"),
        (3, "not 3"),
        ("click", "the checker itself is built on 'click'"),
        ("queue", "'queue' is of the standard library"),
        ("folder_only", "'folder_only' is a namespace package"),
        ("zipped", "'zipped' lies in an archive"),
        ("compiled", "'compiled' has no Python text"),
        ("extension", "'extension' is written in C"),
    ],
)
def test_refused(installed: Path, program: Any, name: Any, problem: str) -> None:
    """What cannot be rewritten is refused before the first run, and the message names it."""
    (installed / "folder_only").mkdir()
    with zipfile.ZipFile(installed / "archive.zip", "w") as archive:
        archive.writestr("zipped.py", COUNTER)
    sys.path.insert(0, str(installed / "archive.zip"))
    package(installed, compiled=COUNTER)
    py_compile.compile(str(installed / "compiled.py"), cfile=str(installed / "compiled.pyc"))
    (installed / "compiled.py").unlink()
    (installed / f"extension{importlib.machinery.EXTENSION_SUFFIXES[0]}").touch()
    try:
        with pytest.raises(UsageError) as caught:
            explore(program("def scenario(): pass"), rewrite=[name])
    finally:
        sys.path.remove(str(installed / "archive.zip"))
    assert problem in str(caught.value)


def test_installed_beside_the_standard_library_is_not_the_standard_library(tmp_path: Path) -> None:
    """Where no virtual environment is used, packages lie in a folder of the standard library's."""
    from concur.check.whereabouts import is_pythons

    assert is_pythons(importlib.machinery.__file__)
    standard = Path(importlib.machinery.__file__).parent.parent
    assert not is_pythons(str(standard / "site-packages" / "counting.py"))
    assert not is_pythons(str(standard / "dist-packages" / "counting" / "__init__.py"))
