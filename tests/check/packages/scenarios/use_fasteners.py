"""fasteners: its ReaderWriterLock between threads."""

import fasteners

from tests.check.packages.scenarios.common import Room, together


def scenario_reader_and_writer():
    """ReaderWriterLock, 1 reader and 1 writer: the writer is alone"""
    lock, room = fasteners.ReaderWriterLock(), Room()

    def read():
        with lock.read_lock():
            room.read()

    def write():
        with lock.write_lock():
            room.write()

    together(read, write)


def scenario_two_writers():
    """ReaderWriterLock, 2 writers: each is alone"""
    lock, room = fasteners.ReaderWriterLock(), Room()

    def write():
        with lock.write_lock():
            room.write()

    together(write, write)


def scenario_writers_who_read():
    """ReaderWriterLock, 2 writers that take a read lock inside: each is alone"""
    lock, room = fasteners.ReaderWriterLock(), Room()

    def write():
        with lock.write_lock(), lock.read_lock():
            room.write()

    together(write, write)


def scenario_read_lock_outlives_write_lock():
    """ReaderWriterLock, 1 writer that keeps a read lock for longer, 1 writer: the second waits for the end of both"""
    lock, room = fasteners.ReaderWriterLock(), Room()

    def down():
        lock.acquire_write_lock()
        lock.acquire_read_lock()
        lock.release_write_lock()
        room.read()
        lock.release_read_lock()

    def write():
        with lock.write_lock():
            room.write()

    together(down, write)
