"""A ticket that is not looked at: a thread is overtaken again and again."""

from threading import Condition

from together import together


class Gate:
    def __init__(self):
        self.busy = False
        self.waiting = []
        self.freed = Condition()

    def enter(self, name):
        with self.freed:
            self.waiting.append(name)
            while self.busy:
                self.freed.wait()
            overtaken = self.waiting.index(name)
            self.waiting.remove(name)
            self.busy = True
        return overtaken

    def leave(self):
        with self.freed:
            self.busy = False
            self.freed.notify()


def scenario():
    gate = Gate()

    def pass_through(name):
        overtook = gate.enter(name)
        assert overtook == 0, f"{name} overtook {overtook} who came before"
        gate.leave()

    def ann():
        pass_through("ann")

    def bob():
        pass_through("bob")

    def cyd():
        pass_through("cyd")

    together(ann, bob, cyd)
