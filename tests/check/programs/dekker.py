"""Dekker's algorithm, after Dijkstra: "Cooperating sequential processes", EWD 123, 1965."""

from .common import exclude


class Dekker:
    def __init__(self):
        self.wants = [False, False]
        self.turn = 0

    def lock(self, me):
        other = 1 - me
        self.wants[me] = True
        while self.wants[other]:
            if self.turn != me:
                self.wants[me] = False
                while self.turn != me:
                    pass
                self.wants[me] = True

    def unlock(self, me):
        self.turn = 1 - me
        self.wants[me] = False


class NeverGivesWay(Dekker):
    def lock(self, me):
        other = 1 - me
        self.wants[me] = True
        while self.wants[other]:
            while self.turn != me:
                pass


class WithoutTurn(Dekker):
    def lock(self, me):
        self.wants[me] = True
        while self.wants[1 - me]:
            self.wants[me] = False
            self.wants[me] = True


class ForgetsToAskAgain(Dekker):
    def lock(self, me):
        other = 1 - me
        self.wants[me] = True
        while self.wants[other]:
            if self.turn != me:
                self.wants[me] = False
                while self.turn != me:
                    pass


def scenario_right():
    exclude(Dekker(), 1, 1)


def scenario_right_once_and_twice():
    exclude(Dekker(), 1, 2)


def scenario_never_gives_way():
    exclude(NeverGivesWay(), 1, 1)


def scenario_without_turn():
    exclude(WithoutTurn(), 1, 1)


def scenario_forgets_to_ask_again():
    exclude(ForgetsToAskAgain(), 2, 2)
