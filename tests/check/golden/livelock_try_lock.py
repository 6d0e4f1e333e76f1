"""Two locks, tried in opposite order, given back when the second is taken."""

from threading import Lock

from together import together


def both(first, second):
    while True:
        with first:
            if second.acquire(blocking=False):
                second.release()
                return


def scenario():
    left, right = Lock(), Lock()

    def ann():
        both(left, right)

    def bob():
        both(right, left)

    together(ann, bob)
