"""A pytest suite whose scenarios run under every interleaving."""

from threading import Lock, Thread

import pytest


class Counter:
    def __init__(self) -> None:
        self.value = 0
        self.lock = Lock()

    def add(self) -> None:
        with self.lock:
            self.value += 1


@pytest.mark.explore
@pytest.mark.parametrize("threads", [1, 2])
def test_no_update_is_lost(threads: int) -> None:
    counter = Counter()
    adding = [Thread(target=counter.add) for _ in range(threads)]
    for thread in adding:
        thread.start()
    for thread in adding:
        thread.join()
    assert counter.value == threads
