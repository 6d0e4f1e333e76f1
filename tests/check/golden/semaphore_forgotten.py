"""A permit that is not given back when the work fails."""

from threading import Semaphore

from together import together


def scenario():
    permits = Semaphore(1)
    done = []

    def use(name):
        permits.acquire()
        if name in done or done:
            return
        done.append(name)
        permits.release()

    def ann():
        use("ann")

    def bob():
        use("bob")

    def cyd():
        use("cyd")

    together(ann, bob, cyd)
