"""What bench_checkers.py explores: small programs in which nothing goes wrong, so that a search has to end by itself.

Each has a state, and workers that are given it.
"""

import threading
from collections.abc import Callable
from typing import Any

Work = Callable[[Any], None]


class Counter:
    """Nothing is asserted of it, and nothing protects it."""

    def __init__(self) -> None:
        self.value = 0


class Table:
    """Forks, which philosophers take in one agreed order."""

    def __init__(self, seats: int) -> None:
        self.forks = [threading.Lock() for _ in range(seats)]


class Buffer:
    """Room for one item; one condition says that there is room, another that there is an item."""

    def __init__(self) -> None:
        self.items: list[int] = []
        lock = threading.Lock()
        self.not_full, self.not_empty = threading.Condition(lock), threading.Condition(lock)

    def put(self) -> None:
        with self.not_full:
            while self.items:
                self.not_full.wait()
            self.items.append(1)
            self.not_empty.notify()

    def get(self) -> None:
        with self.not_empty:
            while not self.items:
                self.not_empty.wait()
            self.items.pop()
            self.not_full.notify()


def adding(times: int) -> Work:
    def add(counter: Counter) -> None:
        for _ in range(times):
            counter.value += 1

    return add


def dining(seat: int, seats: int) -> Work:
    first, second = sorted((seat, (seat + 1) % seats))

    def dine(table: Table) -> None:
        with table.forks[first], table.forks[second]:
            pass

    return dine


def make(name: str) -> tuple[Callable[[], Any], list[Work]]:
    """What makes the state of a program, and its workers."""
    kind, _, size = name.partition(" ")
    if kind == "counter":
        threads, times = map(int, size.split("x"))
        return Counter, [adding(times)] * threads
    if kind == "philosophers":
        seats = int(size)
        return (lambda: Table(seats)), [dining(seat, seats) for seat in range(seats)]
    return Buffer, [Buffer.put, Buffer.put, Buffer.get, Buffer.get]


def run(name: str) -> None:
    setup, workers = make(name)
    state = setup()
    threads = [threading.Thread(target=worker, args=(state,)) for worker in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def scenario_counter_2x2() -> None:
    run("counter 2x2")


def scenario_counter_3x1() -> None:
    run("counter 3x1")


def scenario_counter_3x2() -> None:
    run("counter 3x2")


def scenario_philosophers_3() -> None:
    run("philosophers 3")


def scenario_philosophers_5() -> None:
    run("philosophers 5")


def scenario_buffer_2p2c() -> None:
    run("buffer 2p2c")
