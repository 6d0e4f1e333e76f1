"""A thread cannot wait for itself."""

from threading import Thread, current_thread


def scenario():
    def ann():
        current_thread().join()

    thread = Thread(target=ann, name="ann")
    thread.start()
    thread.join()
