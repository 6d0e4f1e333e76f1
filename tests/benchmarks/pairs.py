"""Ratios: two ways to do one thing, timed in turns inside one process.

A figure in nanoseconds tells as much about the machine and about what else it does as about the code. A ratio of
two that were measured a moment apart tells about the code. So everything here is a pair, ours and theirs: the two
take turns, each turn gives a ratio, and the median of the ratios is the result, with the lowest and the highest.

    import threading
    from concur import Semaphore
    from pairs import PARITY, Bench, Rounds, Statement, main, together

    def measure(bench: Bench) -> None:
        pair = "s.acquire(); s.release()"
        bench.pair(
            "Semaphore, alone",
            against="threading.Semaphore",
            ours=Statement(pair, s=Semaphore()),
            theirs=Statement(pair, s=threading.Semaphore()),
            target=8.0,              # at least so many times as fast ...
            note="what was tried, and what the limit is: shown if the target is not reached",
        )
        bench.pair(
            "Mutex",
            against="threading.Lock",
            ours=Statement("m.acquire(); m.release()", m=Mutex()),
            theirs=Statement("m.acquire(); m.release()", m=threading.Lock()),
            target=4.0,
            at_least=False,          # ... or at most so many times the time
        )

        def contended(semaphore: Any) -> Rounds:
            def body() -> None:
                for _ in range(2_000):
                    semaphore.acquire()
                    semaphore.release()

            return Rounds(lambda: together(*[body] * 4), calls=4 * 2_000)

        bench.pair(
            "Semaphore, four threads",
            against="threading.Semaphore",
            ours=contended(Semaphore(2)),
            theirs=contended(threading.Semaphore(2)),
            target=PARITY,           # as fast
        )

    if __name__ == "__main__":
        main(measure)

That is a whole script; it understands ``--quick`` (a look, not a result), ``--turns N``, ``--only WORD`` and
``--json DIR``, which leaves ``DIR/<script>-<version>.json`` for ``table.py``.

How it is timed: ``time.perf_counter_ns``, the collector off, a first turn thrown away, and in every other turn theirs
first. A statement is compiled into a loop, where its names are local variables: there is no call around it, and the
empty loop (some 8 ns) is not subtracted. A turn of it is a twentieth of a second in 25 pieces, of which the fastest
counts: what else the machine does falls into some of them, and never makes one faster. Rounds of threads count whole,
since there waiting is part of what is measured. A target is judged on the ratio as it is shown, and never an assertion.
"""

import argparse
import datetime
import gc
import json
import os
import platform
import statistics
import sys
import sysconfig
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol

# A target for "as fast as". Medians of a text beside itself may be a tenth apart (bench_beside_itself.py).
PARITY = 0.9
PIECES = 25  # of a turn of a statement; the fastest counts
FUSE = 120.0  # seconds for one round of threads; reached only by one that hangs


class Side(Protocol):
    """One side of a pair."""

    def prepare(self, seconds: float) -> None:
        """Find out how often to repeat, so that one measurement takes about *seconds*."""

    def measure(self) -> float:
        """Nanoseconds for one call, now."""


class Statement:
    """A statement, and the objects its names stand for; it is repeated in a loop of its own.

    >>> Statement("stack.append(1); stack.pop()", stack=[])
    <Statement 'stack.append(1); stack.pop()'>
    """

    def __init__(self, code: str, **names: Any) -> None:
        self.code = code
        self._loops = 1
        parameters = "".join(f", {name}" for name in names)
        body = "\n".join(f"        {line}" for line in code.splitlines())
        text = (
            f"def repeated(_loops, _clock{parameters}):\n"
            "    _begin = _clock()\n"
            f"    for _ in range(_loops):\n{body}\n"
            "    return _clock() - _begin\n"
        )
        made: dict[str, Any] = {}
        exec(compile(text, f"<{code!r}>", "exec"), made)
        self._repeated = made["repeated"]
        self._names = names

    def prepare(self, seconds: float) -> None:
        enough = seconds * 1e9 / PIECES
        while (took := min(self._run(), self._run())) < enough:
            self._loops = max(self._loops * 2, int(self._loops * min(enough / max(took, 1), 100)))

    def measure(self) -> float:
        return min(self._run() for _ in range(PIECES)) / self._loops

    def _run(self) -> int:
        took: int = self._repeated(self._loops, time.perf_counter_ns, **self._names)
        return took

    def __repr__(self) -> str:
        return f"<Statement {self.code!r}>"


class Rounds:
    """A function that runs a round, of several threads perhaps, and returns the seconds it took.

    *calls* are the operations in a round, so that figures are those of one operation. A short round is repeated.
    """

    def __init__(self, run: Callable[[], float], calls: int = 1) -> None:
        self._round = run
        self._calls = calls
        self._repeat = 1

    def prepare(self, seconds: float) -> None:
        took = self._round()
        self._repeat = max(1, min(1000, round(seconds / max(took, 1e-6))))

    def measure(self) -> float:
        return sum(self._round() for _ in range(self._repeat)) * 1e9 / (self._repeat * self._calls)


def together(*bodies: Callable[[], object]) -> float:
    """Run each body on a thread of its own, all let go at once; seconds until the last has ended."""
    ready = threading.Barrier(len(bodies))
    spans: list[tuple[int, int]] = []
    errors: list[BaseException] = []

    def run(body: Callable[[], object]) -> None:
        ready.wait()
        began = time.perf_counter_ns()
        try:
            body()
        except BaseException as error:
            errors.append(error)
        spans.append((began, time.perf_counter_ns()))

    threads = [threading.Thread(target=run, args=(body,), daemon=True) for body in bodies]
    for thread in threads:
        thread.start()
    until = time.monotonic() + FUSE
    for thread in threads:
        thread.join(max(0.0, until - time.monotonic()))
        if thread.is_alive() and not errors:
            raise RuntimeError(f"a round of {len(bodies)} threads did not end in {FUSE:.0f} s")
    if errors:
        raise errors[0]
    return (max(end for _, end in spans) - min(began for began, _ in spans)) / 1e9


@dataclass
class Result:
    """One line of the table."""

    title: str
    against: str
    measured: float  # the ratio as a claim reads it: how many times as fast, or how many times the time
    low: float
    high: float
    target: float | None
    at_least: bool
    unit: str = "x"
    ours_ns: float | None = None
    theirs_ns: float | None = None
    turns: int = 0
    note: str = ""

    @property
    def reached(self) -> bool | None:
        """Whether the target was reached by what is shown; None without a target."""
        if self.target is None:
            return None
        shown = float(number(self.measured))
        return shown >= self.target if self.at_least else shown <= self.target


def number(value: float) -> str:
    """A ratio as it is shown, and judged: 0.97, 8.3, 12."""
    if value == int(value):
        return f"{value:.0f}"
    return f"{value:.2f}" if value < 2 else f"{value:.1f}" if value < 10 else f"{value:.0f}"


def machine() -> dict[str, Any]:
    """What the figures were measured on."""
    model = platform.processor() or platform.machine()
    information = Path("/proc/cpuinfo")
    if information.exists():
        lines = information.read_text(encoding="utf-8", errors="replace").splitlines()
        model = next(
            (line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), model
        )
    system = platform.system()
    if system == "Linux" and hasattr(platform, "freedesktop_os_release"):
        try:
            system = platform.freedesktop_os_release().get("PRETTY_NAME", system)
        except OSError:
            pass
    return {"cores": os.cpu_count(), "cpu": model, "system": system, "kernel": platform.release()}


def version() -> str:
    """The version of this Python, with a t if it is free-threaded."""
    return platform.python_version() + ("t" if sysconfig.get_config_var("Py_GIL_DISABLED") else "")


@dataclass
class Bench:
    """Measures pairs, and prints and keeps a line for each."""

    turns: int = 11
    seconds: float = 0.05  # one measurement takes about so long
    only: str = ""
    quick: bool = False
    results: list[Result] = field(default_factory=list)

    def pair(
        self,
        title: str,
        *,
        ours: Side,
        theirs: Side,
        target: float | None = None,
        at_least: bool = True,
        against: str = "",
        note: str = "",
    ) -> None:
        """Time both sides in turns.

        With *at_least* the claim is that ours is *target* times as fast, and the ratio shown is theirs / ours;
        without, that it takes at most *target* times the time, and the ratio is ours / theirs. *note* says what
        was tried and what the limit is; the page shows it where the target was not reached.
        """
        if self.only not in title:
            return
        collecting = gc.isenabled()
        gc.collect()
        gc.disable()
        try:
            times = self._take_turns(ours, theirs)
        finally:
            if collecting:
                gc.enable()
        ratios = [their / our if at_least else our / their for our, their in times]
        self._keep(
            Result(
                title=title,
                against=against,
                measured=statistics.median(ratios),
                low=min(ratios),
                high=max(ratios),
                target=target,
                at_least=at_least,
                ours_ns=statistics.median(our for our, _ in times),
                theirs_ns=statistics.median(their for _, their in times),
                turns=len(times),
                note=note,
            )
        )

    def count(
        self,
        title: str,
        measured: float,
        *,
        target: float | None = None,
        at_least: bool = True,
        unit: str = "",
        note: str = "",
    ) -> None:
        """A line for something counted, not timed: deadlocks that were named, false alarms."""
        if self.only in title:
            self._keep(Result(title, "", measured, measured, measured, target, at_least, unit, note=note))

    def _take_turns(self, ours: Side, theirs: Side) -> list[tuple[float, float]]:
        ours.prepare(self.seconds)
        theirs.prepare(self.seconds)
        times = []
        for turn in range(self.turns + 1):
            if turn % 2:
                their, our = theirs.measure(), ours.measure()
            else:
                our, their = ours.measure(), theirs.measure()
            if turn > 0:  # the first one warms up
                times.append((our, their))
        return times

    def _keep(self, result: Result) -> None:
        if not self.results:
            print(
                f"{'':44}{'ours':>10}{'theirs':>10}{'ratio':>8}{'low':>7}{'high':>7}  {'target':<10}reached"
            )
        self.results.append(result)
        print(line(result), flush=True)


def line(result: Result) -> str:
    """*result* as a line of the table that a script prints."""
    title = f"{result.title} / {result.against}" if result.against else result.title
    figures = "".join(
        f"{'' if nanoseconds is None else duration(nanoseconds):>10}"
        for nanoseconds in (result.ours_ns, result.theirs_ns)
    )
    ratios = f"{number(result.measured) + result.unit:>8}"
    if result.turns:
        ratios += f"{number(result.low):>7}{number(result.high):>7}"
    else:
        ratios += " " * 14
    verdict = {True: "yes", False: "NO", None: ""}[result.reached]
    return f"{title:60}{figures}{ratios}  {goal(result):<10}{verdict}".rstrip()


def goal(result: Result) -> str:
    """The target, as it is shown."""
    if result.target is None:
        return ""
    return f"{'>=' if result.at_least else '<='} {result.target:g}{result.unit}"


def duration(nanoseconds: float) -> str:
    """A time with its unit, three digits of it."""
    for size, unit in ((1e9, "s"), (1e6, "ms"), (1e3, "us")):
        if nanoseconds >= size:
            return f"{nanoseconds / size:.3g} {unit}"
    return f"{nanoseconds:.3g} ns"


def main(measure: Callable[[Bench], None]) -> None:
    """Run a script of pairs as a command."""
    script = sys.modules["__main__"]
    name = Path(str(script.__file__)).stem
    heading = (script.__doc__ or name).strip().splitlines()[0]
    parser = argparse.ArgumentParser(description=heading)
    parser.add_argument("--quick", action="store_true", help="a look, not a result: 3 short turns")
    parser.add_argument("--turns", type=int, help="how many ratios the median is of (default: 11)")
    parser.add_argument("--only", default="", metavar="WORD", help="only pairs with WORD in the title")
    parser.add_argument(
        "--json",
        type=Path,
        metavar="DIR",
        default=os.environ.get("CONCUR_BENCH_JSON"),
        help="write the results into this folder (default: $CONCUR_BENCH_JSON, if it is set)",
    )
    given = parser.parse_args()
    bench = Bench(only=given.only, quick=given.quick)
    if given.quick:
        bench.turns, bench.seconds = 3, 0.005
    bench.turns = given.turns or bench.turns
    print(f"{heading}\nPython {version()}, medians of {bench.turns} turns")
    measure(bench)
    if given.json:
        given.json.mkdir(parents=True, exist_ok=True)
        document = {
            "script": name,
            "heading": heading,
            "python": version(),
            "machine": machine(),
            "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
            "turns": bench.turns,
            "quick": bench.quick or bool(given.only),
            "results": [asdict(result) for result in bench.results],
        }
        path = given.json / f"{name}-{version()}.json"
        path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
        print(f"written: {path}")
