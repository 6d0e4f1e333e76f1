"""Small programs, written to a file and explored."""

import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from concur.check import Verdict, explore
from tests.soundness.enumeration import outcomes

Check = Callable[..., Verdict]

TOGETHER = """
from threading import Thread


def together(*functions):
    threads = [Thread(target=function, name=function.__name__) for function in functions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
"""


@pytest.fixture
def check(tmp_path: Path) -> Check:
    """Explore a program text; it may use `together(f, g)`, and its scenario is called `scenario`."""

    def run(text: str, **options: Any) -> Verdict:
        file = tmp_path / "program.py"
        file.write_text(TOGETHER + textwrap.dedent(text))
        return explore(f"{file}::scenario", **{"max_seconds": None, **options})  # no verdict rests on a clock

    return run


def observed(file: Path) -> set[object]:
    """Every value of the module's `result` with which a program can end, beside why it could not be checked."""
    return outcomes(
        file, observe=lambda engine, scenario: (engine.uncheckable, scenario.loader.main_module().result)
    )[0]
