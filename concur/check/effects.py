"""Which steps of a run changed something: left another value in a place than was there before.

`spin.py` asks: a loop that waits is woken by such a step, and a loop whose thread took one is no waiting loop.
A step is taken to change what it may change, unless what performs it says otherwise.
"""

from typing import Any

from concur.check.ops import READ, Op, accesses
from concur.check.threads import VirtualThread


class Effects:
    """What the steps of one run have changed; a part of the engine."""

    current: VirtualThread

    def __init__(self) -> None:
        self.changed: dict[Any, int] = {}  # place -> the last step that left another value there
        self.changing: set[int] = set()  # indices of the steps that did so somewhere
        self.undo: list[tuple[Any, int]] = []  # what the latest step did to `changed`
        self.was_changing = (
            False  # whether the latest step had changed something before: it may be a whole call
        )
        self.hidden = 0  # how often something was changed that no variable of the program shows
        self.written: dict[str, Any] = {}  # global variable -> the value last assigned while threads live

    def note_change(self, thread: VirtualThread, op: Op) -> None:
        """Take the step just taken to change what it may change; `unchanged` takes that back."""
        self.undo = [(place, self.changed.get(place, -1)) for place, mode in accesses(op) if mode != READ]
        if self.undo:
            thread.changes += 1
            self.was_changing = thread.last in self.changing
            self.changing.add(thread.last)
            for place, _ in self.undo:
                self.changed[place] = thread.last

    def unchanged(self) -> None:
        """The step just taken left every value as it was."""
        if self.undo:
            for place, before in self.undo:
                self.changed[place] = before
            self.undo = []
            self.current.changes -= 1
            if not self.was_changing:
                self.changing.discard(self.current.last)
