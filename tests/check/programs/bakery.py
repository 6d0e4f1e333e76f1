"""Lamport: "A new solution of Dijkstra's concurrent programming problem", CACM 1974; and Peterson's filter."""

from .common import exclude


class Bakery:
    def __init__(self, threads):
        self.choosing = [False] * threads
        self.number = [0] * threads

    def choose(self, me):
        self.choosing[me] = True
        self.number[me] = 1 + max(self.number)
        self.choosing[me] = False

    def lock(self, me):
        self.choose(me)
        for other in range(len(self.number)):
            while self.choosing[other]:
                pass
            while self.number[other] and (self.number[other], other) < (self.number[me], me):
                pass

    def unlock(self, me):
        self.number[me] = 0


class WithoutChoosing(Bakery):
    def choose(self, me):
        self.number[me] = 1 + max(self.number)


class WithoutTies(Bakery):
    def lock(self, me):
        self.choose(me)
        for other in range(len(self.number)):
            while self.choosing[other]:
                pass
            while self.number[other] and self.number[other] < self.number[me]:
                pass


class TiesKeepBothOut(Bakery):
    def lock(self, me):
        self.choose(me)
        for other in range(len(self.number)):
            while self.choosing[other]:
                pass
            while other != me and self.number[other] and self.number[other] <= self.number[me]:
                pass


class Filter:
    """One waits at each level; the last to come to a level is the one that waits there."""

    def __init__(self, threads, levels=None):
        self.level = [0] * threads
        self.levels = threads if levels is None else levels
        self.last = [-1] * threads

    def lock(self, me):
        for level in range(1, self.levels):
            self.level[me] = level
            self.last[level] = me
            while self.last[level] == me and self.somebody_is_as_far(me, level):
                pass

    def somebody_is_as_far(self, me, level):
        for other in range(len(self.level)):  # noqa: SIM110  # any() is below
            if other != me and self.level[other] >= level:
                return True
        return False

    def unlock(self, me):
        self.level[me] = 0


class FilterInOneExpression(Filter):
    def somebody_is_as_far(self, me, level):
        return any(self.level[other] >= level for other in range(len(self.level)) if other != me)


def scenario_right():
    exclude(Bakery(2), 1, 1)


def scenario_without_choosing():
    exclude(WithoutChoosing(2), 1, 1)


def scenario_without_ties():
    exclude(WithoutTies(2), 1, 1)


def scenario_ties_keep_both_out():
    exclude(TiesKeepBothOut(2), 1, 1)


def scenario_filter():
    exclude(Filter(2), 1, 1)


def scenario_filter_in_one_expression():
    exclude(FilterInOneExpression(2), 1, 1)


def scenario_filter_with_a_level_too_few():
    exclude(Filter(3, levels=2), 1, 1, 1)
