"""Peterson: "Myths about the mutual exclusion problem", IPL 1981."""

from .common import exclude


class Peterson:
    def __init__(self):
        self.wants = [False, False]
        self.turn = 0

    def lock(self, me):
        other = 1 - me
        self.wants[me] = True
        self.turn = other
        while self.wants[other] and self.turn == other:
            pass

    def unlock(self, me):
        self.wants[me] = False


class WithoutTurn(Peterson):
    def lock(self, me):
        self.wants[me] = True
        while self.wants[1 - me]:
            pass


class TurnOnly(Peterson):
    def lock(self, me):
        while self.turn != me:
            pass

    def unlock(self, me):
        self.turn = 1 - me


class TurnFirst(Peterson):
    def lock(self, me):
        other = 1 - me
        self.turn = other
        self.wants[me] = True
        while self.wants[other] and self.turn == other:
            pass


class TurnToOneself(Peterson):
    def lock(self, me):
        other = 1 - me
        self.wants[me] = True
        self.turn = me
        while self.wants[other] and self.turn == other:
            pass


def scenario_right():
    exclude(Peterson(), 1, 1)


def scenario_right_twice():
    exclude(Peterson(), 2, 2)


def scenario_right_once_and_twice():
    exclude(Peterson(), 1, 2)


def scenario_without_turn():
    exclude(WithoutTurn(), 1, 1)


def scenario_turn_only():
    exclude(TurnOnly(), 1, 2)


def scenario_turn_first():
    exclude(TurnFirst(), 1, 1)


def scenario_turn_to_oneself():
    exclude(TurnToOneself(), 1, 1)
