# refuted by: Who wants in gets in
"""Strict alternation: nobody gets in twice in a row."""


class Peterson:
    def __init__(self):
        self.wants = [False, False]
        self.turn = 0

    def lock(self, me):
        while self.turn != me:
            pass

    def unlock(self, me):
        self.turn = 1 - me
