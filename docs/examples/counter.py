"""Two threads add 1 to the same counter, and nothing protects it. Refuted: an update is lost."""

from threading import Thread


class Counter:
    def __init__(self):
        self.value = 0

    def increment(self):
        self.value += 1


def scenario():
    counter = Counter()
    threads = [Thread(target=counter.increment) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counter.value == 2
