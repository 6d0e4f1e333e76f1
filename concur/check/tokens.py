"""Replay tokens: a schedule as a short text.

``c1.9f2e31aa.0x3,1x2,2x4`` is version 1, a hash of the sources, and the
schedule: thread 0 takes 3 steps, thread 1 takes 2, thread 2 takes 4. Options
that differ from the defaults follow the version (``c1i``: time passes only
when nobody can run; ``n``: notify wakes any waiter; ``s``: spurious wake-ups;
``r``: a data race fails; ``f``: tasks go on in CPython's order; ``z``: the run
ends in a cycle). Choices among waiters follow the schedule (``~1,0``), in
their order. So do attributes that the program assigns on classes while
threads run (``.total+limit``), and classes taken as one step
(``!concur.sync.semaphore.Semaphore``) and packages that are rewritten too
(``@cachetools``), since they decide what is a step.
"""

import dataclasses
import itertools
import re

from concur.errors import TokenError

_FORM = re.compile(
    r"c1(i?n?r?s?f?)(z?)\.([0-9a-f]{8})\.((?:\d+x\d+)(?:,\d+x\d+)*)?(?:~(\d+(?:,\d+)*))?(?:\.([\w+]+))?(?:!([\w.+]+))?(?:@([\w+]+))?"
)
_MAX_STEPS = 10_000_000


@dataclasses.dataclass(frozen=True, slots=True)
class Token:
    """A schedule that can be replayed, and what it belongs to."""

    digest: str
    schedule: list[int]
    options: str = ""  # the letters of those that differ from the defaults
    choices: tuple[int, ...] = ()  # of the run, in their order
    conflated: tuple[str, ...] = ()
    atomic: tuple[str, ...] = ()
    rewrite: tuple[str, ...] = ()
    livelock: bool = False  # at its end the run is back in an earlier state

    def __str__(self) -> str:
        runs = ",".join(f"{tid}x{len(list(steps))}" for tid, steps in itertools.groupby(self.schedule))
        choices = "~" + ",".join(map(str, self.choices)) if any(self.choices) else ""
        names = "." + "+".join(self.conflated) if self.conflated else ""
        atomic = "!" + "+".join(self.atomic) if self.atomic else ""
        packages = "@" + "+".join(self.rewrite) if self.rewrite else ""
        return f"c1{self.options}{'z' if self.livelock else ''}.{self.digest}.{runs}{choices}{names}{atomic}{packages}"


def parse(text: str) -> Token:
    """The token that a report printed.

    Raises:
        TokenError: it is not one.
    """
    match = _FORM.fullmatch(text.strip())
    if match is None:
        raise TokenError(
            f"'{text}' is not a replay token; a report prints one behind --replay, such as c1.9f2e31aa.0x3,1x2"
        )
    options, livelock, digest, runs, choices, names, atomic, packages = match.groups()
    schedule: list[int] = []
    for run in (runs or "").split(","):
        if run:
            tid, steps = map(int, run.split("x"))
            if steps + len(schedule) > _MAX_STEPS:
                raise TokenError(
                    f"'{text[:40]}...' is not a replay token: it asks for more than {_MAX_STEPS:,} steps"
                )
            schedule += [tid] * steps
    return Token(
        digest,
        schedule,
        options,
        tuple(map(int, choices.split(","))) if choices else (),
        tuple(names.split("+")) if names else (),
        tuple(atomic.split("+")) if atomic else (),
        tuple(packages.split("+")) if packages else (),
        bool(livelock),
    )
