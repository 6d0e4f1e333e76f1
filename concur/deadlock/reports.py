"""What a watch has to say: a deadlock, or something that may become one."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from concur.deadlock.graphs import Step


class Waiting(NamedTuple):
    """One thread of a circle; None where nothing is known."""

    thread: str
    holds: str | None
    taken_at: str | None
    waits: str | None
    at: str | None


@dataclass(frozen=True)
class Report:
    """What was found. ``str(report)`` is the text, in full sentences."""

    kind: str  # "deadlock"; or, if it has not happened, "inversion" or "suspicion"
    threads: tuple[str, ...]
    locks: tuple[str, ...]
    text: str

    def __str__(self) -> str:
        return self.text

    @classmethod
    def deadlock(cls, circle: Sequence[Waiting], ended: bool) -> "Report":
        """Of a circle of threads, or of a line of them up to one that has *ended*."""
        if ended:
            head = (
                f"{circle[0].thread} will wait for ever: {circle[-1].thread} has ended and still holds a lock"
            )
            advice = (
                "Take a lock by a with statement, which releases it also when the thread ends by an error."
            )
        elif len(circle) == 1:
            head = f"{circle[0].thread} will wait for itself for ever"
            advice = "Release the lock first, or use threading.RLock where calls nest."
        elif any(each.holds is None for each in circle):
            head = "these threads will wait for each other for ever"
            advice = "Release a lock before you join a thread that takes it."
        else:
            head = "these threads will wait for each other for ever"
            advice = "Take the locks in one agreed order, or take them all at once."
        return cls("deadlock", _threads(circle), _locks(circle), "\n".join([head, *_table(circle), advice]))

    @classmethod
    def suspicion(cls, circle: Sequence[Waiting]) -> "Report":
        """Of a circle that another thread may yet open, since it may release the lock."""
        text = [
            f"suspicious: {circle[0].thread} waits for what nobody but itself seems to hold",
            *_table(circle),
            "If no other thread releases the lock, that is for ever. For a signal use Semaphore(0).",
        ]
        return cls("suspicion", _threads(circle), _locks(circle), "\n".join(text))

    @classmethod
    def inversion(cls, circle: Sequence[Step]) -> "Report":
        """Of lock orders that contradict each other."""
        lines = ["potential deadlock: these locks are taken in orders that contradict each other"]
        for step in circle:
            lines.append(
                f"  {step.first}, then {step.then}: {step.thread} held {step.first} ({step.held_at})"
                f" and waited for {step.then} ({step.at})"
            )
        lines.append(
            "Nobody waits for ever yet; threads that are at these places at the same time can.\n"
            "Take the locks in one agreed order, or take them all at once."
        )
        threads = tuple(dict.fromkeys(step.thread for step in circle))
        return cls("inversion", threads, tuple(str(step.first) for step in circle), "\n".join(lines))


def _threads(circle: Sequence[Waiting]) -> tuple[str, ...]:
    return tuple(each.thread for each in circle)


def _locks(circle: Sequence[Waiting]) -> tuple[str, ...]:
    return tuple(each.holds for each in circle if each.holds is not None)


def _table(circle: Sequence[Waiting]) -> list[str]:
    """A line for each thread, the names under each other."""
    width = max(len(each.thread) for each in circle)
    lines = []
    for each in circle:
        parts = []
        if each.holds is not None:
            parts.append(f"holds {each.holds}" + (f" ({each.taken_at})" if each.taken_at else ""))
        if each.waits is not None:
            parts.append(f"waits for {each.waits}" + (f" ({each.at})" if each.at else ""))
        else:
            parts.append("has ended")
        lines.append(f"  {each.thread:{width}} {' and '.join(parts)}")
    return lines
