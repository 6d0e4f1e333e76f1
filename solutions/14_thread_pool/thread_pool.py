"""ThreadPool: a few threads do the jobs of many, and a Future stands for what a job will return.

You have: the jobs that wait for a worker, and two conditions.
You must: start the workers, and fill in the methods of both classes.
It is checked: under every interleaving.
"""

from collections import deque
from collections.abc import Callable
from threading import Thread

from concur import Condition


class Future:
    def __init__(self) -> None:
        self.finished = Condition()  # notified when the job is done
        self.is_done = False
        self.value: object = None
        self.error: BaseException | None = None

    def result(self, timeout: float | None = None) -> object:
        """What the job returned; or raise what it raised, or TimeoutError after ``timeout`` seconds."""
        with self.finished:
            if not self.finished.wait_for(lambda: self.is_done, timeout):
                raise TimeoutError
        if self.error is not None:
            raise self.error
        return self.value

    def done(self) -> bool:
        """Whether the job is done, and its result there."""
        return self.is_done

    def run(self, f: Callable[..., object], *args: object) -> None:
        try:
            self.value = f(*args)
        except BaseException as error:
            self.error = error
        with self.finished:
            self.is_done = True  # last: who sees it finds the value there
            self.finished.notify_all()


class ThreadPool:
    def __init__(self, workers: int) -> None:
        self.jobs: deque[tuple[object, ...]] = deque()
        self.changed = Condition()  # notified when a job comes, or when none will come any more
        self.closed = False
        self.threads = [Thread(target=self.work, name=f"worker {n}") for n in range(workers)]
        for thread in self.threads:
            thread.start()

    def submit(self, f: Callable[..., object], *args: object) -> Future:
        """Have a worker call ``f(*args)``; RuntimeError after shutdown()."""
        future = Future()
        with self.changed:
            if self.closed:
                raise RuntimeError("the pool was shut down, and accepts no more jobs")
            self.jobs.append((future, f, *args))
            self.changed.notify()
        return future

    def shutdown(self) -> None:
        """Accept no more jobs, and return when those accepted are done and the workers have ended."""
        with self.changed:
            self.closed = True
            self.changed.notify_all()
        for thread in self.threads:
            thread.join()

    def work(self) -> None:
        while True:
            with self.changed:
                self.changed.wait_for(lambda: self.jobs or self.closed)
                if not self.jobs:
                    return
                future, *job = self.jobs.popleft()
            future.run(*job)  # without the lock: another worker may do another job meanwhile
