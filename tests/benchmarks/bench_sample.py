"""How many random schedules until the first failure: five classic mistakes, 40 seeds, at most 400 schedules.

Each cell is median / ninth decile / seeds that found nothing. A search by `explore` stands beside it.
"""

import statistics
import sys
from pathlib import Path
from typing import Any

from concur import Status, explore
from concur.check.options import Options
from concur.check.sample import Priorities, RandomWalk
from concur.check.scenario import Scenario
from concur.check.work import Work

SEEDS = 40
CAP = 400
PROGRAMS = Path(__file__).parents[1] / "check" / "buggy.py"
NAMES = ("counter_3x2", "philosophers_3", "philosophers_5", "if_for_while", "one_condition")


def with_changes(number: int) -> type[Priorities]:
    return type("Changed", (Priorities,), {"changes": number})


STRATEGIES: dict[str, Any] = {
    "random": RandomWalk,
    "pct depth 2": with_changes(1),
    "pct depth 3": with_changes(2),
    "pct depth 4": with_changes(3),
    f"pct ({Priorities.changes} changes)": Priorities,
}


def until_failure(name: str, chooser: Any) -> int | None:
    """Schedules up to the first that fails; None if none does."""
    work = Work(Scenario(f"{PROGRAMS}::scenario_{name}"), Options(timeouts="idle", races="off"))
    with work.running():
        for done in range(1, CAP + 1):
            chooser.start()
            if work.run(chooser, full=True).went_wrong:
                return done
    return None


def cell(found: list[int | None]) -> str:
    counts = sorted(CAP if count is None else count for count in found)
    return f"{statistics.median(counts):.0f} / {counts[len(counts) * 9 // 10 - 1]} / {found.count(None)}"


def main() -> None:
    print(f"Python {sys.version.split()[0]}; {SEEDS} seeds, at most {CAP} schedules: median / p90 / misses")
    print(f"{'program':16}{'explore':>8}" + "".join(f"{name:>18}" for name in STRATEGIES))
    for name in NAMES:
        verdict = explore(f"{PROGRAMS}::scenario_{name}", max_seconds=None)
        assert verdict.status is Status.REFUTED
        cells = [
            cell([until_failure(name, strategy(seed)) for seed in range(SEEDS)])
            for strategy in STRATEGIES.values()
        ]
        print(f"{name:16}{verdict.schedules:>8}" + "".join(f"{each:>18}" for each in cells), flush=True)


if __name__ == "__main__":
    main()
