"""What a program may expect of its surroundings: each default is CPython's behaviour."""

import dataclasses
from collections.abc import Iterable
from typing import Literal

from concur.check.named import names_of
from concur.errors import UsageError

MAX_STEPS = 20_000  # visible operations in one run
MAX_TICKS = 1_000_000  # loop rounds and calls between two visible operations


@dataclasses.dataclass(frozen=True, slots=True)
class Options:
    """The options of an exploration that decide how the program under test runs."""

    timeouts: Literal["any", "idle"] = "any"
    notify: Literal["fifo", "any"] = "fifo"
    spurious_wakeups: bool = False
    races: Literal["report", "fail", "off"] = "report"
    atomic: tuple[str, ...] = ()  # "module.Class", sorted
    rewrite: tuple[str, ...] = ()  # installed packages that are rewritten too, sorted
    ready: Literal["any", "fifo"] = "any"  # in which order an event loop runs what is ready
    max_steps: int = MAX_STEPS
    max_ticks: int = MAX_TICKS
    livelocks: bool = True  # look for states that come back
    waiting_loops: bool = True  # block loops that wait (see spin.py); off only in the test of that rule

    @classmethod
    def of(
        cls,
        timeouts: str,
        notify: str,
        spurious_wakeups: bool,
        races: str,
        atomic: Iterable[type | str],
        rewrite: Iterable[str],
        ready: str = "any",
    ) -> "Options":
        """The options as a caller gives them.

        Raises:
            UsageError: one has a value that it cannot have.
        """
        for name, value, known in (
            ("timeouts", timeouts, ("any", "idle")),
            ("notify", notify, ("fifo", "any")),
            ("races", races, ("report", "fail", "off")),
            ("ready", ready, ("any", "fifo")),
        ):
            if value not in known:
                words = (
                    " or ".join(map(repr, known))
                    if len(known) == 2
                    else f"one of {', '.join(map(repr, known))}"
                )
                raise UsageError(f"{name} is {words}, not {value!r}")
        if isinstance(atomic, (str, type)):
            atomic = (atomic,)
        names = tuple(sorted({_class_name(given) for given in atomic}))
        how = (timeouts, notify, bool(spurious_wakeups), races)
        return cls(*how, names, names_of(rewrite), ready)  # type: ignore[arg-type]  # looked at above

    @classmethod
    def from_letters(cls, letters: str, atomic: tuple[str, ...], rewrite: tuple[str, ...]) -> "Options":
        """The options that a replay token names."""
        return cls(
            "idle" if "i" in letters else "any",
            "any" if "n" in letters else "fifo",
            "s" in letters,
            "fail" if "r" in letters else "off",
            atomic,
            rewrite,
            "fifo" if "f" in letters else "any",
        )

    def letters(self) -> str:
        """The options that differ from the defaults and change what a schedule means, for a token."""
        chosen = (
            ("i", self.timeouts == "idle"),
            ("n", self.notify == "any"),
            ("r", self.races == "fail"),
            ("s", self.spurious_wakeups),
            ("f", self.ready == "fifo"),
        )
        return "".join(letter for letter, is_chosen in chosen if is_chosen)

    def bound(self, one_step: Iterable[str], *, on_loops: bool = False) -> str:
        """What a verdict under these options covers, in words.

        Args:
            one_step: the classes whose calls were taken as one step.
            on_loops: whether the program runs event loops.
        """
        what = "all interleavings of visible operations, under sequential consistency"
        if on_loops:
            orders = (
                "tasks that are ready go on in any order"
                if self.ready == "any"
                else "tasks go on in CPython's order"
            )
            what = f"all orders of the steps of tasks: {orders}, callbacks run in theirs"
        parts = [
            what,
            "a time-out or sleep may end at any moment"
            if self.timeouts == "any"
            else "time passes only when idle",
        ]
        if self.notify == "any":
            parts.append("notify wakes any waiter")
        if self.spurious_wakeups:
            parts.append("each thread may wake once without a notify")
        names = sorted(name.rpartition(".")[2] for name in one_step)
        if names:
            parts.append(f"{', '.join(names)} taken as one step")
        return "; ".join(parts)


def _class_name(given: type | str) -> str:
    if isinstance(given, type):
        return f"{given.__module__}.{given.__qualname__}"
    if isinstance(given, str) and "." in given and all(part.isidentifier() for part in given.split(".")):
        return given
    raise UsageError(f"atomic takes classes, or names such as 'threading.Semaphore', not {given!r}")
