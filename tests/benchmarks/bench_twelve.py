"""Twelve classic programs: how many schedules, and how long, until the buggy one fails and the correct one is verified.

Seconds are the median of the repetitions, those of a failure with its search for the fewest context switches.
With `any`, conditions may wake any waiter, and each thread once without a reason.
"""

import statistics
import sys
from pathlib import Path
from typing import Any

from concur import Verdict, explore

PROGRAMS = sorted((Path(__file__).parents[1] / "check" / "twelve").glob("[!_]*.py"))
REPETITIONS = 5
OPTIONS: dict[str, dict[str, Any]] = {"fifo": {}, "any": {"notify": "any", "spurious_wakeups": True}}


def measured(given: str, options: dict[str, Any]) -> tuple[Verdict, float]:
    verdicts = [explore(given, max_seconds=None, **options) for _ in range(REPETITIONS)]
    return verdicts[0], statistics.median(verdict.seconds for verdict in verdicts)


def row(path: Path, options: dict[str, Any]) -> str:
    buggy, failing = measured(f"{path}::scenario_buggy", options)
    correct, passing = measured(f"{path}::scenario_correct", options)
    kind = buggy.failure.kind if buggy.failure else buggy.status
    return (
        f"{path.stem:26}{kind:12}{buggy.schedules:>10,}{failing:>9.3f}"
        f"   {correct.status:12}{correct.schedules:>10,}{passing:>9.3f}"
    )


def main() -> None:
    for name in sys.argv[1:] or ["fifo"]:
        print(f"Python {sys.version.split()[0]}, {name}; median of {REPETITIONS}")
        print(
            f"{'program':26}{'buggy':12}{'schedules':>10}{'seconds':>9}   {'correct':12}{'schedules':>10}{'seconds':>9}"
        )
        for path in PROGRAMS:
            print(row(path, OPTIONS[name]), flush=True)


if __name__ == "__main__":
    main()
