"""A queue of the standard library, with one None for each worker; a future is an event."""

from queue import SimpleQueue
from threading import Event, Lock, Thread


class Future:
    def __init__(self):
        self._ready = Event()

    def result(self, timeout=None):
        if not self._ready.wait(timeout):
            raise TimeoutError("the job is not done")
        if self._error:
            raise self._error[0]
        return self._value

    def done(self):
        return self._ready.is_set()

    def do(self, f, args):
        self._value, self._error = None, []
        try:
            self._value = f(*args)
        except BaseException as error:
            self._error.append(error)
        self._ready.set()


class ThreadPool:
    def __init__(self, workers):
        self._orders = SimpleQueue()
        self._mutex = Lock()
        self._open = True
        self._workers = [Thread(target=self._work) for _ in range(workers)]
        for worker in self._workers:
            worker.start()

    def submit(self, f, *args):
        future = Future()
        with self._mutex:
            if not self._open:
                raise RuntimeError("the pool is shut down")
            self._orders.put((future, f, args))
        return future

    def shutdown(self):
        with self._mutex:
            self._open = False
            for _ in self._workers:
                self._orders.put(None)
        for worker in self._workers:
            worker.join()

    def _work(self):
        for future, f, args in iter(self._orders.get, None):
            future.do(f, args)
