"""Two people in a corridor, each giving way."""

from together import together


class Corridor:
    def __init__(self):
        self.wants = {"ann": False, "bob": False}

    def walk(self, me, other):
        self.wants[me] = True
        while self.wants[other]:
            self.wants[me] = False
            self.wants[me] = True
        self.wants[me] = False


def scenario():
    corridor = Corridor()

    def ann():
        corridor.walk("ann", "bob")

    def bob():
        corridor.walk("bob", "ann")

    together(ann, bob)
