"""A thread that leaves early keeps the lock."""

from threading import Lock

from together import together


def scenario():
    lock = Lock()
    done = []

    def work():
        lock.acquire()
        if done:
            return
        done.append(1)
        lock.release()

    def first():
        work()

    def second():
        work()

    def third():
        work()

    together(first, second, third)
