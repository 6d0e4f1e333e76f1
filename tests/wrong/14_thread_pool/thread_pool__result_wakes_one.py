# refuted by: result() wakes all who wait
"""One of those who wait for a result is told."""

from collections import deque
from threading import Thread

from concur import Condition


class Future:
    def __init__(self):
        self.finished = Condition()
        self.is_done = False
        self.value = None
        self.error = None

    def result(self, timeout=None):
        with self.finished:
            if not self.finished.wait_for(lambda: self.is_done, timeout):
                raise TimeoutError
        if self.error is not None:
            raise self.error
        return self.value

    def done(self):
        return self.is_done

    def run(self, f, *args):
        try:
            self.value = f(*args)
        except BaseException as error:
            self.error = error
        with self.finished:
            self.is_done = True
            self.finished.notify()


class ThreadPool:
    def __init__(self, workers):
        self.jobs = deque()
        self.changed = Condition()
        self.closed = False
        self.threads = [Thread(target=self.work, name=f"worker {n}") for n in range(workers)]
        for thread in self.threads:
            thread.start()

    def submit(self, f, *args):
        future = Future()
        with self.changed:
            if self.closed:
                raise RuntimeError("the pool was shut down, and accepts no more jobs")
            self.jobs.append((future, f, *args))
            self.changed.notify()
        return future

    def shutdown(self):
        with self.changed:
            self.closed = True
            self.changed.notify_all()
        for thread in self.threads:
            thread.join()

    def work(self):
        while True:
            with self.changed:
                self.changed.wait_for(lambda: self.jobs or self.closed)
                if not self.jobs:
                    return
                future, *job = self.jobs.popleft()
            future.run(*job)
