"""Schedules a second on an unlocked counter, concur beside frontrun 0.7.0 in one run.

Two and three threads add 1 twice; nothing is asserted, so that neither stops at a failure. The tools
take turns, and the medians of three turns are compared: only the ratio says something about the tools,
since both figures move with the machine. frontrun patches the locks of its process, so it has one of its own.

Fairness: frontrun also traces code that was not written for it, and starts operating-system threads; and
three threads are more than it exhausts in the time given, so schedules a second are compared, not verdicts.
"""

import json
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from counters import Counter

SECONDS = 10.0  # an exploration gets
TURNS = 3


def with_concur(threads: int) -> tuple[int, float, str]:
    from concur import explore

    began = time.perf_counter()
    scenario = f"{Path(__file__).with_name('counters.py')}::scenario_{threads}x2"
    verdict = explore(scenario, max_seconds=SECONDS)
    return verdict.schedules, time.perf_counter() - began, str(verdict.status)


def with_frontrun(threads: int) -> tuple[int, float, str]:
    tool = Path(sys.executable).parent / "frontrun"
    command = [str(tool), "python", __file__, "--frontrun", str(threads)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    schedules, seconds = json.loads(done.stdout.splitlines()[-1])
    return schedules, seconds, "ended" if seconds < SECONDS else "out of time"


def inside_frontrun(threads: int) -> None:
    import frontrun

    began = time.perf_counter()
    result: Any = frontrun.explore(
        setup=Counter,
        workers=[lambda counter: counter.add_twice()] * threads,
        invariant=lambda counter: True,
        strategy="dpor",
        preemption_bound=None,
        total_timeout=SECONDS,
    )
    print(json.dumps([result.num_explored, time.perf_counter() - began]))


def main() -> None:
    print(f"Python {sys.version.split()[0]}; schedules a second, medians of {TURNS} turns")
    for threads in (2, 3):
        rates: dict[str, list[float]] = {}
        for _ in range(TURNS):
            for name, tool in (("concur", with_concur), ("frontrun", with_frontrun)):
                schedules, seconds, end = tool(threads)
                rates.setdefault(name, []).append(schedules / seconds)
                print(f"  {threads}x2 {name:9}{schedules:7,} schedules in {seconds:7.3f} s  {end}")
        ours, theirs = (statistics.median(rates[name]) for name in ("concur", "frontrun"))
        print(f"  {threads}x2 concur {ours:,.0f}/s, frontrun {theirs:,.0f}/s: {ours / theirs:.1f}x")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--frontrun"]:
        inside_frontrun(int(sys.argv[2]))
    else:
        main()
