# refuted by: Never are both inside
"""The turn is given away before the flag is up."""


class Peterson:
    def __init__(self):
        self.wants = [False, False]
        self.turn = 0

    def lock(self, me):
        self.turn = 1 - me
        self.wants[me] = True
        while self.wants[1 - me] and self.turn == 1 - me:
            pass

    def unlock(self, me):
        self.wants[me] = False
