"""Replay tokens: a schedule as a short text.

``c1.9f2e31aa.0x3,1x2,2x4`` is version 1, a hash of the sources, and the
schedule: thread 0 takes 3 steps, thread 1 takes 2, thread 2 takes 4. Options
that differ from the defaults follow the version (``c1i``: time passes only
when nobody can run), and attributes that the program assigns on classes while
threads run follow the schedule (``.total+limit``), since they decide what is a
step.
"""

import dataclasses
import itertools
import re

from concur.errors import TokenError

_FORM = re.compile(r"c1(i?)\.([0-9a-f]{8})\.((?:\d+x\d+)(?:,\d+x\d+)*)?(?:\.([\w+]+))?")
_MAX_STEPS = 10_000_000


@dataclasses.dataclass(frozen=True, slots=True)
class Token:
    """A schedule that can be replayed, and what it belongs to."""

    digest: str
    schedule: list[int]
    idle: bool = False
    conflated: tuple[str, ...] = ()

    def __str__(self) -> str:
        runs = ",".join(f"{tid}x{len(list(steps))}" for tid, steps in itertools.groupby(self.schedule))
        names = "." + "+".join(self.conflated) if self.conflated else ""
        return f"c1{'i' if self.idle else ''}.{self.digest}.{runs}{names}"


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
    idle, digest, runs, names = match.groups()
    schedule: list[int] = []
    for run in (runs or "").split(","):
        if run:
            tid, steps = map(int, run.split("x"))
            if steps + len(schedule) > _MAX_STEPS:
                raise TokenError(
                    f"'{text[:40]}...' is not a replay token: it asks for more than {_MAX_STEPS:,} steps"
                )
            schedule += [tid] * steps
    return Token(digest, schedule, bool(idle), tuple(names.split("+")) if names else ())
