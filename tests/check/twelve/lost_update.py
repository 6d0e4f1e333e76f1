"""Two threads count; what one has added the other writes over. Buggy: assertion."""

from threading import Lock, Thread


def together(*functions):
    threads = [Thread(target=function) for function in functions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


class Counter:
    def __init__(self):
        self.value = 0

    def increment(self):
        self.value += 1


class Locked(Counter):
    def __init__(self):
        super().__init__()
        self.lock = Lock()

    def increment(self):
        with self.lock:
            super().increment()


def count(counter):
    def twice():
        counter.increment()
        counter.increment()

    together(twice, twice)
    assert counter.value == 4


def scenario_buggy():
    count(Counter())


def scenario_correct():
    count(Locked())
