# refuted by: A waiter is overtaken at most once
"""Thread 1 steps back whenever thread 0 wants in, however often."""


class Peterson:
    def __init__(self):
        self.wants = [False, False]
        self.turn = 0

    def lock(self, me):
        if me == 0:
            self.wants[0] = True
            while self.wants[1]:
                pass
            return
        while True:
            while self.wants[0]:
                pass
            self.wants[1] = True
            if not self.wants[0]:
                return
            self.wants[1] = False

    def unlock(self, me):
        self.wants[me] = False
