"""What `threading` promises, but for Thread: each scenario is verified over CPython's own text."""

import threading

from tests.check.stdlib.scenarios.common import together


def scenario_condition_wait_and_notify():
    """1 waits while there is nothing, 1 puts and notifies"""
    condition, items = threading.Condition(), []

    def take():
        with condition:
            while not items:
                condition.wait()
            items.pop()

    def put():
        with condition:
            items.append(1)
            condition.notify()

    together(take, put)
    assert not items


def scenario_condition_notify_all():
    """2 wait for a flag, 1 sets it and notifies all"""
    condition, state = threading.Condition(), {"open": False}

    def wait():
        with condition:
            condition.wait_for(lambda: state["open"])

    def open_():
        with condition:
            state["open"] = True
            condition.notify_all()

    together(wait, wait, open_)


def scenario_condition_notify_wakes_one():
    """2 take one item each, 2 put one each and notify"""
    condition, items = threading.Condition(), []

    def take():
        with condition:
            while not items:
                condition.wait()
            items.pop()

    def put():
        with condition:
            items.append(1)
            condition.notify()

    together(take, take, put, put)
    assert not items


def scenario_condition_stolen_item():
    """2 take one item each when they are told, 1 puts two and notifies all each time"""
    condition, items = threading.Condition(), []

    def take():
        with condition:
            condition.wait_for(lambda: items)
            items.pop()

    def put():
        for _ in range(2):
            with condition:
                items.append(1)
                condition.notify_all()

    together(take, take, put)


def scenario_condition_wait_with_timeout():
    """1 waits with a time-out, 1 notifies: told, or timed out"""
    condition, state = threading.Condition(), {"told": False}

    def wait():
        with condition:
            told = condition.wait_for(lambda: state["told"], timeout=1)
            assert told == state["told"]

    def tell():
        with condition:
            state["told"] = True
            condition.notify()

    together(wait, tell)


def scenario_condition_waits_again():
    """1 waits with a time-out, then without, 1 notifies once"""
    condition, state = threading.Condition(), {"told": False}

    def wait():
        with condition:
            if not condition.wait_for(lambda: state["told"], timeout=1):
                condition.wait_for(lambda: state["told"])

    def tell():
        with condition:
            state["told"] = True
            condition.notify()

    together(wait, tell)


def scenario_condition_late_notify():
    """1 waits with a time-out, 1 without, 1 puts two and notifies each time: the patient one gets his"""
    condition, items = threading.Condition(), []

    def hurried():
        with condition:
            if condition.wait_for(lambda: items, timeout=1):
                items.pop()

    def patient():
        with condition:
            condition.wait_for(lambda: items)
            items.pop()

    def put():
        for _ in range(2):
            with condition:
                items.append(1)
                condition.notify()

    together(hurried, patient, put)


def scenario_condition_keeps_depth():
    """1 waits holding its lock twice, 1 notifies"""
    condition, items = threading.Condition(), []

    def take():
        with condition, condition:
            while not items:
                condition.wait()
            items.pop()

    def put():
        with condition:
            items.append(1)
            condition.notify()

    together(take, put)
    assert not items


def scenario_condition_misuse():
    """1 holds the lock; 1 waits, notifies, and is refused"""
    condition, inside = threading.Condition(), []

    def holder():
        with condition:
            inside.append(1)
            inside.pop()

    def other():
        for call in (condition.wait, condition.notify):
            try:
                call()
            except RuntimeError:
                pass
            else:
                raise AssertionError("it acted without the lock")

    together(holder, other)


def scenario_semaphore():
    """2 acquire and release, 1 permit"""
    permits, inside = threading.Semaphore(1), []

    def work():
        with permits:
            inside.append(1)
            assert len(inside) == 1
            inside.pop()

    together(work, work)
    assert permits._value == 1


def scenario_semaphore_of_two():
    """3 acquire and release, 2 permits"""
    permits, inside = threading.Semaphore(2), []

    def work():
        with permits:
            inside.append(1)
            assert len(inside) <= 2
            inside.pop()

    together(work, work, work)
    assert permits._value == 2


def scenario_semaphore_release_two():
    """2 acquire, 1 releases two permits at once"""
    permits = threading.Semaphore(0)
    together(permits.acquire, permits.acquire, lambda: permits.release(2))
    assert permits._value == 0


def scenario_semaphore_try_and_timeout():
    """1 tries, 1 waits with a time-out, 1 releases: each permit is taken once"""
    permits, got = threading.Semaphore(0), []
    together(
        lambda: got.append(permits.acquire(blocking=False)),
        lambda: got.append(permits.acquire(timeout=1)),
        permits.release,
    )
    assert sum(got) + permits._value == 1


def scenario_semaphore_timeout_takes_no_wakeup():
    """1 waits with a time-out, 1 without, 1 releases one permit: the patient one gets it in the end"""
    permits = threading.Semaphore(0)

    def hurried():
        if permits.acquire(timeout=1):
            permits.release()

    together(hurried, permits.acquire, permits.release)
    assert permits._value == 0


def scenario_bounded_semaphore():
    """2 release, 1 permit is out: one of them is refused"""
    permits, refused = threading.BoundedSemaphore(1), []
    permits.acquire()

    def release():
        try:
            permits.release()
        except ValueError:
            refused.append(1)

    together(release, release)
    assert refused == [1]
    assert permits._value == 1


def scenario_bounded_semaphore_excludes():
    """2 acquire and release, 1 permit"""
    permits, inside = threading.BoundedSemaphore(1), []

    def work():
        with permits:
            inside.append(1)
            assert len(inside) == 1
            inside.pop()

    together(work, work)


def scenario_event():
    """2 wait, 1 sets"""
    event = threading.Event()
    together(event.wait, event.wait, event.set)
    assert event.is_set()


def scenario_event_publishes():
    """1 waits and reads, 1 writes and sets"""
    event, seen = threading.Event(), {}

    def read():
        assert event.wait()
        assert seen["written"]

    def write():
        seen["written"] = True
        event.set()

    together(read, write)


def scenario_event_timeout_and_clear():
    """1 waits with a time-out, 1 sets, 1 clears: the wait ends, and answers"""
    event, answers = threading.Event(), []
    together(lambda: answers.append(event.wait(1)), event.set, event.clear)
    assert answers in ([True], [False])


def scenario_barrier():
    """2 meet twice, their places are 0 and 1"""
    barrier, places, before = threading.Barrier(2), [], []

    def work():
        for number in (1, 2):
            before.append(number)
            places.append(barrier.wait())
            assert before.count(number) == 2

    together(work, work)
    assert sorted(places) == [0, 0, 1, 1]


def scenario_barrier_of_three():
    """3 meet, one of them has place 0"""
    barrier, places = threading.Barrier(3), []
    together(*[lambda: places.append(barrier.wait())] * 3)
    assert sorted(places) == [0, 1, 2]


def scenario_barrier_action():
    """2 meet, the action runs once before either goes on"""
    done = []
    barrier = threading.Barrier(2, action=lambda: done.append(1))

    def work():
        barrier.wait()
        assert done == [1]

    together(work, work)


def scenario_barrier_abort():
    """2 come, 1 aborts: each passes or sees it broken, and it stays so"""
    barrier, passed, broken = threading.Barrier(2), [], []

    def come():
        try:
            passed.append(barrier.wait())
        except threading.BrokenBarrierError:
            broken.append(1)

    together(come, come, barrier.abort)
    assert len(passed) + len(broken) == 2
    assert barrier.broken


def scenario_barrier_timeout():
    """2 come with a time-out: both pass, or both see it broken"""
    barrier, passed, broken = threading.Barrier(2), [], []

    def come():
        try:
            passed.append(barrier.wait(timeout=1))
        except threading.BrokenBarrierError:
            broken.append(1)

    together(come, come)
    assert (len(passed), len(broken)) in {(2, 0), (0, 2)}
    assert barrier.broken == (not passed)


def scenario_barrier_reset():
    """2 come, 1 resets it: who sees it broken comes again, and both pass"""
    barrier, broken = threading.Barrier(2), []

    def come():
        try:
            barrier.wait()
        except threading.BrokenBarrierError:
            broken.append(1)
            barrier.wait()

    together(come, come, barrier.reset)
    assert not barrier.broken


def scenario_python_rlock():
    """2 take it twice each"""
    lock, inside = threading._RLock(), []

    def work():
        with lock:
            inside.append(1)
            with lock:
                assert len(inside) == 1
            inside.pop()

    together(work, work)


def scenario_python_rlock_owner():
    """1 holds it; 1 tries, releases, and is refused"""
    lock, held = threading._RLock(), []

    def holder():
        with lock:
            held.append(1)
            held.pop()

    def other():
        if lock.acquire(blocking=False):
            assert not held
            lock.release()
        try:
            lock.release()
        except RuntimeError:
            pass
        else:
            raise AssertionError("somebody else's lock was released")

    together(holder, other)


def scenario_python_rlock_in_a_condition():
    """1 waits on a condition over it, 1 notifies"""
    condition, items = threading.Condition(threading._RLock()), []

    def take():
        with condition, condition:
            while not items:
                condition.wait()
            items.pop()

    def put():
        with condition:
            items.append(1)
            condition.notify()

    together(take, put)
    assert not items


def scenario_timer():
    """1 timer, cancelled while it may fire: it fires once or not at all, and ends"""
    fired = []
    timer = threading.Timer(1, fired.append, (1,))
    timer.start()
    timer.cancel()
    timer.join()
    assert len(fired) <= 1
    assert timer.finished.is_set()


def scenario_timer_cancelled_before():
    """1 timer, cancelled before it is started: it never fires"""
    fired = []
    timer = threading.Timer(1, fired.append, (1,))
    timer.cancel()
    timer.start()
    timer.join()
    assert not fired
