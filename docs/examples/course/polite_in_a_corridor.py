"""Refuted: two who meet in a corridor step aside for each other, to the same side, for ever."""

from threading import Lock, Thread


def scenario():
    left, right = Lock(), Lock()

    def walk(mine, other):
        while True:
            mine.acquire()
            if other.acquire(blocking=False):
                break
            mine.release()
        other.release()
        mine.release()

    walkers = [
        Thread(target=walk, args=[left, right], name="Ann"),
        Thread(target=walk, args=[right, left], name="Bob"),
    ]
    for walker in walkers:
        walker.start()
    for walker in walkers:
        walker.join()
