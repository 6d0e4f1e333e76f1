# refuted by: Never are both inside
"""Everybody takes the turn, and whoever comes last goes first."""


class Peterson:
    def __init__(self):
        self.wants = [False, False]
        self.turn = 0

    def lock(self, me):
        self.wants[me] = True
        self.turn = me
        while self.wants[1 - me] and self.turn == 1 - me:
            pass

    def unlock(self, me):
        self.wants[me] = False
