"""A task that waits for another in a pool of one thread."""

from concurrent.futures import ThreadPoolExecutor


def scenario():
    pool = ThreadPoolExecutor(max_workers=1)

    def inner():
        return 1

    def outer():
        second = pool.submit(inner)
        return second.result()

    first = pool.submit(outer)
    first.result()
