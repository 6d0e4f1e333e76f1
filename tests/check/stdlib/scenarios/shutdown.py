"""What `queue` promises of `shutdown`, which is new in 3.13: verified over CPython's own text."""

import queue

from tests.check.stdlib.scenarios.common import together


def scenario_shutdown_wakes_a_getter():
    """1 gets from an empty queue, 1 shuts it down"""
    q, told = queue.Queue(), []

    def get():
        try:
            q.get()
        except queue.ShutDown:
            told.append(1)

    together(get, q.shutdown)
    assert told == [1]


def scenario_shutdown_wakes_a_putter():
    """1 puts where there is no room, 1 shuts it down"""
    q, told = queue.Queue(1), []
    q.put(1)

    def put():
        try:
            q.put(2)
        except queue.ShutDown:
            told.append(1)

    together(put, q.shutdown)
    assert told == [1]
    assert q.get() == 1


def scenario_shutdown_wakes_every_getter():
    """2 get, 1 puts one and shuts the queue down: one has the item, the other is told"""
    q, got, told = queue.Queue(), [], []

    def get():
        try:
            got.append(q.get())
        except queue.ShutDown:
            told.append(1)

    together(get, get, lambda: (q.put(1), q.shutdown()))
    assert (got, told) == ([1], [1])


def scenario_shutdown_wakes_two_getters():
    """2 get from an empty queue, 1 shuts it down: both are told"""
    q, told = queue.Queue(), []

    def get():
        try:
            q.get()
        except queue.ShutDown:
            told.append(1)

    together(get, get, q.shutdown)
    assert told == [1, 1]


def scenario_shutdown_immediate():
    """1 joins, 1 shuts down at once: what was put counts as done"""
    q = queue.Queue()
    q.put(1)
    q.put(2)
    together(q.join, lambda: q.shutdown(immediate=True))
    assert q.empty()


def scenario_shutdown_lets_the_rest_out():
    """1 puts, 1 shuts down, 1 gets: nothing is taken twice or lost"""
    q, got, put_told, get_told = queue.Queue(), [], [], []

    def put():
        try:
            q.put(1)
        except queue.ShutDown:
            put_told.append(1)

    def get():
        try:
            got.append(q.get())
        except queue.ShutDown:
            get_told.append(1)

    together(put, get, q.shutdown)
    assert len(got) + len(get_told) == 1
    assert len(put_told) + len(got) + q.qsize() == 1
