# refuted by: Who wants in gets in
"""It waits for the turn even when nobody else wants in."""


class Peterson:
    def __init__(self):
        self.wants = [False, False]
        self.turn = 0

    def lock(self, me):
        self.wants[me] = True
        self.turn = 1 - me
        while self.wants[1 - me] or self.turn == 1 - me:
            pass

    def unlock(self, me):
        self.wants[me] = False
