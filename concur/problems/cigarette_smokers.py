"""Cigarette smokers: an agent lays two of three ingredients on the table, and the one who has the third smokes.

A smoker needs tobacco, paper and a match, and has an endless stock of one of
them. The agent, whose text may not be changed, lays out two different
ingredients, a signal for each, and waits until somebody has smoked (Patil
1971, Parnas 1975; The Little Book of Semaphores, 4.5).

    >>> say = print
    >>> smoke([("tobacco", "paper"), ("paper", "match")], lambda smoker: say(smoker, "smokes"))
    match smokes
    tobacco smokes

How it works: if the smokers took from the table themselves, two of them could
take one ingredient each, and wait for ever. So nobody does but three
*pushers*, one an ingredient: the first to come notes what there is, the
second sees from the note which smoker has the third, and wakes that one.

Invariant: while no pusher has the mutex, at most one ingredient is noted.
"""

from collections.abc import Callable, Sequence
from functools import partial

from concur.problems import Say
from concur.problems._together import together
from concur.sync.mutex import Mutex
from concur.sync.semaphore import Semaphore

CHECK = "explore"

INGREDIENTS = ("tobacco", "paper", "match")


class Agent:
    """Lays out ingredients; its text is given."""

    def __init__(self) -> None:
        self.may_lay_out = Semaphore(1, name="agent")
        self.on_table = {name: Semaphore(0, name=name) for name in INGREDIENTS}

    def lay_out(self, pair: Sequence[str]) -> None:
        self.may_lay_out.acquire()
        for name in pair:
            self.on_table[name].release()


class Pushers:
    """Note what lies on the table, and wake who can smoke it."""

    def __init__(self, agent: Agent) -> None:
        self.agent = agent
        self.mutex = Mutex(name="note")
        self.noted: set[str] = set()  # guarded by mutex
        self.can_smoke = {name: Semaphore(0, name=f"{name} smoker") for name in INGREDIENTS}

    def push(self, ingredient: str) -> None:
        """One turn of the pusher for that ingredient."""
        self.agent.on_table[ingredient].acquire()
        with self.mutex:
            if not self.noted:
                self.noted.add(ingredient)
                return
            (third,) = set(INGREDIENTS) - self.noted - {ingredient}
            self.noted.clear()
        self.can_smoke[third].release()

    def smoke(self, owned: str, light: Callable[[], None]) -> None:
        """One turn of the smoker who has that ingredient."""
        self.can_smoke[owned].acquire()
        light()
        self.agent.may_lay_out.release()


def smoke(pairs: Sequence[Sequence[str]], smoked: Callable[[str], None]) -> None:
    """The agent lays out the pairs one after the other; pushers and smokers have as many turns as they need."""
    agent = Agent()
    room = Pushers(agent)

    def lay_out() -> None:
        for pair in pairs:
            agent.lay_out(pair)

    def push(name: str, turns: int) -> None:
        for _ in range(turns):
            room.push(name)

    def use(name: str, turns: int) -> None:
        for _ in range(turns):
            room.smoke(name, lambda: smoked(name))

    threads = [lay_out]
    for name in INGREDIENTS:
        pushed = sum(name in pair for pair in pairs)
        threads += [partial(push, name, pushed)] * (pushed > 0)
        threads += [partial(use, name, len(pairs) - pushed)] * (pushed < len(pairs))
    together(*threads)


def scenario_one_round() -> None:
    smoked: list[str] = []
    smoke([("tobacco", "paper")], smoked.append)
    assert smoked == ["match"]


def scenario_two_rounds() -> None:
    """The second pair has an ingredient in common with the first."""
    smoked: list[str] = []
    smoke([("tobacco", "paper"), ("paper", "match")], smoked.append)
    assert smoked == ["match", "tobacco"]


def demo(say: Say) -> None:
    pairs = [("tobacco", "paper"), ("paper", "match"), ("match", "tobacco"), ("paper", "tobacco")] * 3
    smoked: list[str] = []

    def light(owner: str) -> None:
        pair = pairs[len(smoked)]
        smoked.append(owner)  # one at a time: the agent waits for it
        say(f"  {' and '.join(pair)} lie there: the smoker with the {owner} smokes")

    say("Twelve rounds: an agent, three pushers, three smokers.")
    smoke(pairs, light)
    assert all({owner, *pair} == set(INGREDIENTS) for owner, pair in zip(smoked, pairs, strict=True))
    say(f"Every time it was the one who had the third: {', '.join(smoked[:3])}, and so on.")
