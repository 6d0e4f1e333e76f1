"""docs/examples/word_count: the count is exact, whoever is killed, and whenever."""

import importlib
import multiprocessing
import signal
import subprocess
import sys
from collections import Counter
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests import mortals
from tests.mortals import MOMENTS, Letter, count_and_stammer, count_or_die

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
FOLDER = Path(__file__).resolve().parent.parent / "docs" / "examples" / "word_count"
TEXTS = [f"d{number} one two two {'three ' * number}" for number in range(6)]
EXACT = Counter(" ".join(TEXTS).split())


@pytest.fixture
def example(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The program, where children find it too: they are given sys.path."""
    monkeypatch.syspath_prepend(FOLDER)
    return importlib.import_module("word_count")


@pytest.fixture(params=["fork", "spawn"])
def survivors(request, example: ModuleType, tmp_path: Path):
    """The count of TEXTS by three workers, some of which obey an order to die."""

    def count(orders: dict[str, str], processes: int = 3) -> Counter[str]:
        for name, moment in orders.items():
            (tmp_path / name).write_text(moment)
        letters = [Letter(text) for text in TEXTS]
        for letter in letters:
            letter.folder = tmp_path
        try:
            work = partial(count_or_die, tmp_path)
            return sum(example.surely(work, letters, processes, request.param), Counter())
        finally:
            assert not multiprocessing.active_children()
            assert not list(tmp_path.iterdir()), "somebody was to die and did not"

    return count


@pytest.mark.parametrize("moment", MOMENTS)
def test_one_is_killed(survivors, moment: str) -> None:
    """With its document received, at work on it, in the middle of the answer, or after it."""
    assert survivors({"d1.0": moment}) == EXACT


def test_several_are_killed(survivors) -> None:
    """One after the other, each in another moment."""
    orders = {"d0.0": "sent", "d1.0": "counting", "d3.0": "receiving", "d5.0": "half sent"}
    assert survivors(orders) == EXACT


def test_a_document_has_bad_luck_twice(survivors) -> None:
    """Two deaths are not yet the fault of the document."""
    assert survivors({"d1.0": "counting", "d1.1": "half sent"}) == EXACT


def test_all_are_killed(survivors) -> None:
    """Each of the first workers dies of its first document: others take their place."""
    assert survivors({"d0.0": "counting", "d1.0": "half sent", "d2.0": "receiving"}) == EXACT


def test_the_only_one_is_killed(survivors) -> None:
    """Also with its last document."""
    assert survivors({"d5.0": "counting"}, processes=1) == EXACT


def test_a_document_that_kills_is_named(survivors) -> None:
    """Whoever takes it dies: after the third worker it is given up, by its number."""
    with pytest.raises(RuntimeError, match=r"^task 2 has ended 3 workers, .* exit code -9"):
        survivors({"d2.0": "counting", "d2.1": "receiving", "d2.2": "half sent"})


def test_nobody_is_left(survivors, example: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers are replaced so many times; then it is said how much is not done."""
    monkeypatch.setattr(example, "REPLACEMENTS", 1)
    with pytest.raises(RuntimeError, match=r"^2 workers have died; 5 of 6 tasks are not done"):
        survivors({"d0.0": "sent", "d1.0": "counting"}, processes=1)


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_killed_from_outside(example: ModuleType, tmp_path: Path, method: str) -> None:
    """A worker says that it is in the middle of its document, and another process kills it then."""
    (tmp_path / "d4.0").write_text("waiting")
    context: Any = multiprocessing.get_context(method)
    pids, victims = context.Pipe(duplex=False)
    killer = context.Process(target=mortals.kill_the_first, args=(pids,))
    killer.start()
    work = partial(mortals.count_or_wait_for_the_end, tmp_path, victims)
    assert sum(example.surely(work, TEXTS, 2, method), Counter()) == EXACT
    killer.join()
    pids.close()
    victims.close()


def test_answers_that_are_late_or_doubled_do_not_count(example: ModuleType) -> None:
    """Of each document one answer is taken."""
    assert sum(example.surely(count_and_stammer, TEXTS, 2, "fork"), Counter()) == EXACT


@pytest.mark.parametrize("method", ["fork", "spawn"])
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_nobody_outlives_the_parent(method: str, number: int) -> None:
    """When the parent is killed, or stopped by Ctrl-C, its workers end, busy or idle."""
    program = [sys.executable, mortals.__file__, str(FOLDER), method, str(int(number))]
    done = subprocess.run(program, capture_output=True, text=True, check=False)  # until all have ended
    assert done.returncode == -number
    assert done.stderr.count("Traceback") == (number == signal.SIGINT), done.stderr


def test_word_count(example: ModuleType) -> None:
    """The whole: words of documents, none too many processes, and no documents."""
    assert example.word_count(TEXTS, 2) == EXACT
    assert example.word_count(TEXTS[:1], 50) == Counter(TEXTS[0].split())
    assert example.word_count([], 3) == Counter()
    with pytest.raises(ValueError, match="at least one process"):
        example.word_count(TEXTS, 0)


def test_it_runs_as_a_program(tmp_path: Path) -> None:
    """On the files that it is given, without concur."""
    assert "concur" not in (FOLDER / "word_count.py").read_text(encoding="utf-8")
    for number, text in enumerate(TEXTS):
        (tmp_path / f"{number}.txt").write_text(text)
    program = [sys.executable, str(FOLDER / "word_count.py"), *map(str, tmp_path.iterdir())]
    done = subprocess.run(program, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[:2] == ["      15  three", "      12  two"]
