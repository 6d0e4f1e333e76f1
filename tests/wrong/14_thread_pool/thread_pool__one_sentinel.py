# refuted by: shutdown() ends, and the jobs are done
"""One None for all workers: the first that takes it ends, and the others wait."""

from queue import Queue
from threading import Event, Thread


class Future:
    def __init__(self):
        self.ready = Event()
        self.value = self.error = None

    def result(self, timeout=None):
        if not self.ready.wait(timeout):
            raise TimeoutError
        if self.error is not None:
            raise self.error
        return self.value

    def done(self):
        return self.ready.is_set()


class ThreadPool:
    def __init__(self, workers):
        self.jobs = Queue()
        self.closed = False
        self.threads = [Thread(target=self.work, name=f"worker {n}") for n in range(workers)]
        for thread in self.threads:
            thread.start()

    def submit(self, f, *args):
        if self.closed:
            raise RuntimeError("the pool was shut down")
        future = Future()
        self.jobs.put((future, f, args))
        return future

    def shutdown(self):
        self.closed = True
        self.jobs.put(None)
        for thread in self.threads:
            thread.join()

    def work(self):
        while (job := self.jobs.get()) is not None:
            future, f, args = job
            try:
                future.value = f(*args)
            except BaseException as error:
                future.error = error
            future.ready.set()
