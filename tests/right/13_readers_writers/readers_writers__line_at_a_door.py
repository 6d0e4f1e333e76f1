"""Everybody passes one door in turn: a writer keeps it until the readers inside have left."""

from contextlib import contextmanager
from threading import Condition, Lock


class ReadWriteLock:
    def __init__(self):
        self._door = Lock()
        self._inside = 0
        self._left = Condition()

    @contextmanager
    def read(self):
        with self._door, self._left:
            self._inside += 1
        try:
            yield
        finally:
            with self._left:
                self._inside -= 1
                self._left.notify_all()

    @contextmanager
    def write(self):
        with self._door:
            with self._left:
                while self._inside:
                    self._left.wait()
            yield
