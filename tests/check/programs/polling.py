"""Threads that ask again and again instead of waiting."""

# sleeps: in virtual time only; these programs are explored, not run

import time
from threading import Event, Lock, Thread

from .common import Box, together


class Barrier:
    """Sense-reversing, for two, reusable."""

    def __init__(self, parties=2):
        self.parties = self.missing = parties
        self.mutex = Lock()
        self.sense = False
        self.mine = [False] * parties

    def wait(self, me):
        self.mine[me] = sense = not self.mine[me]
        with self.mutex:
            self.missing -= 1
            last = self.missing == 0
        if last:
            self.missing = self.parties
            self.sense = sense
        else:
            while self.sense != sense:
                pass


class BarrierThatResets(Barrier):
    """Without a sense: who is slow to look does not see that all were there."""

    def wait(self, me):
        with self.mutex:
            self.missing -= 1
            if self.missing == 0:
                self.missing = self.parties
                return
        while self.missing < self.parties:
            pass


class BarrierOfOneRound(Barrier):
    """Stays open."""

    def wait(self, me):
        with self.mutex:
            self.missing -= 1
        while self.missing > 0:
            pass


class BarrierWithoutMutex(Barrier):
    def wait(self, me):
        self.mine[me] = sense = not self.mine[me]
        self.missing -= 1
        if self.missing == 0:
            self.missing = self.parties
            self.sense = sense
        else:
            while self.sense != sense:
                pass


def meet(barrier, rounds):
    arrived = [Box(), Box()]

    def walk(me):
        for number in range(1, rounds + 1):
            arrived[me].value = number
            barrier.wait(me)
            assert arrived[1 - me].value >= number

    together(lambda: walk(0), lambda: walk(1))


def scenario_barrier():
    meet(Barrier(), 2)


def scenario_barrier_that_resets():
    meet(BarrierThatResets(), 2)


def scenario_barrier_of_one_round():
    meet(BarrierOfOneRound(), 2)


def scenario_barrier_without_mutex():
    meet(BarrierWithoutMutex(), 1)


class SeqLock:
    """The reader tries again when a write came between."""

    def __init__(self):
        self.version = self.left = self.right = 0

    def write(self, value):
        self.version += 1
        self.left = value
        self.right = value
        self.version += 1

    def read(self):
        while True:
            before = self.version
            if before % 2 == 0:
                left, right = self.left, self.right
                if self.version == before:
                    return left, right


class SeqLockReadOnce(SeqLock):
    def read(self):
        while self.version % 2 == 1:
            pass
        return self.left, self.right


class SeqLockWrittenAfter(SeqLock):
    """The version says only afterwards that something was changed."""

    def write(self, value):
        self.left = value
        self.right = value
        self.version += 2


class SeqLockNotEnded(SeqLock):
    def write(self, value):
        self.version += 1
        self.left = value
        self.right = value


def watch(seqlock, writes):
    def write():
        for value in range(1, writes + 1):
            seqlock.write(value)

    def read():
        left, right = seqlock.read()
        assert left == right

    together(write, read)


def scenario_seqlock():
    watch(SeqLock(), 1)


def scenario_seqlock_written_twice():
    watch(SeqLock(), 2)


def scenario_seqlock_read_once():
    watch(SeqLockReadOnce(), 1)


def scenario_seqlock_written_after():
    watch(SeqLockWrittenAfter(), 1)


def scenario_seqlock_not_ended():
    watch(SeqLockNotEnded(), 1)


def scenario_is_alive():
    box = Box()

    def work():
        box.value = 1
        box.value = 2

    worker = Thread(target=work)
    worker.start()
    while worker.is_alive():
        pass
    assert box.value == 2


def scenario_is_alive_not_asked():
    box = Box()

    def work():
        box.value = 1
        box.value = 2

    worker = Thread(target=work)
    worker.start()
    while not worker.is_alive():
        pass
    assert box.value == 2


def scenario_two_wait_for_each_others_end():
    threads: list[Thread] = []

    def wait_for(other):
        while threads[other].is_alive():
            pass

    threads += [Thread(target=wait_for, args=(1,)), Thread(target=wait_for, args=(0,))]
    threads[1].start()
    threads[0].start()
    for thread in threads:
        thread.join()


def scenario_locked():
    lock, box = Lock(), Box()
    lock.acquire()

    def wait():
        while lock.locked():
            pass
        assert box.value == 1

    def work():
        box.value = 1
        lock.release()

    together(wait, work)


def scenario_locked_for_ever():
    lock = Lock()
    lock.acquire()

    def wait():
        while lock.locked():
            pass

    together(wait, lambda: lock.acquire(blocking=False))


def scenario_sleeps():
    box = Box()

    def wait():
        while box.value == 0:
            time.sleep(0.1)
        assert box.value == 2

    def work():
        box.value = 2

    together(wait, work)


def scenario_gives_way():
    """A program that reads the clock elsewhere: sleeping for no time at all does not move it."""
    box = Box()

    def wait():
        began = time.monotonic()
        while box.value == 0:
            time.sleep(0)
        assert box.value == 2
        assert time.monotonic() >= began

    def work():
        box.value = 2

    together(wait, work)


def scenario_sleeps_and_trusts():
    box = Box()

    def wait():
        while box.value == 0:
            time.sleep(0.1)
        assert box.value == 2

    def work():
        box.value += 1
        box.value += 1

    together(wait, work)


def scenario_sleeps_for_ever():
    box = Box()

    def wait():
        while box.value == 0:
            time.sleep(0.1)

    together(wait, lambda: time.sleep(1))


def scenario_is_set():
    event, box = Event(), Box()

    def wait():
        while not event.is_set():
            pass
        assert box.value == 1

    def work():
        box.value = 1
        event.set()

    together(wait, work)


def scenario_is_set_too_early():
    event, box = Event(), Box()

    def wait():
        while not event.is_set():
            pass
        assert box.value == 1

    def work():
        event.set()
        box.value = 1

    together(wait, work)


def scenario_is_set_and_cleared():
    event = Event()

    def wait():
        while not event.is_set():
            pass

    def work():
        event.set()
        event.clear()

    together(wait, work)


class Lazy:
    """One thread makes the value, the other sees it complete: the flag is tested twice."""

    def __init__(self):
        self.lock = Lock()
        self.ready = False
        self.made = 0

    def get(self):
        if not self.ready:
            with self.lock:
                if not self.ready:
                    self.made += 1
                    self.ready = True
        while not self.ready:
            pass
        return self.made


class LazyOnce(Lazy):
    """Tested once."""

    def get(self):
        if not self.ready:
            with self.lock:
                self.made += 1
                self.ready = True
        return self.made


class LazyTooEarly(Lazy):
    """The flag is raised before the value is there."""

    def get(self):
        if not self.ready:
            with self.lock:
                if not self.ready:
                    self.ready = True
                    self.made += 1
        return self.made


def ask(lazy):
    def get():
        assert lazy.get() == 1

    together(get, get)


def scenario_double_checked():
    ask(Lazy())


def scenario_checked_once():
    ask(LazyOnce())


def scenario_flag_too_early():
    ask(LazyTooEarly())


def scenario_flag_that_nobody_raises():
    box = Box()

    def wait():
        while not box.value:
            pass

    together(wait, lambda: box.value)
