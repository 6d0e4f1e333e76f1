# refuted by: A waiter is overtaken at most once
"""Dekker's algorithm, older: who steps back may be passed while it is about to look again."""


class Peterson:
    def __init__(self):
        self.wants = [False, False]
        self.turn = 0

    def lock(self, me):
        other = 1 - me
        self.wants[me] = True
        while self.wants[other]:
            if self.turn == other:
                self.wants[me] = False
                while self.turn == other:
                    pass
                self.wants[me] = True

    def unlock(self, me):
        self.turn = 1 - me
        self.wants[me] = False
