"""Classic mistakes, each with a scenario that some schedules refute."""

from collections import deque
from threading import Condition, Lock, Thread


def together(*functions):
    threads = [Thread(target=function, name=f"T{number}") for number, function in enumerate(functions, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


class Box:
    def __init__(self):
        self.value = 0


def count(threads, times):
    box = Box()

    def work():
        for _ in range(times):
            box.value += 1

    together(*[work] * threads)
    assert box.value == threads * times


def scenario_counter_2x1():
    count(2, 1)


def scenario_counter_3x2():
    count(3, 2)


def dine(philosophers):
    forks = [Lock() for _ in range(philosophers)]

    def philosopher(seat):
        with forks[seat], forks[(seat + 1) % philosophers]:
            pass

    together(*[lambda seat=seat: philosopher(seat) for seat in range(philosophers)])


def scenario_philosophers_3():
    dine(3)


def scenario_philosophers_5():
    dine(5)


class IfForWhile:
    """One item; whoever was woken believes that there is one, or room for one."""

    def __init__(self):
        self.items: deque[int] = deque()
        self.lock = Lock()
        self.not_full, self.not_empty = Condition(self.lock), Condition(self.lock)

    def put(self, item):
        with self.lock:
            while self.items:
                self.not_full.wait()
            self.items.append(item)
            self.not_empty.notify()

    def get(self):
        with self.lock:
            if not self.items:
                self.not_empty.wait()
            item = self.items.popleft()
            self.not_full.notify()
            return item


class OneCondition:
    """One item; producers and consumers wait for one condition, and notify() may wake the wrong kind."""

    def __init__(self):
        self.items: deque[int] = deque()
        self.changed = Condition()

    def put(self, item):
        with self.changed:
            while self.items:
                self.changed.wait()
            self.items.append(item)
            self.changed.notify()

    def get(self):
        with self.changed:
            while not self.items:
                self.changed.wait()
            item = self.items.popleft()
            self.changed.notify()
            return item


def exchange(buffer):
    together(buffer.get, buffer.get, lambda: buffer.put(1), lambda: buffer.put(2))


def scenario_if_for_while():
    exchange(IfForWhile())


def scenario_one_condition():
    exchange(OneCondition())


def scenario_two_mistakes():
    box = Box()

    def add():
        seen = box.value
        box.value = seen + 1
        if seen == 1:
            raise KeyError("second")

    together(add, add)
    assert box.value == 2
