"""Verified: only who holds the lock looks at the slate and writes on it."""

from threading import Lock, Thread


class Slate:
    def __init__(self):
        self.visitors = 0
        self.lock = Lock()


def scenario():
    slate = Slate()

    def clerk():
        with slate.lock:
            slate.visitors += 1

    clerks = [Thread(target=clerk, name=name) for name in ("Ann", "Bob")]
    for each in clerks:
        each.start()
    for each in clerks:
        each.join()
    assert slate.visitors == 2
