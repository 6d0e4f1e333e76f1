# refuted by: Who wants in gets in
"""Nobody lowers the flag."""


class Peterson:
    def __init__(self):
        self.wants = [False, False]
        self.turn = 0

    def lock(self, me):
        self.wants[me] = True
        self.turn = 1 - me
        while self.wants[1 - me] and self.turn == 1 - me:
            pass

    def unlock(self, me):
        self.turn = 1 - me
