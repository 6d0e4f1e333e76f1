"""Graded: peterson.py."""

from threading import Thread
from time import sleep

from concur.grade import graded

ONLY = ()


def neighbours(*works) -> None:
    """Let threads 0 and 1 do their work, and wait for both."""
    threads = [Thread(target=work, args=[me], name=f"thread {me}") for me, work in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


class Garden:
    """Who is inside, and how often somebody was."""

    def __init__(self):
        self.inside = []
        self.visits = 0

    def visit(self, me):
        self.inside.append(me)
        assert self.inside == [me], f"threads {sorted(self.inside)} are inside at the same time"
        self.inside.remove(me)
        self.visits += 1


@graded(points=4)
def test_exclusion(explore):
    """Never are both inside."""

    def once_each(attempt):
        lock, garden = attempt.Peterson(), Garden()

        def work(me):
            lock.lock(me)
            garden.visit(me)
            lock.unlock(me)

        neighbours(work, work)
        assert garden.visits == 2

    def twice_beside_once(attempt):
        lock, garden = attempt.Peterson(), Garden()

        def once(me):
            lock.lock(me)
            garden.visit(me)
            lock.unlock(me)

        def twice(me):
            once(me)
            once(me)

        neighbours(twice, once)
        assert garden.visits == 3

    explore(once_each)
    explore(twice_beside_once)


@graded(points=3)
def test_progress(explore):
    """Who wants in gets in."""

    def alone(attempt):
        lock = attempt.Peterson()
        inside = []

        def work(me):
            for _ in range(2):
                lock.lock(me)
                assert not inside, "lock() returned while the other was inside"
                lock.unlock(me)

        for me in (1, 0):
            thread = Thread(target=work, args=[me], name=f"thread {me}")
            thread.start()
            thread.join()
        # And it is a lock: while 0 is inside, 1 waits.
        lock.lock(0)
        inside.append(0)
        waiting = Thread(target=work, args=[1], name="thread 1")
        waiting.start()
        inside.remove(0)
        lock.unlock(0)
        waiting.join()

    def both(attempt):
        lock, garden = attempt.Peterson(), Garden()

        def work(me):
            lock.lock(me)
            garden.visit(me)
            lock.unlock(me)

        neighbours(work, work)

    explore(alone)
    explore(both)


def overtaken(attempt, waiter):
    lock, entries = attempt.Peterson(), []
    quick = 1 - waiter

    def wait(me):
        lock.lock(me)
        entries.append("waiter")
        lock.unlock(me)

    lock.lock(quick)
    thread = Thread(target=wait, args=[waiter], name=f"thread {waiter}")
    thread.start()
    sleep(1)  # until nobody can go on: the other waits
    assert not entries, "lock() returned while the other was inside"
    lock.unlock(quick)
    for _ in range(2):
        lock.lock(quick)
        entries.append("quick")
        lock.unlock(quick)
    thread.join()
    passed = entries.index("waiter")
    assert passed <= 1, f"thread {waiter} waited, and thread {quick} got in {passed} times before it"


@graded(points=3)
def test_overtaking(explore):
    """A waiter is overtaken at most once."""

    def zero_waits(attempt):
        overtaken(attempt, 0)

    def one_waits(attempt):
        overtaken(attempt, 1)

    explore(zero_waits, timeouts="idle")
    explore(one_waits, timeouts="idle")
