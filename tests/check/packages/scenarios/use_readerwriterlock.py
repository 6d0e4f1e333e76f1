"""readerwriterlock: writers exclude everybody, in each of its preferences."""

from readerwriterlock import rwlock

from tests.check.packages.scenarios.common import Room, together


def meet(lock, readers, writers):
    room = Room()

    def read():
        with lock.gen_rlock():
            room.read()

    def write():
        with lock.gen_wlock():
            room.write()

    together(*[read] * readers, *[write] * writers)


def scenario_read_preference():
    """RWLockRead, 2 readers and 1 writer: the writer is alone"""
    meet(rwlock.RWLockRead(), 2, 1)


def scenario_write_preference():
    """RWLockWrite, 1 reader and 1 writer: the writer is alone"""
    meet(rwlock.RWLockWrite(), 1, 1)


def scenario_write_preference_two_writers():
    """RWLockWrite, 2 writers: each is alone"""
    meet(rwlock.RWLockWrite(), 0, 2)


def scenario_fair():
    """RWLockFair, 2 readers and 1 writer: the writer is alone"""
    meet(rwlock.RWLockFair(), 2, 1)


def scenario_downgrade():
    """RWLockFairD, 1 reader, 1 writer that goes on as a reader: what it wrote is what it reads"""
    lock, room, value = rwlock.RWLockFairD(), Room(), []

    def write():
        held = lock.gen_wlock()
        held.acquire()
        room.write()
        value.append(1)
        held = held.downgrade()
        assert value == [1]
        held.release()

    def read():
        with lock.gen_rlock():
            room.read()

    together(write, read)


def timed(lock):
    """Who times out has taken nothing: afterwards the lock is free."""

    def write():
        held = lock.gen_wlock()
        if held.acquire(timeout=1):
            held.release()

    def read():
        with lock.gen_rlock():
            pass

    together(write, read)
    assert lock.gen_wlock().acquire(blocking=False)


def scenario_timed_writer_read_preference():
    """RWLockRead, 1 reader, 1 writer with a time-out: afterwards the lock is free"""
    timed(rwlock.RWLockRead())


def scenario_timed_writer_write_preference():
    """RWLockWrite, 1 reader, 1 writer with a time-out: afterwards the lock is free"""
    timed(rwlock.RWLockWrite())


def scenario_timed_writer_fair():
    """RWLockFair, 1 reader, 1 writer with a time-out: afterwards the lock is free"""
    timed(rwlock.RWLockFair())


def timed_reader(lock):
    def read():
        held = lock.gen_rlock()
        if held.acquire(timeout=1):
            held.release()

    def write():
        with lock.gen_wlock():
            pass

    together(read, write)
    assert lock.gen_wlock().acquire(blocking=False)


def scenario_timed_reader_read_preference():
    """RWLockRead, 1 writer, 1 reader with a time-out: afterwards the lock is free"""
    timed_reader(rwlock.RWLockRead())


def scenario_timed_reader_write_preference():
    """RWLockWrite, 1 writer, 1 reader with a time-out: afterwards the lock is free"""
    timed_reader(rwlock.RWLockWrite())


def scenario_timed_reader_fair():
    """RWLockFair, 1 writer, 1 reader with a time-out: afterwards the lock is free"""
    timed_reader(rwlock.RWLockFair())
