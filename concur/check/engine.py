"""One run of a program under a controlled scheduler: virtual threads, one step at a time.

A virtual thread announces each visible operation with :meth:`Engine.step`.
The strategy picks who goes on; the picked thread performs its operation and
all invisible code up to its next announcement. Nothing else is random, so the
list of picks, the *schedule*, determines the run.

While the main thread is alone (every thread that was started has been joined)
nothing can race, and steps are neither announced nor recorded.
"""

import time
from collections.abc import Callable
from typing import Any, NoReturn

from concur.check import ops
from concur.check.effects import Effects
from concur.check.ops import ACQUIRE, JOIN, MODES, READ, RESUME, SLEEP, SPIN, TIMED_ACQUIRE, Op
from concur.check.options import Options
from concur.check.threads import Abort, Carrier, Strategy, ThreadFailure, VirtualThread

_NOW_AND_THEN = 1023  # steps or rounds, less one, between two looks at the clock
_MAX_ABORTS = 1_000  # that one thread may swallow while it is torn down


class Engine(Effects):
    """One run. The strategy steers it; afterwards its fields say what happened."""

    def __init__(
        self,
        strategy: Strategy,
        carrier: Carrier,
        options: Options,
        knowledge: Any,
        *,
        full: bool = False,
        recorder: Any = None,
        cycles: Any = None,
        until: float | None = None,
    ) -> None:
        super().__init__()
        self.strategy = strategy
        self.carrier = carrier
        self.home = carrier.home
        self.options = options
        self.knowledge = knowledge  # see knowledge.py
        self.full = full  # announce also what is known to be constant
        self.cycles = cycles  # see cycles.py
        self.until = until  # when the budget of seconds is used up, by time.perf_counter()
        self.recorder = recorder if cycles is None else cycles
        self.recording = self.recorder is not None
        self.threads: list[VirtualThread] = []
        self.alive: list[VirtualThread] = []
        self.foreground = 0  # alive and not a daemon
        self.unjoined = 0  # started, and not joined by the main thread
        self.alone = True  # unjoined == 0, kept apart since every hook asks
        self.current: VirtualThread = None  # type: ignore[assignment]  # set before any thread runs
        self.trace: list[tuple[int, Op]] = []
        # Indices of try-locks that failed, releases of free locks, joins too early; of late timed operations.
        self.failed: set[int] = set()
        self.expired_steps: set[int] = set()
        self.barriers: list[int] = []  # indices before which time moved because nobody could run
        self.opaque: dict[int, str] = {}  # indices of steps below code that was not rewritten
        self.failures: list[ThreadFailure] = []
        self.now = 0.0
        self.timer: float | None = None  # the deadline of the timed step that is being taken (timeouts="any")
        self.ticks = 0
        self.numbered = 0
        self.dead = False
        self.aborts = 0
        self.frozen: str | None = None  # the call below which no switch is possible
        self.joined_in = False  # the latest operation is part of the step before, see sections.py
        self.minor = False  # the next step would not be announced if `full` were off
        self.deadlocked: list[VirtualThread] = []
        self.pending: list[tuple[VirtualThread, Op]] = []  # what the threads that did not end had announced
        self.holders: dict[int, int | None] = {}  # id of a lock that somebody waits for -> who holds it
        self.outlived: set[int] = set()  # daemons that could have gone on when the run was over
        self.ended: set[int] = set()
        self.pruned = False  # the strategy ended the run: it is equivalent to an earlier one
        # The run is back in the state that it had after so many steps, when these threads could run.
        self.cycle: tuple[int, int] | None = None
        self.livelocked = False  # and it is fair to all threads: it could go on so for ever
        self.cut: str | None = None  # why the run was ended before its end
        self.uncheckable: str | None = None
        self.interrupted: BaseException | None = None
        self.output: Any = None
        self.choices: list[int] = []  # that were made among alternatives, in their order
        # Step that is a whole call -> for each lock that it touched, whether it took it, and left it held.
        self.locked: dict[int, dict[Any, tuple[bool, bool]]] = {}
        self.woken_without_reason: set[int] = set()  # threads that have had their spurious wake-up
        self.histories: list[Any] = []  # of the calls that are to be linearizable, see history.py
        self.misfit: Any = None  # the first of them that is not, and why
        self.misuse: str | None = None  # why one cannot be judged
        self.generators: dict[int, tuple[Any, int]] = {}  # by id: a weak reference, the thread that uses it
        self.literal: Any = None  # a weak reference to the argument of the call being made, see generators.py

        self.loops: list[Any] = []  # event loops that were made, see aio/
        self.inner: set[int] = (
            set()
        )  # indices of what happens within one step of a task, where it is spelled out

    # Steps

    def step(self, op: Op) -> None:
        """Announce an operation and wait to be picked; on return the caller performs it."""
        if self.dead:
            self.refuse()
        thread = self.current
        thread.minor = self.minor
        self.minor = False
        if thread.section is not None and thread.section.takes(self, op):
            self.joined_in = thread.section.joins
            return
        self.joined_in = False
        if self.frozen is not None:
            self._frozen_step(thread, op)
            return
        thread.op = op
        if self.recording:
            thread.site = self.recorder.site(op)
        if thread.fresh:
            thread.fresh = False
            self.carrier.announced(thread)
            if self.dead:
                raise Abort
        else:
            picked = self.strategy.pick(self, thread)
            if picked is not thread:
                if picked is None:
                    self.carrier.leave(thread)
                    raise Abort
                self.current = picked
                self.carrier.switch(thread, picked)
                if self.dead:
                    raise Abort
        trace = self.trace
        thread.last = len(trace)
        trace.append((thread.tid, op))
        self.ticks = 0
        if MODES[op[0]] != READ or op[4] is not None:
            self.note_change(thread, op)
        elif self.undo:
            self.undo = []
        if self.recording:
            self.recorder.performed(self, thread)
        if not thread.last & _NOW_AND_THEN:
            self._look_at_the_clock()
        if thread.last >= self.options.max_steps:
            where = f", at {op[3][0]}:{op[3][1]}" if op[3] else f", in {thread.kind} '{thread.name}'"
            self.cut_here(f"a run was cut after {self.options.max_steps:,} visible operations{where}")

    def refuse(self) -> NoReturn:
        """The run is over: end the thread that still wants something."""
        self.aborts += 1
        if self.aborts > _MAX_ABORTS:  # it swallows every Abort and goes on
            self.aborts = 0
            self.carrier.leave(self.current)
        raise Abort

    def _frozen_step(self, thread: VirtualThread, op: Op) -> None:
        """A step below code that was not rewritten: no switch is possible here, so it may not race."""
        thread.op = op
        if not self.enabled(thread):
            self.give_up(f"{self.frozen} would block: it is not rewritten, so nobody else can run meanwhile")
        self.strategy.stay(self, thread)
        thread.last = len(self.trace)
        self.opaque[thread.last] = self.frozen or ""
        self.trace.append((thread.tid, op))
        self.note_change(thread, op)
        if self.recording:
            thread.site = self.recorder.site(op)
            self.recorder.performed(self, thread)

    def enabled(self, thread: VirtualThread) -> bool:
        """Whether the operation that the thread has announced can take place now."""
        op = thread.op
        assert op is not None
        kind = op[0]
        if kind < ACQUIRE:
            return True
        if kind == ACQUIRE:
            return bool(op[2].owner is None)
        if kind == JOIN:
            return bool(op[2].over())
        if kind >= RESUME:
            return bool(op[2].ready())
        if kind == SPIN:
            return bool(op[2].woken(self.changed))
        if thread.expired:
            return True
        if kind == TIMED_ACQUIRE:
            return bool(op[2].owner is None)
        return bool(kind != SLEEP and op[2].over())

    def enabled_threads(self) -> list[VirtualThread]:
        """Who can go on now. When nobody can, time passes, if that helps."""
        enabled = self.enabled
        able = [thread for thread in self.alive if enabled(thread)]
        if not able and self.advance():
            able = [thread for thread in self.alive if enabled(thread)]
        return able

    def advance(self) -> bool:
        """Move the clock to the next deadline; call it only when nobody can run."""
        waiting = [thread for thread in self.alive if thread.deadline is not None and not thread.expired]
        if not waiting:
            return False
        self.now = max(self.now, min(thread.deadline for thread in waiting if thread.deadline is not None))
        for thread in waiting:
            if thread.deadline is not None and thread.deadline <= self.now:
                thread.expired = True
        self.barriers.append(len(self.trace))
        return True

    def wait_until(self, op: Op, timeout: float) -> bool:
        """Announce a timed operation in idle mode; returns whether its deadline had passed."""
        thread = self.current
        thread.changes += 1  # time may pass
        thread.deadline = self.now + timeout
        thread.expired = timeout <= 0
        try:
            self.step(op)
            if thread.expired:
                self.expired_steps.add(thread.last)
            return thread.expired
        finally:
            thread.deadline = None
            thread.expired = False

    def fail_step(self) -> None:
        """Note that the step just taken changed nothing."""
        if self.current.last >= 0 and not self.joined_in:
            self.failed.add(self.current.last)
        self.unchanged()

    def choose(self, count: int) -> int:
        """One of `count` alternatives, as a part of the step just taken."""
        choice = self.strategy.choose(self, count)
        self.choices.append(choice)
        return choice

    def tick(self, file: str, line: int) -> None:
        """A loop went round, or a function was entered."""
        self.ticks += 1
        if self.dead:
            self.refuse()
        if not self.ticks & _NOW_AND_THEN:
            self._look_at_the_clock()
        if self.ticks > self.options.max_ticks:
            self.cut_here(
                f"thread '{self.current.name}' went round {self.options.max_ticks:,} times at {file}:{line}"
                " without touching anything that another thread can see"
            )

    def _look_at_the_clock(self) -> None:
        if self.until is not None and time.perf_counter() > self.until:
            self.cut_here("the last run was stopped in its middle")

    # Threads

    def prepare(
        self, name: str, body: Callable[[], object], *, daemon: bool, thing: Any = None
    ) -> VirtualThread:
        """Make a virtual thread; `launch` starts it."""
        thread = VirtualThread(len(self.threads), name, body, daemon=daemon, thing=thing)
        self.threads.append(thread)
        self.alive.append(thread)
        if not daemon:
            self.foreground += 1
        return thread

    def launch(self, thread: VirtualThread) -> None:
        """Run a new thread up to its first announcement, as part of the step that starts it."""
        creator = self.current
        thread.creator = creator
        thread.born = creator.last
        if not thread.quiet:
            self.unjoined += 1
            self.alone = False
        self.current = thread
        self.carrier.start(self, thread)
        self.current = creator
        if self.dead:
            raise Abort

    def next_thread_number(self) -> int:
        """For the default name of a thread."""
        self.numbered += 1
        return self.numbered

    def joined(self) -> None:
        """The main thread has joined one more thread."""
        self.unjoined -= 1
        self.alone = self.unjoined == 0

    def execute(self, thread: VirtualThread) -> VirtualThread | None:
        """The whole life of a thread, run by its carrier; returns who goes on after it."""
        try:
            thread.body()
            if thread.tid == 0:
                for loop in self.loops:
                    loop.look_for_lost_errors()
        except Abort:
            pass
        except KeyboardInterrupt as error:
            self.interrupted = error
            self.dead = True
        except (
            BaseException
        ) as error:  # whatever leaves a thread is a finding, but for the exit of that thread
            if not self.dead and (thread.tid == 0 or not isinstance(error, SystemExit)):
                self.failures.append(ThreadFailure(thread, error, len(self.trace)))
        if not self.dead and not thread.quiet and not (thread.tid == 0 and self.alone):
            place = thread if thread.object is None else thread.object
            thread.ending = True
            try:
                self.step((ops.WRITE, (id(place), ops.THREAD), place, None, None))
            except Abort:
                pass
        thread.done = True
        if self.dead:
            return None
        self.alive.remove(thread)
        if not thread.daemon:
            self.foreground -= 1
        if self.foreground == 0:
            return None
        return self.strategy.pick(self, None)

    # The run

    def run(self, main: Callable[[], object]) -> None:
        """Run `main` as the main thread, until every thread that is no daemon has ended."""
        thread = self.current = self.prepare("MainThread", main, daemon=False)
        self.carrier.run(self, thread)
        over = self.pruned or self.livelocked or self.cut or self.uncheckable or self.interrupted
        if self.foreground and not over:
            self.deadlocked = [thread for thread in self.alive if not thread.daemon]
        # Taken down before the threads are: tearing them down ends them.
        still = [thread for thread in self.alive if not thread.done]
        self.pending = [(thread, thread.op) for thread in still if thread.op is not None]
        self.holders = {
            id(op[2]): op[2].owner for _, op in self.pending if op[0] in (ops.ACQUIRE, ops.TIMED_ACQUIRE)
        }
        if not over and not self.foreground:
            self.outlived = {
                thread.tid
                for thread in self.alive
                if thread.op is not None
                and thread.op[0] not in (JOIN, ops.TIMED_JOIN)
                and self.enabled(thread)
            }
        self.ended = {thread.tid for thread in self.threads if thread.done}
        if self.recording:
            self.recorder.finished(self)
        self.dead = True
        for thread in self.alive:
            if not thread.done:
                self.current = thread
                self.aborts = 0
                self.carrier.tear_down(self, thread)
        for loop in self.loops:
            loop.tear_down()
        if self.interrupted is not None:
            raise self.interrupted

    def cut_here(self, reason: str) -> NoReturn:
        """End the run at once, with no claim."""
        self.cut = reason
        self._leave()

    def end_in_cycle(self, first: int, able: int, site: tuple[str, int], *, fair: bool) -> None:
        """End the run: it is in the state that it had after `first` steps, when the threads `able` could run."""
        self.cycle = (first, able)
        if not fair:
            self.cut = (
                f"thread '{self.current.name}' can go round for ever at {site[0]}:{site[1]} while others wait for"
                " their turn; of such schedules only the first round was run"
            )
        self.livelocked = fair
        self._leave()

    def give_up(self, reason: str) -> NoReturn:
        """End the run at once: something cannot be controlled."""
        if self.uncheckable is None:
            self.uncheckable = reason
        self._leave()

    def _leave(self) -> NoReturn:
        self.current.op = None  # it is between two steps
        if not self.dead:
            self.carrier.leave(self.current)
        raise Abort

    @property
    def went_wrong(self) -> bool:
        return bool(self.failures or self.deadlocked or self.livelocked or self.misfit)


active: Engine | None = None  # the run that the hooks announce to; None: they only act
