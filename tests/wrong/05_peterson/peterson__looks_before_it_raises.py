# refuted by: Never are both inside
"""Both look, see no flag, and raise theirs."""


class Peterson:
    def __init__(self):
        self.wants = [False, False]
        self.turn = 0

    def lock(self, me):
        while self.wants[1 - me]:
            pass
        self.wants[me] = True

    def unlock(self, me):
        self.wants[me] = False
