"""What `queue` promises: each scenario is verified over CPython's own text."""

import queue
import threading

from tests.check.stdlib.scenarios.common import together


def scenario_queue_one_to_one():
    """1 puts two, 1 gets two, room for 1: in order"""
    q, got = queue.Queue(1), []

    def put():
        q.put(1)
        q.put(2)

    def get():
        got.append(q.get())
        got.append(q.get())

    together(put, get)
    assert got == [1, 2]


def scenario_queue_two_to_one():
    """2 put one each, 1 gets two, room for 1"""
    q, got = queue.Queue(1), []

    def get():
        got.append(q.get())
        got.append(q.get())

    together(lambda: q.put(1), lambda: q.put(2), get)
    assert sorted(got) == [1, 2]


def scenario_queue_two_to_two():
    """2 put one each, 2 get one each, room for 1"""
    q, got = queue.Queue(1), []
    together(
        lambda: q.put(1),
        lambda: q.put(2),
        lambda: got.append(q.get()),
        lambda: got.append(q.get()),
    )
    assert sorted(got) == [1, 2]


def scenario_queue_bound_is_kept():
    """2 put where there is no room, 1 gets twice: there is never more than 1"""
    q = queue.Queue(1)
    q.put(0)

    def put():
        q.put(1)
        assert q.qsize() <= 1

    together(put, put, lambda: (q.get(), q.get()))
    assert q.qsize() == 1


def scenario_queue_unbounded():
    """2 put one each, 1 gets two, no limit"""
    q, got = queue.Queue(), []

    def get():
        got.append(q.get())
        got.append(q.get())

    together(lambda: q.put(1), lambda: q.put(2), get)
    assert sorted(got) == [1, 2]
    assert q.empty()


def scenario_queue_get_timeout():
    """1 gets with a time-out, 1 gets without, 1 puts one: it reaches exactly one of them"""
    q, got = queue.Queue(), []

    def hurried():
        try:
            item = q.get(timeout=1)
        except queue.Empty:
            return
        q.put(item)

    together(hurried, lambda: got.append(q.get()), lambda: q.put(1))
    assert got == [1]


def scenario_queue_put_timeout():
    """1 puts with a time-out where there is no room, 1 gets one: put, or Full"""
    q, full = queue.Queue(1), []
    q.put(1)

    def put():
        try:
            q.put(2, timeout=1)
        except queue.Full:
            full.append(2)

    together(put, q.get)
    assert q.qsize() + len(full) == 1


def scenario_queue_without_waiting():
    """2 put without waiting, 1 gets without waiting, room for 1"""
    q, full, empty, got = queue.Queue(1), [], [], []

    def put():
        try:
            q.put_nowait(1)
        except queue.Full:
            full.append(1)

    def get():
        try:
            got.append(q.get_nowait())
        except queue.Empty:
            empty.append(1)

    together(put, put, get)
    assert len(full) + len(got) + q.qsize() == 2
    assert len(empty) + len(got) == 1


def scenario_queue_join():
    """1 puts two and joins, 1 gets and says task_done: join returns after both"""
    q, done = queue.Queue(), []

    def work():
        for _ in range(2):
            q.get()
            done.append(1)
            q.task_done()

    worker = threading.Thread(target=work)
    worker.start()
    q.put(1)
    q.put(2)
    q.join()
    assert len(done) == 2
    worker.join()


def scenario_queue_task_done_too_often():
    """2 say task_done, 1 was put: one of them is refused"""
    q, refused = queue.Queue(), []
    q.put(1)
    q.get()

    def done():
        try:
            q.task_done()
        except ValueError:
            refused.append(1)

    together(done, done)
    q.join()
    assert refused == [1]


def scenario_lifo_queue():
    """1 puts two, 1 gets two: the later one first, if both are there"""
    q, got = queue.LifoQueue(), []
    together(lambda: (q.put(1), q.put(2)), lambda: (got.append(q.get()), got.append(q.get())))
    assert sorted(got) == [1, 2]
    q.put(3)
    q.put(4)
    assert q.get() == 4


def scenario_lifo_queue_bounded():
    """2 put one each, 1 gets two, room for 1"""
    q, got = queue.LifoQueue(1), []
    together(lambda: q.put(1), lambda: q.put(2), lambda: (got.append(q.get()), got.append(q.get())))
    assert sorted(got) == [1, 2]


def scenario_priority_queue():
    """2 put one each, 1 gets two"""
    q, got = queue.PriorityQueue(), []
    together(lambda: q.put(2), lambda: q.put(1), lambda: (got.append(q.get()), got.append(q.get())))
    assert sorted(got) == [1, 2]


def scenario_priority_queue_order():
    """2 put, then the least comes first"""
    q = queue.PriorityQueue()
    together(lambda: q.put(2), lambda: q.put(1))
    assert (q.get(), q.get()) == (1, 2)


def scenario_simple_queue():
    """2 put one each, 2 get one each"""
    q, got = queue.SimpleQueue(), []
    together(
        lambda: q.put(1),
        lambda: q.put(2),
        lambda: got.append(q.get()),
        lambda: got.append(q.get()),
    )
    assert sorted(got) == [1, 2]
    assert q.empty()


def scenario_simple_queue_get_timeout():
    """2 get with a time-out, 1 puts one: one at most has it, and nobody waits for ever"""
    q, got = queue.SimpleQueue(), []

    def get():
        try:
            got.append(q.get(timeout=1))
        except queue.Empty:
            pass

    together(get, get, lambda: q.put(1))
    assert len(got) + q.qsize() == 1
