# refuted by: Never are both inside
"""It looks once, and does not wait."""


class Peterson:
    def __init__(self):
        self.wants = [False, False]
        self.turn = 0

    def lock(self, me):
        self.wants[me] = True
        self.turn = 1 - me
        if self.wants[1 - me] and self.turn == 1 - me:
            pass

    def unlock(self, me):
        self.wants[me] = False
