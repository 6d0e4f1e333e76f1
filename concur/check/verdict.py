"""What a check found: a verdict, and, when it is a refutation, the run that refutes."""

import enum
from dataclasses import dataclass, field
from typing import Any


class Status(enum.StrEnum):
    """The four verdicts, never mixed."""

    VERIFIED = "verified"  # every schedule, within the bound that is stated
    REFUTED = "refuted"  # a schedule that fails is attached
    UNFINISHED = "unfinished"  # the budget ended first: no claim
    UNCHECKABLE = "uncheckable"  # something could not be controlled; `reason` names it


@dataclass(frozen=True, slots=True)
class Step:
    """One visible operation of a failing run, ready to be shown."""

    thread: str
    file: str
    line: int  # from 1; 0 when no line of the program stands behind the step
    source: str  # the text of that line, stripped
    op: str  # "read counter.value", "acquire lock", ...
    value: str | None  # what was read or written, as text
    changes: tuple[tuple[str, str], ...] = ()  # what shared names hold after it, where that is known

    def to_json(self) -> dict[str, Any]:
        return {
            "thread": self.thread,
            "file": self.file,
            "line": self.line,
            "source": self.source,
            "op": self.op,
            "value": self.value,
        }


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a program was refuted, and the schedule that shows it.

    Attributes:
        kind: ``"assertion"``, ``"exception"``, ``"deadlock"``, ``"livelock"``, ``"not-linearizable"``, or ``"race"``
            where races fail.
        message: what happened, in one line.
        why: how the threads brought it about; may be several lines.
        token: the schedule, to be given to :func:`concur.replay`.
        steps: the run, one visible operation an entry.
        switches: how many consecutive steps of the schedule are of different threads.
        error: the exception that ended the run, with its traceback, for a debugger; else ``None``.
        repeats: of a livelock, the first and the last index in `steps` of what repeats for ever; else ``None``.
    """

    kind: str
    message: str
    why: str
    token: str
    steps: tuple[Step, ...]
    switches: int = 0
    error: BaseException | None = field(default=None, repr=False, compare=False)
    repeats: tuple[int, int] | None = None

    def to_json(self) -> dict[str, Any]:
        document: dict[str, Any] = {
            "kind": self.kind,
            "message": self.message,
            "why": self.why,
            "token": self.token,
            "switches": self.switches,
            "steps": [step.to_json() for step in self.steps],
        }
        if self.repeats is not None:
            document["repeats"] = list(self.repeats)
        return document


@dataclass(frozen=True, slots=True)
class Race:
    """Two accesses of one place by two threads, at least one of which changes it, that nothing orders.

    Attributes:
        severity: ``"race"``: an update can be lost, or a thread can act on what is no longer so;
            ``"note"``: CPython runs each of the two as one step.
        kind: ``"read-modify-write"``, ``"check-then-act"`` or ``"torn pair"``; of a note,
            ``"container operations"`` or ``"single accesses"``.
        place: what is accessed, ``"Counter.value"``.
        first: the line that begins it; its ``value`` is ``None``.
        second: the line of the other thread.
        message: who does what where, in one sentence.
    """

    severity: str
    kind: str
    place: str
    first: Step
    second: Step
    message: str

    def __str__(self) -> str:
        return f"{self.severity} ({self.kind}): {self.message}"

    def to_json(self) -> dict[str, Any]:
        return {
            "severity": self.severity,
            "kind": self.kind,
            "place": self.place,
            "first": self.first.to_json(),
            "second": self.second.to_json(),
            "message": self.message,
        }


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer of :func:`concur.explore`, :func:`concur.sample` and :func:`concur.replay`.

    A verdict has no truth value, since four answers do not fit in two:
    compare ``verdict.status``.

    Attributes:
        scenario: the name of the scenario.
        status: one of the four verdicts.
        schedules: how many schedules were run.
        seconds: how long that took, in seconds.
        bound: over what the verdict holds, in words.
        races: data races that were seen, also in runs that ended well; at most 20, the worst first.
        races_left_out: how many more there were.
        failure: the failing run of a refuted scenario, else ``None``.
        reason: why an unfinished or uncheckable scenario is so, else ``""``.
        output: what the failing run (or else the first one) printed, capped.
    """

    scenario: str
    status: Status
    schedules: int
    seconds: float
    bound: str
    races: tuple[Race, ...] = ()
    races_left_out: int = 0
    failure: Failure | None = None
    reason: str = ""
    output: str = ""

    def __bool__(self) -> bool:
        raise TypeError("a verdict is neither true nor false; compare verdict.status with Status.VERIFIED")

    def __str__(self) -> str:
        from concur.check.report import text

        return text(self)

    def to_json(self) -> dict[str, Any]:
        """The document that ``concur explore --json`` prints for one scenario."""
        document: dict[str, Any] = {
            "scenario": self.scenario,
            "status": str(self.status),
            "schedules": self.schedules,
            "seconds": round(self.seconds, 3),
            "bound": self.bound,
            "races": [race.to_json() for race in self.races],
            "failure": None if self.failure is None else self.failure.to_json(),
        }
        if self.reason:
            document["reason"] = self.reason
        return document
