"""Each thread has a lock of its own."""

from threading import Lock

from together import together

hits = 0


def hit():
    global hits
    with Lock():
        hits += 1


def scenario():
    together(hit, hit)
    assert hits == 2
