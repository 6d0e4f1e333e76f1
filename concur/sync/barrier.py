"""A barrier: a number of threads wait for each other, and go on together, round after round.

Use one where every thread must have finished a phase before any begins the next:
the steps of a simulation, the sides of an exchange. Other than with a latch,
everybody who comes waits, and when all have gone through it is closed again for
the next round.

    >>> from concur import Barrier
    >>> from threading import Thread
    >>> phases = []
    >>> end_of_phase = Barrier(2, action=lambda: phases.append("done"), name="end of phase")
    >>> def work():
    ...     for _ in range(3):
    ...         end_of_phase.wait()
    >>> workers = [Thread(target=work) for _ in range(2)]
    >>> for worker in workers:
    ...     worker.start()
    >>> for worker in workers:
    ...     worker.join()
    >>> phases
    ['done', 'done', 'done']
    >>> end_of_phase
    <Barrier 'end of phase' 0 of 2 waiting>

If one of them does not come through, none does: when a thread's time is up, when
Ctrl-C strikes in its wait, when the action raises, or when somebody calls
``abort``, the barrier is *broken*. All who wait, and all who come later, get
``threading.BrokenBarrierError``, until ``reset`` begins anew. With
``threading.Barrier``, Ctrl-C in a wait does not break it: the others go on
waiting for somebody who has left.

How it works: a lock guards the current *round*. A round is an object of its own;
the last thread to come runs the action, ends the round, puts a new one in its
place and wakes the others, which look at the round they came for. So a fast
thread that comes again enters the new round, whether or not the slow ones have
left the old one. The lock is held during the action, so that nobody's time runs
out over it.
"""

import threading
from collections import deque
from collections.abc import Callable
from threading import BrokenBarrierError

from concur.errors import DeadlockError
from concur.sync._parking import Place, wake_all


class _Round:
    """Those who go through the barrier together."""

    __slots__ = ("came", "is_broken", "is_over", "line")

    def __init__(self) -> None:
        # Invariant, whenever nobody holds the guard: over or broken implies that nobody waits.
        self.came = 0
        self.line: deque[Place] = deque()
        self.is_over = False
        self.is_broken = False


class Barrier:
    """*parties* threads that wait for each other; drop-in for ``threading.Barrier``.

    The last to come calls *action*, while the others wait. *timeout*, in seconds, holds for
    each ``wait`` that is given none. Raises ``ValueError`` if *parties* is below 1.
    """

    def __init__(
        self,
        parties: int,
        action: Callable[[], object] | None = None,
        timeout: float | None = None,
        *,
        name: str | None = None,
    ) -> None:
        if parties < 1:
            raise ValueError(f"a barrier has 1 or more parties, not {parties}: nobody would ever come last")
        self.name = name
        self._parties = parties
        self._action = action
        self._timeout = timeout
        self._round = _Round()
        self._acting: int | None = None  # the thread that runs the action
        self._guard = threading.Lock()

    def wait(self, timeout: float | None = None) -> int:
        """Wait until all have come; return how many came before, a different number for each.

        Raises ``threading.BrokenBarrierError`` if the barrier is broken, or is broken meanwhile:
        also by this thread, when *timeout* seconds have passed.
        """
        if timeout is None:
            timeout = self._timeout
        self._refuse_in_action("wait for")
        round_: _Round | None = None
        try:
            with self._guard:
                round_ = self._round
                if round_.is_broken:
                    raise BrokenBarrierError(f"{self._called()} is broken; reset() begins anew")
                index = round_.came
                round_.came += 1
                if round_.came == self._parties:
                    self._end(round_)
                    return index
                place = Place()
                round_.line.append(place)
            if not place.sleep(timeout):
                with self._guard:
                    self._break(round_)
        except BaseException:  # Ctrl-C, or the action's
            if round_ is not None:
                with self._guard:
                    self._break(round_)
            raise
        if round_.is_broken:
            raise BrokenBarrierError(f"{self._called()} was broken while this thread waited")
        return index

    def reset(self) -> None:
        """Begin anew: those who wait get ``threading.BrokenBarrierError``, and the barrier is not broken."""
        self._refuse_in_action("reset")
        with self._guard:
            self._break(self._round)
            self._round = _Round()

    def abort(self) -> None:
        """Break the barrier: all who wait, and all who come, get ``threading.BrokenBarrierError``."""
        self._refuse_in_action("abort")
        with self._guard:
            self._break(self._round)

    @property
    def parties(self) -> int:
        """How many threads go through together."""
        return self._parties

    @property
    def n_waiting(self) -> int:
        """How many wait now."""
        return len(self._round.line)

    @property
    def broken(self) -> bool:
        """Whether the barrier is broken."""
        return self._round.is_broken

    def __repr__(self) -> str:
        name = "" if self.name is None else f" {self.name!r}"
        state = "broken" if self.broken else f"{self.n_waiting} of {self.parties} waiting"
        return f"<Barrier{name} {state}>"

    def _end(self, round_: _Round) -> None:
        """All have come: let them go."""
        if self._action is not None:
            self._acting = threading.get_ident()
            try:
                self._action()
            finally:
                self._acting = None
        round_.is_over = True
        self._let_go(round_)

    def _break(self, round_: _Round) -> None:
        """Nobody goes through this round any more; but if it is over, all its threads have gone through."""
        if not round_.is_over:
            round_.is_broken = True
        self._let_go(round_)

    def _let_go(self, round_: _Round) -> None:
        if round_.is_over and self._round is round_:
            self._round = _Round()
        wake_all(round_.line)

    def _refuse_in_action(self, doing: str) -> None:
        if self._acting == threading.get_ident():
            raise DeadlockError(
                f"the action of {self._called()} would {doing} the barrier, which waits for its action.\n"
                "An action that raises breaks the barrier; anything else it leaves to the threads."
            )

    def _called(self) -> str:
        return "an unnamed barrier" if self.name is None else f"barrier {self.name!r}"
