"""concur beside frontrun, interleave-test and ploom: schedules a second, and seconds to the exhaustive verdict.

Each tool explores the same six programs, in which nothing fails, in a process of its own for each turn; the tools
take turns, and the medians of three turns are compared. A search that does not end within its budget has no
verdict, and only its schedules a second count. One that ends is made twice, and the second is timed.

Fairness: the tools do not do the same. frontrun also traces code that was not written for it and starts threads of
the operating system, as interleave-test does; ploom runs each schedule in a process of its own and needs its
own cells, so that it takes part in the counters and with its locks in the philosophers. interleave-test
counts every bytecode as a step, and has no reduction.
"""

import dataclasses
import importlib.util
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import small_programs

SECONDS = 10.0  # an exploration gets, where the tool knows such a budget
SCHEDULES = 500  # interleave-test gets
PROCESSES = 15  # ploom gets
TURNS = 3
PROGRAMS = ("counter 2x2", "counter 3x1", "counter 3x2", "philosophers 3", "philosophers 5", "buffer 2p2c")


@dataclasses.dataclass
class Turn:
    schedules: int
    seconds: float
    ended: bool  # every schedule was run


def with_concur(name: str) -> Turn:
    from concur import Status, explore

    file = Path(__file__).with_name("small_programs.py")
    began = time.perf_counter()
    verdict = explore(f"{file}::scenario_{name.replace(' ', '_')}", max_seconds=SECONDS, races="off")
    return Turn(verdict.schedules, time.perf_counter() - began, verdict.status is Status.VERIFIED)


def with_frontrun(name: str) -> Turn:
    import frontrun

    setup, workers = small_programs.make(name)
    began = time.perf_counter()
    result: Any = frontrun.explore(
        setup=setup,
        workers=workers,
        invariant=lambda state: True,
        strategy="dpor",
        preemption_bound=None,
        total_timeout=SECONDS,
    )
    seconds = time.perf_counter() - began
    return Turn(result.num_explored, seconds, seconds < SECONDS and bool(result.property_holds))


def with_interleave_test(name: str) -> Turn:
    import interleave_test

    result = interleave_test.explore(
        lambda: small_programs.run(name),
        strategy="dfs",
        max_preemptions=1_000,
        iterations=SCHEDULES,
        raise_on_failure=False,
    )
    return Turn(result.schedules_run, result.elapsed, result.exhausted and result.ok)


def with_ploom(name: str) -> Turn:
    import tempfile

    import ploom

    began = time.perf_counter()
    config = ploom.Config(max_executions=PROCESSES, timeout=120.0)
    try:
        with tempfile.TemporaryDirectory() as folder:
            done = ploom.check(_ploom_scenario(name), config=config, trace_dir=Path(folder))
    except ploom.IncompleteExplorationError:
        return Turn(PROCESSES, time.perf_counter() - began, ended=False)
    return Turn(done.executions, time.perf_counter() - began, ended=True)


def _ploom_scenario(name: str) -> Callable[[], None]:
    import ploom

    kind, _, size = name.partition(" ")

    def counter() -> None:
        threads, times = map(int, size.split("x"))
        value = ploom.SharedCell(0)

        def add() -> None:
            for _ in range(times):
                value.write(value.read() + 1)

        _ploom_together([add] * threads)

    def philosophers() -> None:
        seats = int(size)
        forks = [ploom.Lock() for _ in range(seats)]

        def dine(seat: int) -> None:
            first, second = sorted((seat, (seat + 1) % seats))
            with forks[first], forks[second]:
                pass

        _ploom_together([lambda seat=seat: dine(seat) for seat in range(seats)])

    return counter if kind == "counter" else philosophers


def _ploom_together(calls: list[Callable[[], None]]) -> None:
    import ploom

    threads = [ploom.Thread(target=call) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


TOOLS: dict[str, Callable[[str], Turn]] = {
    "concur": with_concur,
    "frontrun": with_frontrun,
    "interleave_test": with_interleave_test,
    "ploom": with_ploom,
}


def turn(tool: str, name: str) -> Turn | None:
    """One exploration in a process of its own; None if the tool gave up."""
    own = [sys.executable]
    if tool == "frontrun":  # it patches the locks of its process
        own = [str(Path(sys.executable).with_name("frontrun")), "python"]
    done = subprocess.run([*own, __file__, "--tool", tool, name], capture_output=True, text=True, check=False)
    if done.returncode:
        print(f"{tool}, {name}: {done.stderr.strip().splitlines()[-1:]}", file=sys.stderr)
        return None
    return Turn(**json.loads(done.stdout.splitlines()[-1]))


def median(turns: list[Turn]) -> str:
    rate = statistics.median(each.schedules / each.seconds for each in turns)
    count = f"{turns[0].schedules:,}"
    if not all(each.ended for each in turns):
        return f"{count:>7}+ {rate:>9,.1f}/s   no verdict"
    return f"{count:>7}  {rate:>9,.1f}/s {statistics.median(each.seconds for each in turns):>10.3f} s"


def ratios(ours: list[Turn], theirs: list[Turn]) -> str:
    """How many times our schedules a second, and their seconds to the verdict, are theirs and ours."""
    rate = statistics.median(
        (a.schedules / a.seconds) / (b.schedules / b.seconds) for a, b in zip(ours, theirs, strict=True)
    )
    text = f"{rate:>7,.0f}x schedules/s"
    if all(each.ended for each in (*ours, *theirs)):
        return f"{text} {statistics.median(b.seconds / a.seconds for a, b in zip(ours, theirs, strict=True)):>7,.0f}x"
    return text


def main() -> None:
    there = [tool for tool in TOOLS if importlib.util.find_spec(tool) is not None]
    print(f"Python {sys.version.split()[0]}; {', '.join(there)}; medians of {TURNS} turns")
    print(
        "schedules run, schedules a second, seconds to the exhaustive verdict; how many times concur's are better"
    )
    for name in PROGRAMS:
        found: dict[str, list[Turn]] = {}
        for _ in range(TURNS):
            for tool in there:
                if tool == "ploom" and name.startswith("buffer"):
                    continue  # it has no condition
                one = turn(tool, name)
                if one is not None:
                    found.setdefault(tool, []).append(one)
        for tool, turns in found.items():
            beside = ratios(found["concur"], turns) if tool != "concur" and len(turns) == TURNS else ""
            print(f"  {name:15}{tool:16}{median(turns)}  {beside}", flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--tool"]:
        explored = TOOLS[sys.argv[2]](sys.argv[3])
        if explored.ended:  # what is loaded once, and learnt of the file, is no part of a search
            explored = TOOLS[sys.argv[2]](sys.argv[3])
        print(json.dumps(dataclasses.asdict(explored)))
    else:
        main()
