"""Two producers and two consumers share the standard library's queue, with room for one item. Verified."""

from queue import Queue
from threading import Thread


def scenario():
    queue = Queue(1)
    taken = []
    threads = [Thread(target=queue.put, args=(item,)) for item in ("a", "b")]
    threads += [Thread(target=lambda: taken.append(queue.get())) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == ["a", "b"]
