"""A future: the result of a call that another thread makes, to be asked for later.

``ThreadPool.submit`` hands one out. Ask it for the ``result``, which waits until
there is one and raises what the call raised; or give it a callback. Where a value
is to be passed on several times over, use a queue.

    >>> from concur import ThreadPool
    >>> with ThreadPool(2) as pool:
    ...     future = pool.submit(pow, 2, 10)
    ...     wrong = pool.submit(int, "ten")
    >>> future.result(), future
    (1024, <Future finished: 1024>)
    >>> wrong.exception()
    ValueError("invalid literal for int() with base 10: 'ten'")

How it works: a state that moves one way, from pending over running to finished,
or from pending to cancelled, and a condition that is notified at its end.

It is drop-in for ``concurrent.futures.Future``, and the functions ``wait`` and
``as_completed`` of ``concurrent.futures`` take it. It is not a subclass, and asyncio
insists on one: ``wrap_future`` and ``run_in_executor`` do not take it. What a callback
raises is not logged but given to ``threading.excepthook``, like what a thread raises.
"""

import sys
import threading
from collections.abc import Callable
from concurrent.futures import CancelledError, InvalidStateError
from typing import Any, Generic, TypeVar

from concur.sync.condition import Condition

T = TypeVar("T")

# The words of concurrent.futures, whose wait() and as_completed() read them.
PENDING, RUNNING, CANCELLED, FINISHED = "PENDING", "RUNNING", "CANCELLED_AND_NOTIFIED", "FINISHED"


class Future(Generic[T]):
    """The result of a call that is made elsewhere; drop-in for ``concurrent.futures.Future``.

    >>> from concur import Future
    >>> answer = Future()
    >>> answer.add_done_callback(lambda future: print("it is", future.result()))
    >>> answer.set_result(42)
    it is 42
    """

    def __init__(self) -> None:
        self._condition = Condition(threading.Lock())  # guards what follows; notified when the state is final
        self._state = PENDING
        self._result: T | None = None
        self._exception: BaseException | None = None
        self._callbacks: list[Callable[[Future[T]], object]] = []
        self._waiters: list[Any] = []  # of wait() and as_completed(), which put them here

    def result(self, timeout: float | None = None) -> T:
        """What the call returned, as soon as it has.

        Args:
            timeout: seconds to wait at most.

        Raises:
            TimeoutError: it did not end in time.
            concurrent.futures.CancelledError: it was cancelled.
            BaseException: whatever the call raised.
        """
        try:
            error = self.exception(timeout)
            if error is not None:
                raise error
            return self._result  # type: ignore[return-value]  # None only if that is the result
        finally:
            del self  # else it would be kept alive by the traceback of its own exception

    def exception(self, timeout: float | None = None) -> BaseException | None:
        """What the call raised, as soon as it has ended; None if it returned. Raises only what is not of the call."""
        with self._condition:
            if not self._condition.wait_for(self._is_over, timeout):
                raise TimeoutError
            if self._state == CANCELLED:
                raise CancelledError
            return self._exception

    def cancel(self) -> bool:
        """Cancel the call if it has not begun; whether it is cancelled."""
        with self._condition:
            if self._state in (RUNNING, FINISHED):
                return False
            if self._state == CANCELLED:
                return True
            callbacks = self._end(CANCELLED)
        self._call(callbacks)
        return True

    def cancelled(self) -> bool:
        """Whether the call was cancelled."""
        with self._condition:
            return self._state == CANCELLED

    def running(self) -> bool:
        """Whether the call has begun and not ended."""
        with self._condition:
            return self._state == RUNNING

    def done(self) -> bool:
        """Whether the call has ended or was cancelled."""
        with self._condition:
            return self._is_over()

    def add_done_callback(self, fn: Callable[["Future[T]"], object]) -> None:
        """Have *fn* called with this future at its end, by the thread that ends it; at once if it has ended.

        Callbacks are called in the order in which they were added. What one raises goes to
        ``threading.excepthook``, and the next is called.
        """
        with self._condition:
            if not self._is_over():
                self._callbacks.append(fn)
                return
        self._call([fn])

    # For whoever makes the call.

    def set_running_or_notify_cancel(self) -> bool:
        """Say that the call begins; False if it was cancelled and must not be made."""
        with self._condition:
            if self._state == CANCELLED:
                return False
            if self._state != PENDING:
                raise InvalidStateError(f"a call begins once, and this one is {self._words()}")
            self._state = RUNNING
            return True

    def set_result(self, result: T) -> None:
        """Say what the call returned."""
        with self._condition:
            self._check_not_over()
            self._result = result
            callbacks = self._end(FINISHED)
        self._call(callbacks)

    def set_exception(self, exception: BaseException | None) -> None:
        """Say what the call raised."""
        with self._condition:
            self._check_not_over()
            self._exception = exception
            callbacks = self._end(FINISHED)
        self._call(callbacks)

    def __repr__(self) -> str:
        return f"<Future {self._words()}>"

    def _is_over(self) -> bool:
        return self._state in (CANCELLED, FINISHED)

    def _check_not_over(self) -> None:
        if self._is_over():
            raise InvalidStateError(f"a call ends once, and this one is {self._words()}")

    def _end(self, state: str) -> list[Callable[["Future[T]"], object]]:
        """The last change of state, under the condition; returns the callbacks, which are called without it."""
        self._state = state
        for waiter in self._waiters:
            if state == CANCELLED:
                waiter.add_cancelled(self)
            elif self._exception is None:
                waiter.add_result(self)
            else:
                waiter.add_exception(self)
        self._condition.notify_all()
        callbacks, self._callbacks = self._callbacks, []
        return callbacks

    def _call(self, callbacks: list[Callable[["Future[T]"], object]]) -> None:
        for callback in callbacks:
            try:
                callback(self)
            except Exception:
                report(sys.exc_info())

    def _words(self) -> str:
        if self._state != FINISHED:
            return self._state.split("_")[0].lower()
        return f"finished: {self._result!r}" if self._exception is None else f"finished: {self._exception!r}"


def report(error: tuple[Any, Any, Any]) -> None:
    """Tell of an exception that nobody can catch, as `threading` does of one that ends a thread."""
    threading.excepthook(threading.ExceptHookArgs((*error, threading.current_thread())))
