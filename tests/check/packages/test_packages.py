"""What docs/packages.md says of other people's packages is what is found."""

import importlib.metadata
import importlib.util
import re

import pytest

from concur.check import Status, replay
from tests.check.packages import table
from tests.check.page_tables import cell_of_this_python, scenarios, tables, title

AGAIN = "; if that is right, run: python -m tests.check.packages.table, with each Python that the page names"
TEXT = table.PAGE.read_text(encoding="utf-8")
TABLES = tables(TEXT)
VERSIONS = dict(re.findall(r"^## (\w+) ([\d.]+)$", TEXT, re.MULTILINE))


def installed(package: str) -> str:
    """Its version; the test is skipped where it is not installed, as outside the extra `dev`."""
    if importlib.util.find_spec(package) is None:
        pytest.skip(f"{package} is not installed: make setup")
    return importlib.metadata.version(package)


@pytest.mark.parametrize("package", table.PACKAGES)
def test_the_page_has_every_scenario(package: str) -> None:
    """The page lists the scenarios that there are, each with its claim, and the version that is meant."""
    expected = {title(name): claim for name, claim in scenarios(table.file_of(package))}
    found = {row: cells[0] for row, cells in TABLES[package][1].items()}
    assert found == expected, f"docs/packages.md lists other scenarios{AGAIN}"
    assert set(VERSIONS) == set(table.PACKAGES)


@pytest.mark.parametrize(
    ("package", "name"),
    [(package, name) for package in table.PACKAGES for name, _ in scenarios(table.file_of(package))],
)
def test_verdict(package: str, name: str) -> None:
    """The scenario is verified or refuted as the page says, and its token replays the failure."""
    same = installed(package) == VERSIONS[package]
    verdict = table.verdict_of(package, name)
    row = TABLES[package][1][title(name)]
    if not same:
        return
    said = cell_of_this_python(TABLES[package], title(name))
    if said is None:  # another Python: the verdict is the same, its schedules need not be
        said = row[1]
        assert said.startswith("verified") == (verdict.status is Status.VERIFIED), str(verdict)
        return
    assert said == table.cell(verdict), f"the page says {said}{AGAIN}\n{verdict}"
    if verdict.failure is not None:
        again = replay(f"{table.file_of(package)}::{name}", verdict.failure.token)
        assert again.status is Status.REFUTED, str(again)
