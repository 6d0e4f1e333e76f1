"""The main thread holds the lock while it waits for a thread that needs it."""

from threading import Lock, Thread


def scenario():
    lock = Lock()

    def work():
        with lock:
            pass

    thread = Thread(target=work, name="worker")
    with lock:
        thread.start()
        thread.join()
