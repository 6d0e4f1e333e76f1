"""Two flags and no turn: both insist."""

from together import together


class Lock:
    def __init__(self):
        self.flag = [False, False]

    def acquire(self, me):
        self.flag[me] = True
        while self.flag[1 - me]:
            pass

    def release(self, me):
        self.flag[me] = False


def scenario():
    lock = Lock()

    def ann():
        lock.acquire(0)
        lock.release(0)

    def bob():
        lock.acquire(1)
        lock.release(1)

    together(ann, bob)
