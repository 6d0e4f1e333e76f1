"""What bench_checkers.py explores: small programs that end well, for concur; they import nothing of it."""

from threading import Condition, Lock, Thread


def run(*bodies):
    threads = [Thread(target=body) for body in bodies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


class Counter:
    def __init__(self, times):
        self.value, self.times = 0, times

    def add(self):
        for _ in range(self.times):
            self.value += 1


def counter(threads, times):
    shared = Counter(times)
    run(*[shared.add] * threads)


class Table:
    """Philosophers who take the lower fork first."""

    def __init__(self, seats):
        self.forks = [Lock() for _ in range(seats)]

    def dine(self, seat):
        first, second = sorted((seat, (seat + 1) % len(self.forks)))
        with self.forks[first], self.forks[second]:
            pass


def philosophers(seats):
    table = Table(seats)
    run(*[lambda seat=seat: table.dine(seat) for seat in range(seats)])


class Buffer:
    """Room for one item, with a condition for each side."""

    def __init__(self):
        self.items = []
        lock = Lock()
        self.not_full, self.not_empty = Condition(lock), Condition(lock)

    def put(self):
        with self.not_full:
            while self.items:
                self.not_full.wait()
            self.items.append(1)
            self.not_empty.notify()

    def take(self):
        with self.not_empty:
            while not self.items:
                self.not_empty.wait()
            self.items.pop()
            self.not_full.notify()


def buffer(pairs):
    shared = Buffer()
    run(*[shared.put] * pairs, *[shared.take] * pairs)


def scenario_counter_2x1():
    counter(2, 1)


def scenario_counter_2x2():
    counter(2, 2)


def scenario_counter_3x1():
    counter(3, 1)


def scenario_counter_3x2():
    counter(3, 2)


def scenario_philosophers_3():
    philosophers(3)


def scenario_philosophers_5():
    philosophers(5)


def scenario_buffer():
    buffer(2)
