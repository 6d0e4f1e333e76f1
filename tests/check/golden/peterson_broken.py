"""Peterson's lock with the two stores in the wrong order."""

from together import together


class Peterson:
    def __init__(self):
        self.flag = [False, False]
        self.turn = 0

    def acquire(self, me):
        self.turn = 1 - me
        self.flag[me] = True
        while self.flag[1 - me] and self.turn == 1 - me:
            pass

    def release(self, me):
        self.flag[me] = False


def scenario():
    lock = Peterson()
    inside = []

    def visit(me):
        lock.acquire(me)
        inside.append(me)
        assert len(inside) == 1
        inside.remove(me)
        lock.release(me)

    def ann():
        visit(0)

    def bob():
        visit(1)

    together(ann, bob)
