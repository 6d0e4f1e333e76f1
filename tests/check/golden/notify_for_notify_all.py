"""A door that opens for everybody wakes one."""

from threading import Condition

from together import together


class Door:
    def __init__(self):
        self.open = False
        self.opened = Condition()

    def pass_through(self):
        with self.opened:
            while not self.open:
                self.opened.wait()

    def unlock(self):
        with self.opened:
            self.open = True
            self.opened.notify()


def scenario():
    door = Door()

    def ann():
        door.pass_through()

    def bob():
        door.pass_through()

    def porter():
        door.unlock()

    together(ann, bob, porter)
