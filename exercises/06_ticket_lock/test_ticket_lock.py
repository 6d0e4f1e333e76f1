"""Graded: ticket_lock.py."""

from threading import Thread
from time import sleep

from concur.grade import graded

ONLY = ("concur.AtomicInteger", "threading.get_ident", "threading.current_thread")


def together(*calls) -> None:
    """Make each call in a thread of its own, and wait for all."""
    threads = [Thread(target=call) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


class Shop:
    """Who is inside, and how often somebody was."""

    def __init__(self):
        self.inside = 0
        self.visits = 0

    def visit(self):
        self.inside += 1
        assert self.inside == 1, f"{self.inside} threads are inside at the same time"
        self.inside -= 1
        self.visits += 1


@graded(points=4)
def test_exclusion(explore):
    """One thread is inside at a time."""

    def two_of_two(attempt):
        lock, shop = attempt.TicketLock(), Shop()

        def work():
            for _ in range(2):
                lock.acquire()
                shop.visit()
                lock.release()

        together(work, work)
        assert shop.visits == 4

    def three_of_one(attempt):
        lock, shop = attempt.TicketLock(), Shop()

        def work():
            lock.acquire()
            shop.visit()
            lock.release()

        together(work, work, work)
        assert shop.visits == 3

    explore(two_of_two)
    explore(three_of_one)


@graded(points=3)
def test_order(explore):
    """First come, first served."""

    def scenario(attempt):
        lock, served = attempt.TicketLock(), []

        def customer(name):
            lock.acquire()
            served.append(name)
            lock.release()

        lock.acquire()
        first = Thread(target=customer, args=["first"], name="first")
        first.start()
        sleep(1)  # until nobody can go on: the first waits
        second = Thread(target=customer, args=["second"], name="second")
        second.start()
        sleep(1)
        assert not served, "acquire() returned while another held the lock"
        lock.release()
        first.join()
        second.join()
        assert served == ["first", "second"]

    def against_one_who_comes_back(attempt):
        lock, served = attempt.TicketLock(), []

        def customer():
            lock.acquire()
            served.append("who waited")
            lock.release()

        lock.acquire()
        waiting = Thread(target=customer, name="who waits")
        waiting.start()
        sleep(1)
        lock.release()
        lock.acquire()
        served.append("who came back")
        lock.release()
        waiting.join()
        assert served == ["who waited", "who came back"]

    explore(scenario, timeouts="idle")
    explore(against_one_who_comes_back, timeouts="idle")


@graded(points=3)
def test_release(explore):
    """RuntimeError for who does not hold it."""

    def nobody_holds_it(attempt):
        def is_refused():
            try:
                lock.release()
            except RuntimeError:
                return True
            return False

        lock = attempt.TicketLock()
        assert is_refused(), "a release of a lock that nobody has taken was not refused"
        lock.acquire()
        lock.release()
        assert is_refused(), "a second release was not refused"
        lock.acquire()
        lock.release()

    def another_holds_it(attempt):
        lock, shop, refused = attempt.TicketLock(), Shop(), []

        def work():
            lock.acquire()
            shop.visit()
            lock.release()

        def meddle():
            try:
                lock.release()
            except RuntimeError:
                refused.append("meddle")

        together(work, meddle, work)
        assert refused == ["meddle"], "a release by a thread that does not hold the lock was not refused"
        assert shop.visits == 2

    explore(nobody_holds_it)
    explore(another_holds_it)
