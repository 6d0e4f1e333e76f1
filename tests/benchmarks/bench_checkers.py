"""Schedules a second, and seconds to an exhaustive verdict, beside other tools that search the schedules of threads.

Each exploration has a process of its own, and the tools take turns. Every program ends well under every schedule, so
nobody stops at a failure. A tool that has not ended when its time is up has its schedules a second compared, and no
time to a verdict. ``--seconds S`` is the time for one exploration [10], ``--turns N`` how many turns there are [3],
``--only WORD`` the programs.

Fairness: frontrun also traces code that was not written for it, and starts threads of the operating system; ploom
makes each schedule a process, and searches without reduction, over cells and threads of its own; interleave-test
decides before every bytecode, up to two preemptions. concur does less for each schedule, and that is why it is quicker;
what a tool loads once, it has loaded for two threads that add 1, which are not counted.
"""

import argparse
import importlib.metadata
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import checked

HERE = Path(__file__).parent
NAMES = ("counter_2x2", "counter_3x1", "counter_3x2", "philosophers_3", "philosophers_5", "buffer")
TOOLS = ("concur", "frontrun", "ploom", "interleave-test")
# Schedules a second on the counter, and time to a verdict: at least so many times.
TARGETS = {"frontrun": 20 if sys.version_info >= (3, 13) else 10, "ploom": 500}
TARGET_VERDICT = 40
Result = tuple[int, float, bool]  # schedules, seconds, whether it came to its end


def with_concur(name: str, seconds: float) -> Result:
    from concur import Status, explore

    verdict = explore(f"{HERE / 'checked.py'}::scenario_{name}", max_seconds=seconds)
    return verdict.schedules, verdict.seconds, verdict.status is Status.VERIFIED


def parts(name: str) -> tuple[Callable[[], Any], list[Callable[[Any], object]]]:
    """What makes the shared object, and what each thread does with it."""
    kind, _, size = name.partition("_")
    if kind == "counter":
        threads, times = map(int, size.split("x"))
        return lambda: checked.Counter(times), [lambda shared: shared.add()] * threads
    if kind == "philosophers":
        seats = int(size)
        return lambda: checked.Table(seats), [
            lambda shared, seat=seat: shared.dine(seat) for seat in range(seats)
        ]
    return checked.Buffer, [lambda shared: shared.put()] * 2 + [lambda shared: shared.take()] * 2


def with_frontrun(name: str, seconds: float) -> Result:
    import frontrun

    setup, workers = parts(name)
    began = time.perf_counter()
    result: Any = frontrun.explore(
        setup=setup,
        workers=workers,
        invariant=lambda shared: True,
        strategy="dpor",
        preemption_bound=None,
        total_timeout=seconds,
    )
    spent = time.perf_counter() - began
    return result.num_explored, spent, spent < seconds and bool(result.property_holds)


def with_ploom(name: str, seconds: float) -> Result | None:
    """Programs are written with its own cells and threads, so only the counter is."""
    kind, _, size = name.partition("_")
    if kind != "counter":
        return None
    import ploom

    threads, times = map(int, size.split("x"))

    def scenario() -> None:
        value = ploom.SharedCell(0)

        def add() -> None:
            for _ in range(times):
                value.write(value.read() + 1)

        adders = [ploom.Thread(target=add) for _ in range(threads)]
        for adder in adders:
            adder.start()
        for adder in adders:
            adder.join()

    config = ploom.Config(timeout=seconds, max_executions=10**6)
    began = time.perf_counter()
    try:
        return ploom.check(scenario, config=config).executions, time.perf_counter() - began, True
    except ploom.IncompleteExplorationError as stopped:
        return stopped.statistics.executions, time.perf_counter() - began, False


def with_interleave_test(name: str, seconds: float) -> Result:
    """It has no budget in seconds: as many schedules as it may make in that time are asked for."""
    import interleave_test

    setup, workers = parts(name)

    def model() -> None:
        shared = setup()
        threads = [interleave_test.spawn(worker, shared) for worker in workers]
        for thread in threads:
            thread.join()

    most, began = int(100 * seconds), time.perf_counter()
    result = interleave_test.explore(model, strategy="dfs", max_preemptions=2, iterations=most)
    return result.schedules_run, time.perf_counter() - began, result.exhausted


RUN: dict[str, Callable[[str, float], Result | None]] = {
    "concur": with_concur,
    "frontrun": with_frontrun,
    "ploom": with_ploom,
    "interleave-test": with_interleave_test,
}


def one(tool: str, name: str, seconds: float) -> Result | str | None:
    """The result of one exploration, in a process of its own; a text if it has none."""
    command = [sys.executable, __file__, "--one", tool, name, str(seconds)]
    if tool == "frontrun":  # it replaces the locks of its process
        command = [str(Path(sys.executable).parent / "frontrun"), "python", *command[1:]]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=10 * seconds + 60, check=False)
    except subprocess.TimeoutExpired:
        return "no end"
    try:
        found = json.loads(done.stdout.splitlines()[-1])
    except (IndexError, ValueError):
        return (done.stderr.splitlines() or [f"exit code {done.returncode}"])[-1][:60]
    return None if found is None else (found[0], found[1], found[2])


def installed(tool: str) -> bool:
    try:
        importlib.metadata.version(tool)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


def compared(name: str, turns: list[dict[str, Any]], tool: str) -> dict[str, Any] | None:
    """The medians of a tool, and of the ratios of ours to its."""
    results = [turn[tool] for turn in turns if isinstance(turn.get(tool), tuple)]
    pairs = [(turn["concur"], turn[tool]) for turn in turns if isinstance(turn.get(tool), tuple)]
    if not results:
        return None
    ended = all(result[2] for result in results)
    return {
        "program": name,
        "tool": tool,
        "schedules": statistics.median(result[0] for result in results),
        "seconds": statistics.median(result[1] for result in results),
        "ended": ended,
        "rate": statistics.median(result[0] / result[1] for result in results),
        "faster": statistics.median(ours[0] / ours[1] / (its[0] / its[1]) for ours, its in pairs if its[0]),
        "sooner": statistics.median(its[1] / ours[1] for ours, its in pairs),
    }


def row(found: dict[str, Any]) -> str:
    rate = f"{found['schedules']:10,.0f}{found['seconds']:9.3f} s{found['rate']:10,.1f}/s"
    end = "verdict" if found["ended"] else "no verdict"
    text = f"{found['program']:16}{found['tool']:17}{rate}  {end:11}"
    if found["tool"] == "concur":
        return text
    sooner = f"{'' if found['ended'] else 'more than '}{found['sooner']:,.0f}x as soon"
    target = TARGETS.get(found["tool"]) if found["program"].startswith("counter") else None
    met = f", target {target}x: {'met' if found['faster'] >= target else 'MISSED'}" if target else ""
    return f"{text}{found['faster']:8,.1f}x the schedules a second{met}; {sooner}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--only", default="")
    given = parser.parse_args()
    tools = [tool for tool in TOOLS if tool == "concur" or installed(tool)]
    machine = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"
    versions = {tool: importlib.metadata.version(tool) for tool in tools if installed(tool)}
    print(f"Python {platform.python_version()}, {machine}; {versions}")
    print(
        f"medians of {given.turns} turns, of at most {given.seconds:g} s each; to a verdict {TARGET_VERDICT}x"
    )
    rows = []
    for name in NAMES:
        if given.only not in name:
            continue
        turns: list[dict[str, Any]] = []
        for number in range(given.turns):
            order = tools if number % 2 == 0 else tools[::-1]
            turns.append({tool: one(tool, name, given.seconds) for tool in order})
        for tool in tools:
            found = compared(name, turns, tool)
            if found is not None:
                rows.append(found)
                print(row(found), flush=True)
            elif isinstance(turns[0][tool], str):
                print(f"{name:16}{tool:17}{turns[0][tool]}", flush=True)
    folder = os.environ.get("CONCUR_BENCH_JSON")
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        file = Path(folder) / f"bench_checkers-{platform.python_version()}.txt"
        file.write_text(json.dumps({"machine": machine, "versions": versions, "rows": rows}, indent=1))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        search = RUN[sys.argv[2]]
        search("counter_2x1", 1.0)  # whatever a tool loads once is loaded
        print(json.dumps(search(sys.argv[3], float(sys.argv[4]))))
    else:
        main()
