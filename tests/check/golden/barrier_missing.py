"""A barrier for three, and two come."""

from threading import Barrier

from together import together


def scenario():
    barrier = Barrier(3)

    def ann():
        barrier.wait()

    def bob():
        barrier.wait()

    together(ann, bob)
