"""A pool: a few threads that make the calls of many.

Use one where there are more things to do than threads are worth while: a thread
costs tens of microseconds to start and memory to keep, a task in a pool next to
nothing. For two or three threads that run as long as the program, use threads.

    >>> from concur import ThreadPool
    >>> with ThreadPool(4, thread_name_prefix="square") as pool:
    ...     list(pool.map(lambda n: n * n, range(6)))
    [0, 1, 4, 9, 16, 25]
    >>> pool
    <ThreadPool 'square' workers=0 waiting=0 shut down>

How it works: a line of tasks, and workers who take the first, make the call, tell
its future, and take the next. A worker is started when a task comes for which none
is free, until there are *max_workers*.

A task that waits for another task of the same pool can wait for ever: all workers
may be such tasks, and nobody is left to do what they wait for. Give tasks that wait
for tasks a pool of their own.

What differs from ``concurrent.futures.ThreadPoolExecutor``, for which it is drop-in:
``max_waiting`` makes ``submit`` wait while so many tasks wait, so that who has work
cannot run ahead without end of who does it; and a pool that is neither left by its
``with`` nor shut down keeps its threads until the program ends (the standard one's
end when the collector finds it). As there, the tasks submitted are done before the
program ends.
"""

import itertools
import os
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import BrokenExecutor
from types import TracebackType
from typing import Any, ParamSpec, TypeVar

from concur.sync.condition import Condition
from concur.sync.future import Future, report

P = ParamSpec("P")
R = TypeVar("R")
Task = tuple[Future[Any], Callable[..., Any], tuple[Any, ...], dict[str, Any]]

_numbers = itertools.count()


class ThreadPool:
    """Threads that make the calls given to them; drop-in for ``concurrent.futures.ThreadPoolExecutor``.

    Args:
        max_workers: how many threads at most; by default four more than there are processors, and at most 32.
        thread_name_prefix: the threads are called so, with a number.
        initializer: called by each thread at its beginning, with *initargs*. If it raises, the pool is broken:
            the tasks that wait, and those submitted later, fail with ``BrokenThreadPool``.
        initargs: see there.
        max_waiting: so many tasks may wait for a thread; `submit` waits while there are more. None for any number.

    Raises:
        ValueError: *max_workers* or *max_waiting* is less than 1.
        TypeError: *initializer* cannot be called.
    """

    def __init__(
        self,
        max_workers: int | None = None,
        thread_name_prefix: str = "",
        initializer: Callable[..., object] | None = None,
        initargs: tuple[Any, ...] = (),
        *,
        max_waiting: int | None = None,
    ) -> None:
        if max_workers is None:
            max_workers = min(32, (os.cpu_count() or 1) + 4)
        if max_workers < 1:
            raise ValueError(f"max_workers: a pool has 1 thread or more, not {max_workers}")
        if max_waiting is not None and max_waiting < 1:
            raise ValueError(f"max_waiting: 1 task or more may wait, not {max_waiting}; None for any number")
        if initializer is not None and not callable(initializer):
            raise TypeError(f"initializer: {initializer!r} cannot be called")
        self._max_workers = max_workers
        self._max_waiting = max_waiting
        self._name = thread_name_prefix or f"ThreadPool-{next(_numbers)}"
        self._initializer, self._initargs = initializer, initargs
        self._lock = threading.Lock()  # guards all that follows
        self._tasks: deque[Task] = deque()  # that no thread has taken yet
        self._threads: set[threading.Thread] = set()
        self._started = 0  # threads, ever
        self._idle = 0  # threads that sleep; those just woken included
        self._shutdown = False
        self._broken: BaseException | None = None  # what the initializer raised
        self._work = Condition(self._lock)  # notified when a task comes, or none will come any more
        self._room = Condition(self._lock)  # notified when a task was taken, or none may come any more

    def submit(self, fn: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> Future[R]:
        """Have ``fn(*args, **kwargs)`` called by a thread of the pool.

        Returns:
            A future for the result.

        Raises:
            RuntimeError: the pool was shut down.
            concurrent.futures.thread.BrokenThreadPool: the initializer of a thread failed.
        """
        future: Future[R] = Future()
        with self._lock:
            self._check_open()
            while self._max_waiting is not None and len(self._tasks) >= self._max_waiting:
                self._room.wait()
                self._check_open()
            # First the thread, then the task: if the system has no thread to give, nothing was submitted.
            if len(self._tasks) >= self._idle and len(self._threads) < self._max_workers:
                self._start_thread()
            try:
                self._tasks.append((future, fn, args, kwargs))
            finally:
                self._work.notify()
        return future

    def map(
        self,
        fn: Callable[..., R],
        *iterables: Iterable[Any],
        timeout: float | None = None,
        chunksize: int = 1,
    ) -> Iterator[R]:
        """The results of *fn* for the items of the iterables, in their order, made by the threads of the pool.

        All calls are submitted at once. A call that raised raises when its result is asked for; then, and when
        the iterator is closed, the calls that have not begun are cancelled.

        Args:
            fn: takes an item of each iterable.
            iterables: the shortest counts.
            timeout: seconds from now until the last result; ``TimeoutError`` if it takes longer.
            chunksize: means nothing between threads; for programs that set it.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        futures = deque([self.submit(fn, *items) for items in zip(*iterables, strict=False)])

        def results() -> Iterator[R]:
            try:
                while futures:
                    left = None if deadline is None else deadline - time.monotonic()
                    result = futures[0].result(left)
                    futures.popleft()
                    yield result
            finally:
                for future in futures:
                    future.cancel()

        return results()

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Take no more tasks; the threads end when those that were submitted are done.

        Args:
            wait: return only when the threads have ended. A task must not ask for it.
            cancel_futures: cancel the tasks that no thread has taken yet.
        """
        with self._lock:
            self._shutdown = True
            cancelled = list(self._tasks) if cancel_futures else []
            if cancel_futures:
                self._tasks.clear()
            self._work.notify_all()
            self._room.notify_all()
            threads = list(self._threads)
        for future, *_ in cancelled:
            future.cancel()
        if wait:
            for thread in threads:
                thread.join()

    def __enter__(self) -> "ThreadPool":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.shutdown()

    def __repr__(self) -> str:
        end = " broken" if self._broken is not None else " shut down" if self._shutdown else ""
        return f"<ThreadPool {self._name!r} workers={len(self._threads)} waiting={len(self._tasks)}{end}>"

    def _check_open(self) -> None:
        if self._broken is not None:
            raise self._broken_error(self._broken)
        if self._shutdown:
            raise RuntimeError(
                f"a task was submitted to pool {self._name!r}, which is shut down.\n"
                "Submit inside `with pool:`, or before shutdown()."
            )

    def _start_thread(self) -> None:
        thread = threading.Thread(target=self._run, name=f"{self._name}_{self._started}", daemon=False)
        if not self._threads:
            _running.add(self)
        thread.start()
        self._threads.add(thread)
        self._started += 1

    def _run(self) -> None:
        """What a thread of the pool does."""
        try:
            if self._initializer is not None:
                self._initializer(*self._initargs)
        except BaseException as error:
            self._break(error)
        else:
            while (task := self._next_task()) is not None:
                try:
                    _do(*task)
                except BaseException:  # of a callback: a call's own is in its future
                    report(sys.exc_info())
                del task  # while the thread sleeps it keeps nothing alive
        with self._lock:
            self._threads.discard(threading.current_thread())
            if not self._threads:
                _running.discard(self)

    def _next_task(self) -> Task | None:
        """The next task, as soon as there is one; None if there will be none any more."""
        with self._lock:
            while not self._tasks:
                if self._shutdown or self._broken is not None:
                    return None
                self._idle += 1
                self._work.wait()
                self._idle -= 1
            if self._max_waiting is not None:
                self._room.notify()
            return self._tasks.popleft()

    def _break(self, error: BaseException) -> None:
        """The initializer failed: whatever waits fails too."""
        report((type(error), error, error.__traceback__))
        with self._lock:
            self._broken = error
            failed = list(self._tasks)
            self._tasks.clear()
            self._work.notify_all()
            self._room.notify_all()
        for future, *_ in failed:
            if future.set_running_or_notify_cancel():
                future.set_exception(self._broken_error(error))

    def _broken_error(self, error: BaseException) -> BrokenExecutor:
        from concurrent.futures.thread import BrokenThreadPool

        broken = BrokenThreadPool(
            f"a thread of pool {self._name!r} could not begin: its initializer raised {error!r}"
        )
        broken.__cause__ = error
        return broken


def _do(future: Future[Any], fn: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        result = fn(*args, **kwargs)
    except BaseException as error:
        future.set_exception(error)
        del future  # which has the error, whose traceback has this frame
    else:
        future.set_result(result)


_running: set[ThreadPool] = set()  # pools with threads


def _finish() -> None:
    for pool in list(_running):
        pool.shutdown()


# Not `atexit`, which comes too late: before it the interpreter waits for all threads, and those of a pool wait
# for tasks. concurrent.futures uses the same hook.
threading._register_atexit(_finish)  # type: ignore[attr-defined]
