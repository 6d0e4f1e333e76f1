"""Plans by chance: from a seed, or from choices that somebody else makes, such as hypothesis."""

import random
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from concur.errors import UsageError
from concur.pubsub.faults.steps import CLIENTS, KINDS, Node, Plan, State, Step


class Choice(NamedTuple):
    """What is left open in a step of a random plan; ``plan_of`` makes sense of any numbers."""

    gap_ms: int  # since the step before
    kind: int
    node: int
    amount: int
    acks: int = 0  # above 0: after so many more acknowledged sends, instead


def plan_of(
    choices: Iterable[Choice],
    brokers: Sequence[int] = (1, 2, 3),
    most_down: int | None = 1,
    kinds: Sequence[str] = KINDS,
) -> Plan:
    """The plan that *choices* stand for; a step that makes no sense where it stands becomes another, or none.

    Give it lists of choices made by hypothesis, and it shrinks to few and early faults.

    Args:
        choices: any numbers; they are taken modulo what there is to choose from.
        brokers: their numbers.
        most_down: so many brokers at most are dead, paused or cut off at a time; None: any number.
        kinds: the kinds of faults that may be used, of ``KINDS``. What mends is used at the end in any case.

    Raises:
        UsageError: a kind is unknown, or there is no broker.
    """
    unknown = set(kinds) - set(KINDS)
    if unknown or not kinds or not brokers:
        raise UsageError(f"faults are {', '.join(KINDS)}, of at least one broker; not {sorted(unknown)}")
    state, steps, now, acks = State(), [], 0, 0
    for choice in choices:
        now += max(0, choice.gap_ms)
        acks += max(0, choice.acks)
        for step in _steps(choice, now, acks, brokers, kinds):
            after = state.then(step)
            if state.can(step) and (most_down is None or len(after.down) <= max(most_down, len(state.down))):
                state = after
                steps.append(step)
                break
    return Plan((*steps, *state.mending(now)))


def _steps(
    choice: Choice, now: int, acks: int, brokers: Sequence[int], kinds: Sequence[str]
) -> Iterator[Step]:
    """The step that was chosen, and those to take if it makes no sense: another kind, or another broker."""
    when, after = (0, acks) if choice.acks > 0 else (now, None)
    for node in range(choice.node, choice.node + len(brokers)):
        broker = brokers[node % len(brokers)]
        others: tuple[Node, ...] = tuple(other for other in brokers if other != broker)
        # From all, from the other brokers only, or from the clients only.
        other = ((*others, CLIENTS), others, (CLIENTS,))[choice.amount % 3]
        for kind in range(choice.kind, choice.kind + len(kinds)):
            what = kinds[kind % len(kinds)]
            if what == "heal":
                yield Step(what, when, after)
            elif what == "cut" or what == "delay":
                if other:
                    yield Step(
                        what, when, after, (broker,), other, choice.amount % 500 + 1 if what == "delay" else 0
                    )
            else:
                yield Step(what, when, after, (broker,), (), choice.amount % 5 + 1 if what == "drop" else 0)


def plan(
    seed: int,
    brokers: int | Sequence[int] = 3,
    *,
    steps: int = 8,
    milliseconds: int = 10_000,
    acks: int = 0,
    most_down: int | None = 1,
    kinds: Sequence[str] = KINDS,
) -> Plan:
    """A random plan; the same for the same arguments, on every machine.

    Args:
        seed: which one.
        brokers: how many, numbered from 1 on, or their numbers.
        steps: so many faults at most; what mends everything comes after them.
        milliseconds: about how long it takes.
        acks: how many acknowledged sends to expect; above 0, every third step waits for some of these.
        most_down, kinds: as for :func:`plan_of`.
    """
    chance = random.Random(seed)
    numbers = range(1, brokers + 1) if isinstance(brokers, int) else brokers
    gap = max(1, milliseconds // max(1, steps))
    share = max(1, acks // max(1, steps))
    choices = [
        Choice(
            chance.randrange(2 * gap),
            chance.randrange(len(kinds) or 1),
            chance.randrange(len(numbers) or 1),
            chance.randrange(1000),
            chance.randrange(1, 2 * share + 1) if acks and chance.randrange(3) == 0 else 0,
        )
        for _ in range(steps)
    ]
    return plan_of(choices, numbers, most_down, kinds)
