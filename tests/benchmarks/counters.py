"""What bench_counter.py explores: an unlocked counter, and nothing asserted of it."""

from threading import Thread


class Counter:
    def __init__(self) -> None:
        self.value = 0

    def add_twice(self) -> None:
        self.value += 1
        self.value += 1


def run(count: int) -> None:
    counter = Counter()
    threads = [Thread(target=counter.add_twice) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def scenario_2x2() -> None:
    run(2)


def scenario_3x2() -> None:
    run(3)
