"""Spin locks from one step that both looks and changes."""

from threading import Lock

from concur import AtomicInteger

from .common import exclude


class TestAndSet:
    def __init__(self):
        self.taken = AtomicInteger()

    def lock(self, me):
        while self.taken.exchange(1):
            pass

    def unlock(self, me):
        self.taken.set(0)


class TestAndTestAndSet(TestAndSet):
    def lock(self, me):
        while True:
            while self.taken.get():
                pass
            if not self.taken.exchange(1):
                return


class CompareAndSet(TestAndSet):
    def lock(self, me):
        while not self.taken.compare_and_set(0, 1):
            pass


class TestThenSet:
    def __init__(self):
        self.taken = False

    def lock(self, me):
        while self.taken:
            pass
        self.taken = True

    def unlock(self, me):
        self.taken = False


class TryLock:
    def __init__(self):
        self.inner = Lock()

    def lock(self, me):
        while not self.inner.acquire(blocking=False):
            pass

    def unlock(self, me):
        self.inner.release()


class TryLockOnce(TryLock):
    """Goes on also when the try failed."""

    def __init__(self):
        super().__init__()
        self.mine = [False, False]

    def lock(self, me):
        self.mine[me] = self.inner.acquire(blocking=False)

    def unlock(self, me):
        if self.mine[me]:
            self.inner.release()


class TryLockKept(TryLock):
    def unlock(self, me):
        pass


class WaitsUntilUnlocked(TryLockOnce):
    """Looks whether the lock is free, and takes it for granted that it still is."""

    def lock(self, me):
        while self.inner.locked():
            pass
        super().lock(me)


class SetDefault:
    """The first to enter its number is in."""

    def __init__(self):
        self.owner: dict[str, int] = {}

    def lock(self, me):
        while self.owner.setdefault("in", me) != me:
            pass

    def unlock(self, me):
        del self.owner["in"]


class SetDefaultForgotten(SetDefault):
    def lock(self, me):
        while self.owner.get("in", me) != me:
            pass
        self.owner["in"] = me

    def unlock(self, me):
        self.owner.pop("in", None)


class Ticket:
    def __init__(self):
        self.next, self.serving = AtomicInteger(), AtomicInteger()

    def lock(self, me):
        mine = self.next.fetch_add()
        while self.serving.get() != mine:
            pass

    def unlock(self, me):
        self.serving.fetch_add()


class TicketFromLock:
    """Tickets are drawn under a lock; only the holder writes who is served."""

    def __init__(self):
        self.drawing = Lock()
        self.next = self.serving = 0

    def draw(self):
        with self.drawing:
            mine = self.next
            self.next = mine + 1
            return mine

    def lock(self, me):
        mine = self.draw()
        while self.serving != mine:
            pass

    def unlock(self, me):
        self.serving += 1


class TicketByReadAndWrite(TicketFromLock):
    def draw(self):
        mine = self.next
        self.next = mine + 1
        return mine


class TicketServedTwice(TicketFromLock):
    """Skips a number."""

    def unlock(self, me):
        self.serving += 2


def scenario_test_and_set():
    exclude(TestAndSet(), 1, 1)


def scenario_test_and_test_and_set():
    exclude(TestAndTestAndSet(), 1, 1)


def scenario_compare_and_set():
    exclude(CompareAndSet(), 1, 1)


def scenario_ticket():
    exclude(Ticket(), 2, 1)


def scenario_test_then_set():
    exclude(TestThenSet(), 1, 1)


def scenario_try_lock():
    exclude(TryLock(), 2, 2)


def scenario_try_lock_of_three():
    exclude(TryLock(), 1, 1, 1)


def scenario_try_lock_once():
    exclude(TryLockOnce(), 1, 1)


def scenario_try_lock_kept():
    exclude(TryLockKept(), 1, 1)


def scenario_waits_until_unlocked():
    exclude(WaitsUntilUnlocked(), 1, 1)


def scenario_set_default():
    exclude(SetDefault(), 1, 1)


def scenario_set_default_forgotten():
    exclude(SetDefaultForgotten(), 1, 1)


def scenario_ticket_from_lock():
    exclude(TicketFromLock(), 2, 1)


def scenario_ticket_from_lock_of_three():
    exclude(TicketFromLock(), 1, 1, 1)


def scenario_ticket_by_read_and_write():
    exclude(TicketByReadAndWrite(), 1, 1)


def scenario_ticket_served_twice():
    exclude(TicketServedTwice(), 1, 1)
