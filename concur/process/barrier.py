"""A barrier between processes: they wait for each other and go on together, and nobody waits for the dead.

Use one where every process must have finished a phase before any begins the next.

    >>> from concur import ProcessBarrier
    >>> from threading import Thread
    >>> end_of_phase = ProcessBarrier(2, name="end of phase")
    >>> numbers = []
    >>> def work():
    ...     numbers.append(end_of_phase.wait())
    >>> workers = [Thread(target=work) for _ in range(2)]  # processes do as well
    >>> for worker in workers:
    ...     worker.start()
    >>> for worker in workers:
    ...     worker.join()
    >>> sorted(numbers)
    [0, 1]
    >>> end_of_phase
    <ProcessBarrier 'end of phase' 0 of 2 waiting>

It breaks as the one between threads does: by a time-out, by Ctrl-C in a wait, by an
action that raises, by ``abort``; and ``reset`` begins anew. It also breaks by a death.
A death is an end without order: a kill, ``os._exit``, ``terminate``. Then all who wait,
and all who come until ``reset``, get ``threading.BrokenBarrierError``, which says so.

*When a process dies that waits,* the barrier breaks, always, unless all had come: then
the others go on. That holds for the one that runs the action, too, until it has ended.

*When a party dies elsewhere,* the barrier breaks as soon as somebody waits and too few
parties are left. A process is a party from the moment when it begins, if the barrier is
among the arguments of its ``Process`` (also in a list, tuple or dict there, or as an
attribute of the process object; under `spawn` and `forkserver`, wherever in it), or else
from its first ``wait``. It counts once, or as often as it had threads in one round. So
the maker counts only once it has waited, and who has not begun yet does not count: a
barrier rather breaks too early, where somebody could still have come. To put another
process in the place of a dead one, start it, and then call ``reset``, which forgets the
dead. What nobody can see is the death of a process that was no party yet: of one that is
killed while it is being started, before its function was called, or of one that was given
the barrier in another way and has never waited. Watch your children, and call ``abort``.

*A party that ends in order,* also by an exception, leaves: by that alone nothing breaks, as
nothing does when a thread ends. Call ``abort`` where it should. Without a death, parties
that are too few wait on.

Who waits notices within 50 ms, also when whoever should have rung was killed.

Give it to a child process as an argument; it works under `fork`, `spawn` and
`forkserver`. Under the latter two the action must be picklable.

How it works: one word in shared memory holds the number of the round, and whether it is
broken; who comes enters a table of those who wait, under a mutex. The last one to come
runs the action and stores the next round, all under the mutex. So a round is over for
all at once, or not at all, whoever is killed.
"""

import multiprocessing
import threading
import time
from collections.abc import Callable, Iterable
from multiprocessing import util
from threading import BrokenBarrierError
from typing import Any

from concur.errors import DeadlockError
from concur.process._bell import PATIENCE, Bell
from concur.process._forks import after_fork
from concur.process._inside import inside
from concur.process._waiters import FREE, Waiters
from concur.process.mutex import ProcessMutex

# The state is one word: the round, how often the barrier was reset, and whether it is broken.
_OPEN, _BROKEN, _DEAD = 0, 1, 2
_KINDS, _RESET, _RESETS, _ROUND = 0b11, 1 << 2, 0xFFFFFF << 2, 1 << 26
_STATE, _STRENGTHS = 0, 1  # words; from the second on, how many threads of each party came to one round


class _Visit:
    """One thread in one round."""

    slot: int | None = None
    round = 0
    state = 0  # what it found
    index = 0


class ProcessBarrier:
    """*parties* threads of all processes that wait for each other, as with ``multiprocessing.Barrier``.

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
        places = parties + 64
        # A thread has its slot until it has seen the end of its round; the next round may have begun then.
        self._line = Waiters(2 * parties + 8, places, more=1 + places)
        self._line.more[_STATE] = _ROUND
        self._mutex = ProcessMutex()
        # Those of one round hear one, those of the next the other.
        self._bells = Bell(), Bell()
        self._begin_here()
        self._expect_children()

    def _begin_here(self) -> None:
        """Set up what this process has for itself."""
        self._acting: int | None = None  # the thread that runs the action
        self._joined = -1  # the stamp of this process, once it is a party

    def _expect_children(self) -> None:
        after_fork(self, ProcessBarrier._begin_here)
        # Called when a forked child of multiprocessing begins; the others are given a copy.
        util.register_after_fork(self, ProcessBarrier._join_if_given)

    def wait(self, timeout: float | None = None) -> int:
        """Wait until all have come; return how many came before, a different number for each.

        Raises ``threading.BrokenBarrierError`` if the barrier is broken, or is broken meanwhile:
        by a death, or by this thread, when *timeout* seconds have passed.
        """
        if timeout is None:
            timeout = self._timeout
        self._refuse_in_action("wait for")
        deadline = None if timeout is None else time.monotonic() + timeout
        line, visit = self._line, _Visit()
        try:
            self._enter(visit, deadline)
            bell = self._bells[visit.round % 2]
            while (end := self._end_of(visit)) is None:
                left = PATIENCE if deadline is None else deadline - time.monotonic()
                if left <= 0:
                    inside(self._mutex, self._break, visit.round, _BROKEN)
                elif not bell.wait(left) and self._is_lost(visit.round):
                    inside(self._mutex, self._break_if_lost)
            slot = visit.slot
            if slot is not None:
                line.state[slot], visit.slot = FREE, None
                line.left(slot)
        except BaseException:  # Ctrl-C, or the action's
            slot = visit.slot
            if slot is not None and line.number[slot] == visit.round:
                line.gone[slot] = visit.round  # for the others, if we do not get so far
                inside(self._mutex, self._break, visit.round, _BROKEN)
                line.state[slot] = FREE
                line.left(slot)
            raise
        if end:
            raise BrokenBarrierError(end)
        return visit.index

    def reset(self) -> None:
        """Begin anew: who waits gets ``threading.BrokenBarrierError``, and the barrier is not broken.

        Those who have died are forgotten.
        """
        self._refuse_in_action("reset")
        inside(self._mutex, self._reset)

    def abort(self) -> None:
        """Break the barrier: all who wait, and all who come, get ``threading.BrokenBarrierError``."""
        self._refuse_in_action("abort")
        inside(self._mutex, self._break, None, _BROKEN)

    @property
    def parties(self) -> int:
        """How many threads go through together."""
        return self._parties

    @property
    def n_waiting(self) -> int:
        """How many wait now."""
        return 0 if self.broken else len(self._of(self._line.more[_STATE] // _ROUND))

    @property
    def broken(self) -> bool:
        """Whether the barrier is broken."""
        state = self._line.more[_STATE]
        return state & _KINDS != _OPEN or self._is_lost(state // _ROUND)

    def __repr__(self) -> str:
        name = "" if self.name is None else f" {self.name!r}"
        state = "broken" if self.broken else f"{self.n_waiting} of {self.parties} waiting"
        return f"<{type(self).__name__}{name} {state}>"

    def _enter(self, visit: _Visit, deadline: float | None) -> None:
        while True:
            inside(self._mutex, self._come, visit)
            if visit.round:
                return
            # Each slot has somebody who has yet to see that an earlier round is over.
            left = PATIENCE if deadline is None else deadline - time.monotonic()
            if left <= 0:
                inside(self._mutex, self._break, None, _BROKEN)
            else:
                self._bells[0].wait(left)

    def _come(self, visit: _Visit) -> None:
        """Enter the table if there is room; be the last one, perhaps. The mutex is held, as in what follows."""
        line, place = self._line, self._join()
        state = line.more[_STATE]
        if state & _KINDS:
            raise BrokenBarrierError(f"{self._called()} is broken{self._why(state)}; reset() begins anew")
        slot = line.free()
        if slot is None:
            self._sweep()
            slot = line.free()
            if slot is None:
                return
        round_ = state // _ROUND
        before = self._of(round_)
        ours = 1 + sum(line.stamp[other] == self._joined for other in before)
        if ours > line.more[_STRENGTHS + place]:
            line.more[_STRENGTHS + place] = ours
        visit.state, visit.index = state, len(before)
        try:
            visit.slot, visit.round = slot, round_
            line.enter(slot, round_)
            if visit.index + 1 == self._parties:
                if all(line.is_there(other) for other in before):
                    self._finish(state)
                else:
                    self._break(round_, _DEAD)
        except BaseException:
            self._break(round_, _BROKEN)
            raise

    def _finish(self, state: int) -> None:
        """All have come: let them go."""
        if self._action is not None:
            self._acting = threading.get_ident()
            try:
                self._action()
            finally:
                self._acting = None
        self._line.more[_STATE] = state + _ROUND
        self._ring(state // _ROUND)

    def _break(self, round_: int | None, kind: int) -> None:
        """Nobody goes through this round any more; but if it is over, all its threads have gone through."""
        state = self._line.more[_STATE]
        if state & _KINDS == _OPEN and round_ in {None, state // _ROUND}:
            self._line.more[_STATE] = state | kind
            self._ring(state // _ROUND)

    def _reset(self) -> None:
        self._break(None, _BROKEN)  # if we are killed before the end, this remains
        line = self._line
        state = line.more[_STATE]
        round_ = state // _ROUND
        for slot in self._of(round_):
            # Who sees a later round is told by this that its own was not gone through.
            line.note[slot] = round_
        for place in line.parties.taken():
            line.parties.forget(place)
        resets = (state & _RESETS) + _RESET & _RESETS
        line.more[_STATE] = (round_ + 1) * _ROUND | resets | _OPEN
        self._ring(round_)

    def _break_if_lost(self) -> None:
        round_ = self._line.more[_STATE] // _ROUND
        if self._is_lost(round_):
            self._break(round_, _DEAD)
            self._sweep()

    def _is_lost(self, round_: int) -> bool:
        """Whether this round will never be full: because of somebody who waits, or of too few."""
        line = self._line
        if not all(line.is_there(slot) for slot in self._of(round_)):
            return True
        are_left, have_died = 0, False
        for place in line.parties.taken():
            if line.parties.died(place):
                have_died = True
            else:
                are_left += max(1, line.more[_STRENGTHS + place])
        return have_died and are_left < self._parties

    def _end_of(self, visit: _Visit) -> str | None:
        """None as long as the round goes on; then nothing, or why it was not gone through."""
        state = self._line.more[_STATE]
        if state == visit.state:
            return None
        if state // _ROUND == visit.round:
            return (
                f"{self._called()} was broken while this thread waited{self._why(state)}; reset() begins anew"
            )
        if (state ^ visit.state) & _RESETS and inside(self._mutex, self._was_reset, visit):
            return f"{self._called()} was reset while this thread waited"
        return ""

    def _was_reset(self, visit: _Visit) -> bool:
        return visit.slot is not None and self._line.note[visit.slot] == visit.round

    def _sweep(self) -> None:
        """Free the slots of the dead, in rounds that are over or broken."""
        line = self._line
        state = line.more[_STATE]
        for slot in line.taken():
            if (state & _KINDS or line.number[slot] != state // _ROUND) and not line.is_there(slot):
                line.state[slot] = FREE

    def _of(self, round_: int) -> list[int]:
        """The slots of those who came to a round and have not left it."""
        number = self._line.number
        return [slot for slot in self._line.taken() if number[slot] == round_]

    def _ring(self, round_: int) -> None:
        others = len(self._of(round_))
        if others:
            self._bells[round_ % 2].ring(others)

    def _join(self) -> int:
        """The place of this process, which is a party from now on."""
        parties = self._line.parties
        place, stamp = parties.mine(), parties.stamp()
        if stamp != self._joined:
            self._line.more[_STRENGTHS + place] = 0
            self._joined = stamp
        return place

    def _join_if_given(self) -> None:
        """A child begins: it is a party if it was given this barrier."""
        if _is_among(self, vars(multiprocessing.current_process()).values(), 3):
            self._join()

    def _refuse_in_action(self, doing: str) -> None:
        if self._acting == threading.get_ident():
            raise DeadlockError(
                f"the action of {self._called()} would {doing} the barrier, which waits for its action.\n"
                "An action that raises breaks the barrier; anything else it leaves to those who wait."
            )

    def _why(self, state: int) -> str:
        return ", since a process that takes part died" if state & _KINDS == _DEAD else ""

    def _called(self) -> str:
        return "a process barrier" if self.name is None else f"process barrier {self.name!r}"

    def __getstate__(self) -> tuple[Any, ...]:
        mine = (self._line, self._mutex, self._bells)
        return self.name, self._parties, self._action, self._timeout, mine

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self.name, self._parties, self._action, self._timeout, mine = state
        self._line, self._mutex, self._bells = mine
        self._begin_here()
        self._expect_children()
        try:
            self._join()
        except OverflowError:
            pass  # the first wait will say so


def _is_among(wanted: object, things: Iterable[Any], depth: int) -> bool:
    for thing in things:
        if thing is wanted:
            return True
        inner = (*thing.values(),) if isinstance(thing, dict) else thing
        if depth and isinstance(inner, list | tuple | set) and _is_among(wanted, inner, depth - 1):
            return True
    return False
