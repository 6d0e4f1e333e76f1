"""A flag is an attribute of its own, and the loop is left from inside."""


class Peterson:
    def __init__(self):
        self.zero = self.one = False
        self.last = None

    def lock(self, me):
        if me == 0:
            self.zero = True
        else:
            self.one = True
        self.last = me
        while True:
            if self.last != me:
                return
            if not (self.one if me == 0 else self.zero):
                return

    def unlock(self, me):
        if me == 0:
            self.zero = False
        else:
            self.one = False
