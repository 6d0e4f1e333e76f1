"""Two threads take the same two locks in opposite orders. Refuted: each can hold what the other wants."""

from threading import Lock, Thread


def take(first, second):
    with first:
        with second:
            pass


def scenario():
    a, b = Lock(), Lock()
    threads = [Thread(target=take, args=(a, b)), Thread(target=take, args=(b, a))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
