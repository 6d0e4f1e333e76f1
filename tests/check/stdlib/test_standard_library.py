"""CPython's own text under the checker: what docs/standard-library.md says of it is what is found."""

import re
from typing import Any

import pytest

from concur.check import Status, replay
from tests.check.page_tables import cell_of_this_python, scenarios, schedules, tables, title
from tests.check.stdlib import table
from tests.check.stdlib.mutants import SCENARIOS, Mutant, mutants

AGAIN = "; if that is right, run: python -m tests.check.stdlib.table, with each Python that the page names"
TABLES = tables(table.PAGE.read_text(encoding="utf-8"))
QUICK = 120  # schedules of a scenario that every test run explores; `make long` has the others

# The mistakes that every test run puts in; `make long` has the others.
SHORT = """condition_wait_and_notify condition_stolen_item semaphore semaphore_release_two barrier_abort python_rlock
 timer_cancelled_before queue_one_to_one queue_join queue_task_done_too_often lifo_queue simple_queue
 shutdown_wakes_two_getters shutdown_wakes_every_getter shutdown_immediate callback
 wait_for_the_first initializer""".split()


def _scenarios() -> list[Any]:
    found = []
    for file in filter(table.runs_here, table.FILES):
        for name, _ in scenarios(SCENARIOS / file):
            cells = TABLES[file][1].get(title(name), ["", "0"])
            most = max(int(cell.replace(",", "")) for cell in cells[1:] if re.fullmatch(r"[\d,]+", cell))
            marks = [pytest.mark.slow] if most > QUICK else []
            found.append(pytest.param(file, name, marks=marks))
    return found


def _mistakes() -> list[Any]:
    chosen = list(SHORT)
    found = []
    for mutant in mutants():
        name = mutant.scenario.strip("`")
        quick = name in chosen
        if quick:
            chosen.remove(name)
        found.append(pytest.param(mutant, marks=[] if quick else [pytest.mark.slow], id=str(mutant)))
    return found


@pytest.mark.parametrize("name", [*table.FILES, table.REFUTED])
def test_the_page_has_every_scenario(name: str) -> None:
    """The page lists the scenarios that there are, each with its claim."""
    key = "refuted" if name == table.REFUTED else name
    expected = {title(scenario): claim for scenario, claim in scenarios(SCENARIOS / name)}
    found = {row: cells[0] for row, cells in TABLES[key][1].items()}
    assert found == expected, f"docs/standard-library.md lists other scenarios{AGAIN}"


def test_the_page_has_every_mistake() -> None:
    """The page lists the mistakes that there are; at least 15, in each of the files of CPython."""
    expected = {str(mutant): mutant.scenario for mutant in mutants()}
    found = {row: cells[0] for row, cells in TABLES["mistakes"][1].items()}
    assert expected.items() <= found.items(), f"docs/standard-library.md lacks mistakes{AGAIN}"
    assert len(expected) >= 15
    assert {mutant.module for mutant in mutants()} == {
        "threading",
        "queue",
        "concurrent.futures._base",
        "concurrent.futures.thread",
    }


@pytest.mark.parametrize(("file", "name"), _scenarios())
def test_verified(file: str, name: str) -> None:
    """CPython's text holds what the scenario asserts, under as many schedules as the page says."""
    verdict = table.verdict_of(file, name)
    assert verdict.status is Status.VERIFIED, str(verdict)
    said = cell_of_this_python(TABLES[file], title(name))
    assert said in (None, schedules(verdict)), f"the page says {said} schedules{AGAIN}"


@pytest.mark.parametrize("mutant", _mistakes())
def test_a_mistake_is_refuted(mutant: Mutant) -> None:
    """One line of CPython's text changed, and its scenario has a schedule that fails."""
    verdict = table.verdict_on(mutant)
    assert verdict.status is Status.REFUTED, f"{mutant}\n{verdict}"
    said = cell_of_this_python(TABLES["mistakes"], str(mutant))
    assert said in (None, schedules(verdict)), f"the page says {said}, not {schedules(verdict)}{AGAIN}"


@pytest.mark.parametrize("name", [name for name, _ in scenarios(SCENARIOS / table.REFUTED)])
def test_refuted(name: str) -> None:
    """What the page says cannot be relied upon fails again with the page's token, or with a new one elsewhere."""
    said = cell_of_this_python(TABLES["refuted"], title(name))
    if said is None:
        assert table.verdict_of(table.REFUTED, name).status is Status.REFUTED
    else:
        verdict = replay(f"{SCENARIOS / table.REFUTED}::{name}", said.strip("`"))
        assert verdict.status is Status.REFUTED, str(verdict)


def test_the_text_is_put_back() -> None:
    """A mistake is gone when its test is over."""
    mutant = next(mutants())
    file, name = mutant.refuted_by.split("::")
    assert table.verdict_on(mutant).status is Status.REFUTED
    assert table.verdict_of(file, name).status is Status.VERIFIED
