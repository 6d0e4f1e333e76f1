"""ThreadPool: a few threads do the jobs of many, and a Future stands for what a job will return.

You have: the jobs that wait for a worker, and two conditions.
You must: start the workers, and fill in the methods of both classes.
It is checked: under every interleaving.
"""

from collections import deque
from collections.abc import Callable

from concur import Condition


class Future:
    def __init__(self) -> None:
        self.finished = Condition()  # notified when the job is done

    def result(self, timeout: float | None = None) -> object:
        """What the job returned; or raise what it raised, or TimeoutError after ``timeout`` seconds."""
        # TODO

    def done(self) -> bool:
        """Whether the job is done, and its result there."""
        # TODO


class ThreadPool:
    def __init__(self, workers: int) -> None:
        self.jobs: deque[tuple[object, ...]] = deque()
        self.changed = Condition()  # notified when a job comes, or when none will come any more
        # TODO: start threads, each of which does one job after the other

    def submit(self, f: Callable[..., object], *args: object) -> Future:
        """Have a worker call ``f(*args)``; RuntimeError after shutdown()."""
        # TODO
        return Future()

    def shutdown(self) -> None:
        """Accept no more jobs, and return when those accepted are done and the workers have ended."""
        # TODO
