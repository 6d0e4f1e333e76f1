"""What the verifications of the primitives share: threads, a room that notices a crowd, files with one line changed.

A scenario takes the module that it uses, so that the same scenario is run on the primitive as it is, which must be
verified, and on its text with one line changed, which must be refuted.
"""

import re
from collections.abc import Callable, Iterable
from itertools import accumulate
from pathlib import Path
from threading import Thread
from types import ModuleType
from typing import Any

from concur import sync
from concur.check import Verdict, explore
from concur.check.engine import Engine
from concur.check.options import Options
from concur.check.scenario import Scenario as Program
from tests.soundness.enumeration import outcomes

HOME = Path(sync.__file__).parent

Scenario = Callable[[ModuleType], None]


def together(*calls: Callable[[], object]) -> None:
    """Make each call in a thread of its own, and wait for all."""
    threads = [Thread(target=call) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


class Room:
    """Keeps a log of who goes in and out; more than *places* inside at a time are too many."""

    def __init__(self, places: int) -> None:
        self.places = places
        self.log: list[int] = []

    def visit(self) -> None:
        self.log.append(+1)
        self.log.append(-1)

    def visits(self) -> int:
        """How many there were, when all is over; fails if there was a crowd."""
        inside = list(accumulate(self.log))
        assert max(inside) <= self.places, f"inside at a time: {inside}"
        return self.log.count(+1)


def verdict_of(scenario: Scenario, module: Path, **options: Any) -> Verdict:
    """What becomes of *scenario* with the primitives of the file *module*, under every interleaving."""
    return explore(
        scenario, attempt=str(module), **({"max_schedules": 20_000, "max_seconds": None} | options)
    )


def in_one_file(parts: Iterable[str], file: str = "", right: str = "", wrong: str = "") -> str:
    """The files *parts* of concur/sync as one, without the imports between them; in *file*, *right* becomes *wrong*.

    What *parts* import comes with them. *right* is found in its file just once.
    """
    text = ""
    for name in _in_order_of_import(parts):
        part = (HOME / f"{name}.py").read_text(encoding="utf-8")
        if name == file:
            assert part.count(right) == 1, "the mutant does not fit the file"
            part = part.replace(right, wrong)
        text += "".join(line for line in part.splitlines(True) if not line.startswith("from concur.sync"))
    return text


def _in_order_of_import(parts: Iterable[str]) -> list[str]:
    ordered: list[str] = []
    for name in parts:
        text = (HOME / f"{name}.py").read_text(encoding="utf-8")
        imported = re.findall(r"^from concur\.sync\.(\w+) import", text, re.MULTILINE)
        ordered += [part for part in [*_in_order_of_import(imported), name] if part not in ordered]
    return ordered


_BEGIN = """
from threading import Thread
seen = []
def together(*calls):
    threads = [Thread(target=call) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
"""


def outcomes_of(program: str, kind: str, folder: Path) -> tuple[set[Any], set[Any]]:
    """What `seen` holds, and who waits for ever, at the ends that *program* comes to: with the code of the class
    *kind* visible, and with its calls taken as one step.

    *program* has a function `scenario`; it finds `seen` and `together` there.
    """
    file = folder / "program.py"
    file.write_text(_BEGIN + program, encoding="utf-8")

    def end(engine: Engine, scenario: Program) -> Any:
        return (
            tuple(scenario.loader.main_module().seen),
            tuple(sorted(thread.name for thread in engine.deadlocked)),
            tuple(sorted(f"{failure.thread.name} {failure.error!r}" for failure in engine.failures)),
        )

    in_steps, _ = outcomes(file, observe=end)
    at_once, _ = outcomes(file, observe=end, options=Options(atomic=(kind,)))
    return in_steps, at_once
