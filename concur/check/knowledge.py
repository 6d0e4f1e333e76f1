"""What one exploration has learnt about a program from its runs.

A field that is written only while the main thread is alone can be read without
an announcement: such a read can race with nothing. Which fields these are is
not known beforehand, so the search assumes it of every field, and starts again
as soon as a run writes one of them while other threads live. The program with
fewer announcements behaves as the full one up to the first such write, and
every schedule of it is run, so such a write is found if there is one.
"""


class Knowledge:
    """Facts that only grow; `revised` says that the search must start again."""

    def __init__(self) -> None:
        self.fields: set[tuple[str, str]] = set()  # (class, name): written while threads live
        self.names: set[str] = set()  # variables written while threads live
        self.conflated: set[str] = set()  # attributes written on a class or over a method while threads live
        self.watched: set[str] = set()  # classes of objects that code which is not rewritten looks at
        self.dictionaries: set[str] = set()  # classes whose instances are reached through __dict__
        self.one_step: set[str] = set()  # classes of which a call was taken as one step
        self.clock = False  # the program reads the clock
        self.cycles = False  # a loop goes round often: watch for states that come back
        self.revised = False
        self.closed = False  # what is run is a schedule that was found before
        self._cycles_seen = False
        self._clock_read = False
        self._staged: list[tuple[set, object]] = []  # type: ignore[type-arg]

    def learn(self, facts: set, fact: object) -> None:  # type: ignore[type-arg]
        """Note a fact; it takes effect when the search starts again."""
        self._staged.append((facts, fact))
        self.revised = True

    def learn_clock(self) -> None:
        """The program reads the clock: from now on time-outs that move it are seen."""
        self._clock_read = True
        self.revised = True

    def learn_cycles(self) -> bool:
        """A loop goes round often: from now on states that come back are noticed. Returns whether that is new."""
        if self.closed:
            return False
        self._cycles_seen = self.revised = True
        return True

    def settle(self) -> None:
        """Let what was learnt take effect."""
        self.clock = self.clock or self._clock_read
        self.cycles = self.cycles or self._cycles_seen
        for facts, fact in self._staged:
            facts.add(fact)
        self._staged.clear()
        self.revised = False

    def drop(self) -> None:
        """Forget what was learnt and has not taken effect: another process learns it again."""
        self._clock_read, self._cycles_seen = self.clock, self.cycles
        self._staged.clear()
        self.revised = False
