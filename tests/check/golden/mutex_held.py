"""A mutex of concur is held while its holder waits for an item."""

from together import together

from concur import Mutex, Semaphore


def scenario():
    mutex, filled = Mutex(), Semaphore(0)

    def consumer():
        with mutex:
            filled.acquire()

    def producer():
        with mutex:
            filled.release()

    together(consumer, producer)
