"""The steps of a plan, what is broken after them, and the plan as text."""

import re
from collections.abc import Collection
from typing import NamedTuple, Protocol

from concur.errors import UsageError

Node = int | str  # a broker's number, or the name of a client
CLIENTS = "clients"  # all clients

KINDS = ("kill", "restart", "pause", "resume", "cut", "heal", "delay", "drop")


class Faults(Protocol):
    """What a cluster must be able to suffer. None of these waits for the cluster to notice."""

    def kill(self, broker: int) -> None:
        """The broker stops at once; what it has not replicated may be gone."""

    def restart(self, broker: int) -> None:
        """A broker that was killed comes back with its log."""

    def pause(self, broker: int) -> None:
        """The broker does nothing, and neither do its clients' requests, until it is resumed."""

    def resume(self, broker: int) -> None:
        """A paused broker goes on as if nothing had been."""

    def cut(self, one: Collection[Node], other: Collection[Node]) -> None:
        """Nothing passes between the two sides, in either direction, until the network heals."""

    def heal(self) -> None:
        """Every link is whole again: nothing is cut, delayed or dropped."""

    def delay(self, one: Collection[Node], other: Collection[Node], seconds: float) -> None:
        """What passes between the two sides takes so much longer."""

    def drop(self, broker: int, answers: int) -> None:
        """The next so many requests to the broker are done, and their answers are lost."""


class Step(NamedTuple):
    """One fault. It is due at a time since the plan began, or after a number of acknowledged sends."""

    what: str  # one of KINDS
    at_ms: int = 0
    after_acks: int | None = None  # if given, at_ms does not count
    one: tuple[Node, ...] = ()  # the broker; or one side of a link
    other: tuple[Node, ...] = ()
    amount: int = 0  # of delay: milliseconds; of drop: answers

    def __str__(self) -> str:
        when = f"at {self.at_ms} ms" if self.after_acks is None else f"after {self.after_acks} acks"
        text = " ".join([when, self.what, *map(str, self.one)])
        if self.other:
            text += f" | {' '.join(map(str, self.other))}"
        if self.what == "delay":
            text += f" by {self.amount} ms"
        if self.what == "drop":
            text += f" x {self.amount}"
        return text

    def do(self, faults: Faults) -> None:
        """Let it happen."""
        match self.what:
            case "kill" | "restart" | "pause" | "resume":
                getattr(faults, self.what)(self.one[0])
            case "cut":
                faults.cut(self.one, self.other)
            case "heal":
                faults.heal()
            case "delay":
                faults.delay(self.one, self.other, self.amount / 1000)
            case _:
                broker = self.one[0]
                assert isinstance(broker, int)
                faults.drop(broker, self.amount)


class State:
    """What is broken after some steps of a plan."""

    def __init__(self) -> None:
        self.dead: set[Node] = set()
        self.paused: set[Node] = set()
        self.cut_off: set[Node] = set()  # brokers on the smaller side of a cut, or apart from the clients
        self.troubled = False  # whether there is anything to heal in the network

    @property
    def down(self) -> set[Node]:
        """The brokers that clients or the other brokers cannot count on."""
        return self.dead | self.paused | self.cut_off

    def can(self, step: Step) -> bool:
        """Whether the step makes sense: a dead broker is not killed again, and what is whole is not mended."""
        match step.what:
            case "kill":
                return step.one[0] not in self.dead
            case "restart":
                return step.one[0] in self.dead
            case "pause":
                return step.one[0] not in self.dead | self.paused
            case "resume":
                return step.one[0] in self.paused
            case "heal":
                return self.troubled
            case _:
                return True

    def after(self, step: Step) -> None:
        match step.what:
            case "kill":
                self.dead.add(step.one[0])
                self.paused.discard(step.one[0])
            case "restart":
                self.dead.discard(step.one[0])
            case "pause":
                self.paused.add(step.one[0])
            case "resume":
                self.paused.discard(step.one[0])
            case "heal":
                self.cut_off.clear()
                self.troubled = False
            case _:
                self.troubled = True
                if step.what == "cut":
                    self.cut_off |= cut_off(step)

    def then(self, step: Step) -> "State":
        """A state of its own, of what is broken after the step."""
        state = State()
        state.dead, state.paused, state.cut_off = set(self.dead), set(self.paused), set(self.cut_off)
        state.troubled = self.troubled
        state.after(step)
        return state

    def mending(self, at_ms: int) -> list[Step]:
        """What makes everything whole again."""
        steps = [Step("heal", at_ms)] if self.troubled else []
        steps += [Step("resume", at_ms, one=(broker,)) for broker in sorted(self.paused, key=str)]
        steps += [Step("restart", at_ms, one=(broker,)) for broker in sorted(self.dead, key=str)]
        return steps


def cut_off(step: Step) -> set[Node]:
    """The brokers of the smaller side; if one side has clients only, those of the other."""
    one, other = ({node for node in side if isinstance(node, int)} for side in (step.one, step.other))
    if not one or not other:
        return set(one or other)
    return set(one if len(one) <= len(other) else other)


class Plan(NamedTuple):
    """Steps, each carried out when it is due and the one before it is done."""

    steps: tuple[Step, ...]

    def __str__(self) -> str:
        return "\n".join(map(str, self.steps))

    @classmethod
    def parse(cls, text: str) -> "Plan":
        """The plan that was printed as *text*: a step a line, or several separated by semicolons; # begins a comment.

        Raises:
            UsageError: with the line that cannot be understood.
        """
        parts = [part.partition("#")[0].strip() for line in text.splitlines() for part in line.split(";")]
        return cls(tuple(_step(part) for part in parts if part))

    @property
    def most_down(self) -> int:
        """How many brokers are dead, paused or cut off at a time, at most."""
        state, most = State(), 0
        for step in self.steps:
            state.after(step)
            most = max(most, len(state.down))
        return most

    def left_broken(self) -> list[Step]:
        """What would be left to mend after the last step; nothing for plans made by ``plan``."""
        state = State()
        for step in self.steps:
            state.after(step)
        return state.mending(0)


_STEP = re.compile(
    r"(?:at (?P<ms>\d+) ms|after (?P<acks>\d+) acks) (?P<what>[a-z]+)(?P<one>(?: [\w.-]+)*?)"
    r"(?: \|(?P<other>(?: [\w.-]+)+?))?(?: by (?P<by>\d+) ms| x (?P<times>\d+))?"
)


def _step(text: str) -> Step:
    found = _STEP.fullmatch(" ".join(text.split()))
    if found is not None:
        one, other = (
            tuple(int(node) if node.isdigit() else node for node in (found[side] or "").split())
            for side in ("one", "other")
        )
        acks = None if found["acks"] is None else int(found["acks"])
        step = Step(
            found["what"], int(found["ms"] or 0), acks, one, other, int(found["by"] or found["times"] or 0)
        )
        if _fits(step) and str(step) == " ".join(text.split()):
            return step
    raise UsageError(
        f"{text!r} is no step of a plan; steps look like 'at 200 ms kill 1', 'after 40 acks pause 2',"
        " 'at 350 ms cut 1 | 2 3 clients', 'at 400 ms delay 1 | 2 by 50 ms', 'at 500 ms drop 2 x 3', 'at 900 ms heal'"
    )


def _fits(step: Step) -> bool:
    match step.what:
        case "heal":
            return not step.one and not step.other
        case "cut" | "delay":
            return bool(step.one and step.other)
        case "kill" | "restart" | "pause" | "resume" | "drop":
            return len(step.one) == 1 and isinstance(step.one[0], int) and not step.other
        case _:
            return False
