"""A lock from plain variables; the turn is given away before the wish is made known. Buggy: assertion."""

from threading import Thread


def together(*functions):
    threads = [Thread(target=function) for function in functions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


class Peterson:
    def __init__(self):
        self.wants = [False, False]
        self.turn = 0
        self.inside = 0

    def ask(self, me):
        self.wants[me] = True
        self.turn = 1 - me

    def visit(self, me):
        self.ask(me)
        while self.wants[1 - me] and self.turn == 1 - me:
            pass
        self.inside += 1
        assert self.inside == 1
        self.inside -= 1
        self.wants[me] = False


class TurnFirst(Peterson):
    def ask(self, me):
        self.turn = 1 - me
        self.wants[me] = True


def meet(lock):
    together(lambda: lock.visit(0), lambda: lock.visit(1))


def scenario_buggy():
    meet(TurnFirst())


def scenario_correct():
    meet(Peterson())
