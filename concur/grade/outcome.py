"""What the judged process tells the judge: one JSON line for each thing that happened.

Every line is written at once, so that what was judged before the process died is kept.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from concur.check.verdict import Failure, Status, Step


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one graded test ended.

    Attributes:
        name: of the test function.
        passed: whether it earns its points.
        status: one of the four verdicts; a test that ran once without the checker is verified
            with 0 schedules when it passed, refuted when it failed.
        schedules: how many were run, over all explorations of the test.
        failure: what refuted it, if anything did.
        reason: one line in plain words when there is no interleaving to show, else ``""``.
        report: the failing run as text, else ``""``.
        output: what the attempt printed in it, capped.
    """

    name: str
    passed: bool
    status: Status
    schedules: int = 0
    failure: Failure | None = None
    reason: str = ""
    report: str = ""
    output: str = ""

    def to_json(self) -> dict[str, Any]:
        failure = None if self.failure is None else self.failure.to_json()
        return {
            "name": self.name,
            "passed": self.passed,
            "status": str(self.status),
            "schedules": self.schedules,
            "failure": failure,
            "reason": self.reason,
            "report": self.report,
            "output": self.output,
        }

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> "Outcome":
        """The outcome that :meth:`to_json` wrote."""
        found = cls(**{**document, "status": Status(document["status"]), "failure": None})
        if document["failure"] is None:
            return found
        failure = dict(document["failure"])
        failure["steps"] = tuple(Step(**step) for step in failure["steps"])
        if "repeats" in failure:
            failure["repeats"] = tuple(failure["repeats"])
        return replace(found, failure=Failure(**failure))


class Journal:
    """The file that the judged process appends to; without a path, nothing is kept.

    Events: ``import`` and ``imported`` (the attempt, before anything is judged), ``start`` (a test
    begins), ``explore`` (it begins an exploration), ``alive`` (it
    goes on, so many schedules later), ``outcome`` (it has ended), ``foreign`` (the
    token that is being replayed does not belong to this exploration), ``trouble`` (the tests
    themselves could not be loaded).
    """

    def __init__(self, path: str | None) -> None:
        self._path = path

    def write(self, event: str, value: object) -> None:
        if self._path is not None:
            # Opened for each line: an attempt that closes every file descriptor loses nothing.
            with Path(self._path).open("a", encoding="utf-8") as file:
                file.write(json.dumps([event, value]) + "\n")


def events(path: Path) -> Iterator[tuple[str, Any]]:
    """What a journal holds; a last line that was cut off is left out."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return
    for line in lines:
        try:
            event, value = json.loads(line)
        except ValueError:
            continue
        yield event, value
