"""Semaphores of concur: each waits before it signals."""

from together import together

from concur import Semaphore


def scenario():
    left_here, right_here = Semaphore(0), Semaphore(0)

    def left():
        right_here.acquire()
        left_here.release()

    def right():
        left_here.acquire()
        right_here.release()

    together(left, right)
