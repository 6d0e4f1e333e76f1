# refuted by: Who wants in gets in
"""Both raise their flags, and each waits for the other's to fall."""


class Peterson:
    def __init__(self):
        self.wants = [False, False]
        self.turn = 0

    def lock(self, me):
        self.wants[me] = True
        while self.wants[1 - me]:
            pass

    def unlock(self, me):
        self.wants[me] = False
