"""A worker dies of an exception, and the main thread waits for its signal."""

from threading import Event, Thread


def scenario():
    ready = Event()
    jobs = {}

    def worker():
        jobs["first"].run()
        ready.set()

    thread = Thread(target=worker, name="worker")
    thread.start()
    ready.wait()
    thread.join()
