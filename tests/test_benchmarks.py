"""The harness of tests/benchmarks counts right; what it measures is never asserted."""

import doctest
import importlib.util
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

FOLDER = Path(__file__).parent / "benchmarks"


def load(name: str) -> Iterator[ModuleType]:
    """A module of the folder, which is no package: its scripts are run as files."""
    spec = importlib.util.spec_from_file_location(name, FOLDER / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules[name]


@pytest.fixture(scope="module")
def pairs():
    yield from load("pairs")


@pytest.fixture(scope="module")
def table(pairs):
    yield from load("table")


class Clocked:
    """A side that takes the times it is given."""

    def __init__(self, *times: float) -> None:
        self.times = [times[0], *times]  # the first turn is thrown away

    def prepare(self, seconds: float) -> None: ...

    def measure(self) -> float:
        return self.times.pop(0)


def test_the_median_of_the_ratios_of_the_turns(pairs, capsys) -> None:
    """Each turn gives a ratio; a turn that was disturbed moves neither median nor target."""
    bench = pairs.Bench(turns=3)
    bench.pair("fast", ours=Clocked(1, 1, 8), theirs=Clocked(9, 8, 8), target=8.0)
    bench.pair("cheap", ours=Clocked(3, 30, 3), theirs=Clocked(1, 10, 3), target=2.9, at_least=False)
    fast, cheap = bench.results
    assert (fast.low, fast.measured, fast.high, fast.reached) == (1, 8, 9, True)
    assert (cheap.low, cheap.measured, cheap.high, cheap.reached) == (1, 3, 3, False)
    assert "NO" in capsys.readouterr().out


def test_a_ratio_is_judged_as_it_is_shown(pairs) -> None:
    """What the table shows as the target has reached it."""
    assert [pairs.number(value) for value in (0.9, 1.0, 1.996, 7.96, 12.4)] == [
        "0.90",
        "1",
        "2.00",
        "8.0",
        "12",
    ]
    assert pairs.Result("t", "", 7.96, 7, 9, 8.0, True).reached
    assert not pairs.Result("t", "", 7.94, 7, 9, 8.0, True).reached
    assert pairs.Result("t", "", 7.94, 7, 9, None, True).reached is None


def test_a_statement_is_repeated(pairs) -> None:
    """A statement of several lines runs as often as was found out, with the names it was given."""
    calls: list[int] = []
    side = pairs.Statement("for i in (1, 2):\n    calls.append(i)", calls=calls)
    side.prepare(0.001)
    assert side.measure() > 0
    assert calls[:4] == [1, 2, 1, 2]
    assert doctest.testmod(pairs).failed == 0


def test_threads_run_together(pairs) -> None:
    """All bodies have begun before one need end; an error in one is raised."""
    both = threading.Barrier(2)
    assert pairs.Rounds(lambda: pairs.together(both.wait, both.wait), calls=2).measure() > 0
    with pytest.raises(ZeroDivisionError):
        pairs.together(lambda: 1 / 0)


def test_results_are_written(tmp_path: Path) -> None:
    """A script of pairs leaves a file that names the machine, the Python and the date."""
    script = tmp_path / "bench_empty.py"
    script.write_text(
        '"""Nothing beside nothing."""\n'
        "from pairs import Statement, main\n"
        "main(lambda bench: bench.pair('nothing', ours=Statement('pass'), theirs=Statement('pass'), target=1.0))\n"
    )
    subprocess.run(
        [sys.executable, str(script), "--quick", "--json", str(tmp_path)],
        env={"PYTHONPATH": str(FOLDER)},
        capture_output=True,
        check=True,
    )
    [written] = tmp_path.glob("bench_empty-*.json")
    document = json.loads(written.read_text())
    assert document["heading"] == "Nothing beside nothing."
    assert {"python", "machine", "date", "turns", "quick", "results"} <= set(document)
    assert document["results"][0]["title"] == "nothing"


def test_the_page_says_what_was_measured(table) -> None:
    """docs/figures.md is what table.py makes of the figures that are kept: nobody wrote into it by hand."""
    kept = json.loads(table.KEPT.read_text(encoding="utf-8"))
    assert table.PAGE.read_text(encoding="utf-8") == table.page(kept), (
        "docs/figures.md is made by tests/benchmarks/table.py; see docs/contributing.md, section Figures"
    )
    for document in kept:
        assert (FOLDER / f"{document['script']}.py").exists(), (
            f"{document['script']}.py is gone; measure anew"
        )
        assert not document["quick"]


def test_a_target_that_was_missed_is_named_with_its_reason(table) -> None:
    """What was measured instead, on which version, and why; without a reason the page says that."""
    results = [
        {
            "title": "Lock",
            "against": "Look",
            "measured": 2.5,
            "low": 2,
            "high": 3,
            "target": 4.0,
            "at_least": True,
        },
        {
            "title": "Watch",
            "against": "",
            "measured": 9.5,
            "low": 9,
            "high": 10,
            "target": 9.0,
            "at_least": False,
        },
        {
            "title": "Good",
            "against": "",
            "measured": 4.0,
            "low": 4,
            "high": 4,
            "target": 4.0,
            "at_least": True,
        },
    ]
    results[0]["note"] = "The switch costs that much."
    machine = {"cores": 2, "cpu": "Z80", "system": "CP/M", "kernel": "2.2"}
    shared = {"script": "bench_x", "heading": "X.", "date": "2026-01-02", "turns": 7, "machine": machine}
    documents = [{**shared, "python": python, "results": results} for python in ("3.11.1", "3.13.1")]
    page = table.page(documents)
    end = page[page.index("## Targets that were not reached") :]
    assert (
        "- Lock, against Look: 2.5x on 3.11.1 instead of `>= 4x`; 2.5x on 3.13.1 instead of `>= 4x`. The switch"
        in end
    )
    assert (
        f"- Watch: 9.5x on 3.11.1 instead of `<= 9x`; 9.5x on 3.13.1 instead of `<= 9x`. {table.NO_REASON}"
        in end
    )
    assert "Good" not in end
    assert "| Lock | Look | `>= 4x` | **2.5x**, missed | **2.5x**, missed |" in page
    assert "3.11.1, 2026-01-02, medians of 7 turns: Z80, 2 cores; CP/M, kernel 2.2" in page


def test_a_look_is_no_result(table, tmp_path: Path) -> None:
    """Of the results in the folder the page takes those of its two versions, whole runs only."""
    for name, python, quick in (("a", "3.11.7", False), ("b", "3.13.0", True), ("c", "3.13.5t", False)):
        (tmp_path / f"{name}.json").write_text(json.dumps({"python": python, "quick": quick}))
    assert [document["python"] for document in table.collected(tmp_path)] == ["3.11.7"]
