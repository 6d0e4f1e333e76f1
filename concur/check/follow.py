"""Run a given schedule, and tell when the program does not follow it."""

from collections.abc import Sequence

from concur.check.engine import Engine
from concur.check.threads import VirtualThread


class Follow:
    """The strategy of a replay: one thread number for each step.

    With `skip_minor`, steps that the search did not announce are taken by the
    thread that comes to them and use up no entry of the schedule: so a
    schedule that was found with fewer announcements is written out in full.
    """

    def __init__(self, schedule: list[int], choices: Sequence[int] = (), *, skip_minor: bool = False) -> None:
        self.schedule = schedule
        self.choices = iter(choices)
        self.skip_minor = skip_minor
        self.position = 0
        self.diverged: str | None = None

    def pick(self, engine: Engine, current: VirtualThread | None) -> VirtualThread | None:
        if self.skip_minor and current is not None and current.minor:
            return current
        if self.position < len(self.schedule) and (planned := self._planned(engine)) is not None:
            return planned
        able = engine.enabled_threads()
        if self.position >= len(self.schedule):
            minor = [thread for thread in able if thread.minor]
            if self.skip_minor and minor:
                return minor[0]
            if able:
                self.diverged = f"the program goes on after step {self.position}, where the schedule ends"
            return None
        tid = self.schedule[self.position]
        for thread in able:
            if thread.tid == tid:
                if not (self.skip_minor and thread.minor):
                    self.position += 1
                return thread
        self.position += 1
        self.diverged = f"step {self.position} is for {_named(engine, tid)}"
        return None

    def _planned(self, engine: Engine) -> VirtualThread | None:
        """The thread that the schedule wants, if it can go on without time passing: the others are not asked."""
        tid = self.schedule[self.position]
        thread = engine.threads[tid] if tid < len(engine.threads) else None
        if thread is None or thread.done or thread.fresh or thread.op is None or not engine.enabled(thread):
            return None
        if not (self.skip_minor and thread.minor):
            self.position += 1
        return thread

    def stay(self, engine: Engine, thread: VirtualThread) -> None:
        """The thread takes a step where no other can be picked."""
        if not (self.skip_minor and thread.minor):
            self.position += 1

    def choose(self, engine: Engine, count: int) -> int:
        """The choice that the schedule has next; the first alternative where it has none."""
        choice = next(self.choices, 0)
        if choice < count:
            return choice
        self.diverged = f"there are {count} alternatives, and the schedule wants number {choice + 1}"
        return 0


def _named(engine: Engine, tid: int) -> str:
    if tid >= len(engine.threads):
        return f"thread {tid}, which was not started"
    thread = engine.threads[tid]
    site = thread.op[3] if thread.op is not None and not thread.done else None
    return f"thread '{thread.name}', which cannot run there{f' ({site[0]}:{site[1]})' if site else ''}"
