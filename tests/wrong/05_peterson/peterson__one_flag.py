# refuted by: Never are both inside
"""One flag for both: between the look and the raising the other looks too."""


class Peterson:
    def __init__(self):
        self.taken = False

    def lock(self, me):
        while self.taken:
            pass
        self.taken = True

    def unlock(self, me):
        self.taken = False
