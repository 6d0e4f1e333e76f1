"""What an attempt earned: for each property, and for the exercise."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from concur.check.verdict import Failure, Status
from concur.grade.course import Exercise


@dataclass(frozen=True, slots=True)
class PropertyResult:
    """What one property earned, and why."""

    name: str
    title: str
    points: int
    earned: int
    status: Status
    schedules: int
    failure: Failure | None = None
    reason: str = ""  # one line in plain words, when that says more than an interleaving
    report: str = ""  # the failing run as text

    def to_json(self) -> dict[str, Any]:
        document: dict[str, Any] = {
            "name": self.name,
            "title": self.title,
            "points": self.points,
            "earned": self.earned,
            "status": str(self.status),
            "schedules": self.schedules,
            "failure": None if self.failure is None else self.failure.to_json(),
        }
        if self.reason:
            document["reason"] = self.reason
        return document


@dataclass(frozen=True, slots=True)
class Result:
    """What an attempt at one exercise earned."""

    exercise: Exercise
    attempt: Path
    seconds: float
    properties: tuple[PropertyResult, ...]
    output: str = ""  # what the attempt printed

    @property
    def other_file(self) -> Path | None:
        """The attempt when it is not the file in the exercise."""
        return None if self.attempt == self.exercise.attempt.resolve() else self.attempt

    @property
    def score(self) -> int:
        return sum(each.earned for each in self.properties)

    @property
    def max(self) -> int:
        return sum(each.points for each in self.properties)

    @property
    def schedules(self) -> int:
        return sum(each.schedules for each in self.properties)

    @property
    def solved(self) -> bool:
        return self.score == self.max

    def to_json(self) -> dict[str, Any]:
        """The entry that ``concur check --json`` prints for one exercise."""
        return {
            "exercise": self.exercise.key,
            "score": self.score,
            "max": self.max,
            "seconds": round(self.seconds, 3),
            "properties": [each.to_json() for each in self.properties],
        }
