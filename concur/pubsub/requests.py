"""The requests of a client that must stay awake: carried by other threads, while its own waits for their answers.

A request waits for its answer in the thread that makes it, and a broker that hangs may keep it there for long.
A consumer must not hang with it: ``poll`` ends in time, ``wakeup`` ends it at once, and what waits for one
broker does not hold up the others. So each destination has a *lane*: a thread that makes one
request after the other. What comes back is put down until the client's own thread looks at it, so that
everything else a client knows belongs to that thread alone and needs no lock.

This is the part of ``ConsumerNetworkClient.java`` of Apache Kafka, where one thread and a selector do the same.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from loguru import logger

from concur.pubsub.config import Config
from concur.pubsub.errors import IllegalState, PubSubError, RequestTimedOut, Wakeup

T = TypeVar("T")
Handler = Callable[[Any, PubSubError | None], None]  # takes the answer, or None and the error


class Pending:
    """A request under way. ``done`` is set last: who sees it set may read the rest."""

    __slots__ = ("answer", "call", "done", "error", "handler")

    def __init__(self, call: Callable[[], Any], handler: Handler | None) -> None:
        self.call = call
        self.handler = handler
        self.answer: Any = None
        self.error: PubSubError | None = None
        self.done = False


class _Lane:
    """The requests of one lane that are not begun, and where its thread waits for more."""

    def __init__(self, lock: threading.Lock, kept: bool) -> None:
        self.queue: deque[Pending] = deque()
        self.work = threading.Condition(lock)
        self.kept = kept


class Requests:
    """The lanes of one client, the answers that it has not looked at, and its wakeup.

    Args:
        name: of the client; its threads are called after it.
        config: for ``retry.backoff.ms`` and ``retry.backoff.max.ms``.
    """

    def __init__(self, name: str, config: Config) -> None:
        self._name = name
        self._back_off = config["retry.backoff.ms"] / 1000
        self._max_back_off = config["retry.backoff.max.ms"] / 1000
        self.lock = threading.Lock()
        self._changed = threading.Condition(self.lock)  # where the client's own thread waits
        # All guarded by the lock.
        self._lanes: dict[Hashable, _Lane] = {}
        # Of the lanes; who ends takes itself out. A set would have another order in every run of a simulation.
        self._threads: dict[threading.Thread, None] = {}
        self._answers: deque[Pending] = deque()  # read without the lock, to see whether there are any
        self._news = False
        self._woken = False
        self._deaf = False  # wakeups wait: the client is being closed
        self.closed = False

    def send(
        self,
        lane: Hashable,
        call: Callable[[], Any],
        handler: Handler | None = None,
        *,
        kept: bool = False,
    ) -> Pending:
        """Let *call* be made by the thread of *lane*, after what that lane has to do already.

        Args:
            lane: what the request must not overtake; a broker, for one.
            handler: called with the answer by :meth:`run_answers`, so by the client's own thread.
            kept: the lane's thread stays when it has nothing to do, for lanes that are used all the time.
        """
        pending = Pending(call, handler)
        with self.lock:
            if self.closed:
                raise IllegalState(f"{self._name} is closed")
            line = self._lanes.get(lane)
            if line is None:
                line = self._lanes[lane] = _Lane(self.lock, kept)
                thread = threading.Thread(
                    target=self._carry, args=(lane, line), name=f"{self._name} {lane}", daemon=True
                )
                self._threads[thread] = None
                thread.start()
            line.queue.append(pending)
            line.work.notify()
        return pending

    def _carry(self, key: Hashable, lane: _Lane) -> None:
        """Make the requests of one lane."""
        while True:
            with self.lock:
                while lane.kept and not lane.queue and not self.closed:
                    lane.work.wait()
                if self.closed or not lane.queue:
                    if self._lanes.get(key) is lane:
                        del self._lanes[key]
                    self._threads.pop(threading.current_thread(), None)
                    return
                pending = lane.queue.popleft()
            answer, problem = None, None
            try:
                answer = pending.call()
            except PubSubError as error:
                problem = error
            except Exception as error:  # a fault of the engine is told to the client, in its own thread
                if not self.closed:
                    logger.exception("{}: a request failed", self._name)
                problem = PubSubError(f"a request of {self._name} failed: {error!r}")
                problem.__cause__ = error
            with self.lock:
                pending.answer, pending.error = answer, problem
                pending.done = True
                if pending.handler is not None:
                    self._answers.append(pending)
                self._changed.notify_all()

    # For the client's own thread

    def run_answers(self) -> None:
        """Hand the answers that have come to their handlers, which may be done again if Ctrl-C interrupts them."""
        while self._answers:
            pending = self._answers[0]
            assert pending.handler is not None
            pending.handler(pending.answer, pending.error)
            self._answers.popleft()

    def wait(self, until: float) -> None:
        """Wait for an answer, for news, for a wakeup, or until the clock (``time.monotonic``) is at *until*."""
        with self._changed:
            while not (self._answers or self._news or (self._woken and not self._deaf)):
                left = until - time.monotonic()
                if left <= 0:
                    return
                self._changed.wait(min(left, threading.TIMEOUT_MAX))
            self._news = False

    def ask(self, lane: Hashable, call: Callable[[], T], deadline: float, *, kept: bool = False) -> T:
        """Make a request and wait for its answer; what else comes meanwhile is left for later.

        Raises:
            Wakeup: definite if the request was not sent.
            RequestTimedOut: there was no answer by the *deadline*.
            PubSubError: whatever the request raised.
        """
        self.raise_if_woken()
        pending = self.send(lane, call, kept=kept)
        with self._changed:
            while not pending.done:
                if self._woken and not self._deaf:
                    self._woken = False
                    raise Wakeup(
                        "wakeup() was called while a request was under way; it may still be carried out"
                    )
                left = deadline - time.monotonic()
                if left <= 0:
                    raise RequestTimedOut("there was no answer in time; the request may still be carried out")
                self._changed.wait(min(left, threading.TIMEOUT_MAX))
        if pending.error is not None:
            raise pending.error
        answer: T = pending.answer
        return answer

    def wait_for(self, is_over: Callable[[], bool], deadline: float) -> None:
        """Run answers as they come until *is_over*.

        Raises:
            Wakeup, RequestTimedOut: as :meth:`ask` does.
        """
        self.run_answers()
        while not is_over():
            self.raise_if_woken()
            if time.monotonic() >= deadline:
                raise RequestTimedOut("there was no answer in time")
            self.wait(deadline)
            self.run_answers()

    def persist(self, attempt: Callable[[], T], deadline: float) -> T:
        """Call *attempt* again while it raises what is retriable and there is time; raise its last error otherwise."""
        attempts = 0
        last: PubSubError | None = None
        while True:
            try:
                return attempt()
            except PubSubError as error:
                if last is not None and time.monotonic() >= deadline:
                    raise error from last  # time was up in the middle: what failed before says why
                last = error
                attempts += 1
                resume = time.monotonic() + self.back_off(attempts)
                if not error.retriable or resume >= deadline:
                    raise
            self.sleep(resume)

    def sleep(self, until: float) -> None:
        """Wait for nothing but the time, or a wakeup, which is raised."""
        with self._changed:
            while not (self._woken and not self._deaf):
                left = until - time.monotonic()
                if left <= 0:
                    return
                self._changed.wait(min(left, threading.TIMEOUT_MAX))
        self.raise_if_woken()

    def back_off(self, attempts: int) -> float:
        """Seconds to wait after so many attempts that failed: twice as long each time, up to a limit."""
        seconds: float = min(self._max_back_off, self._back_off * 2 ** min(attempts - 1, 20))
        return seconds

    def raise_if_woken(self) -> None:
        """Raise the wakeup that came, once."""
        if self._woken and not self._deaf:
            with self.lock:
                self._woken = False
            raise Wakeup("wakeup() was called", definite=True)

    @property
    def woken(self) -> bool:
        """Whether a wakeup waits to be raised."""
        return self._woken and not self._deaf

    # For any thread

    def wakeup(self) -> None:
        """End the wait that is on, or the next one."""
        with self.lock:
            self._woken = True
            self._changed.notify_all()

    def tell(self) -> None:
        """Let the client's own thread look at what changed; by who holds the lock."""
        self._news = True
        self._changed.notify_all()

    # The end

    def ignore_wakeups(self) -> None:
        """From now on nothing is ended by a wakeup: the client is being closed."""
        self._deaf = True

    def stop(self) -> None:
        """Begin no more requests."""
        with self.lock:
            self.closed = True
            for lane in self._lanes.values():
                lane.work.notify_all()

    def join(self, deadline: float) -> None:
        """Wait for the requests under way, but not longer than the *deadline*."""
        with self.lock:
            threads = list(self._threads)
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))
