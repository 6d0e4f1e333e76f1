"""Producers and consumers wait for one condition; notify() wakes one of the wrong kind. Buggy: deadlock."""

from threading import Condition, Lock, Thread


def together(*functions):
    threads = [Thread(target=function) for function in functions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


class Buffer:
    """Holds one item."""

    def __init__(self):
        self.items = []
        self.lock = Lock()
        self.not_empty = Condition(self.lock)
        self.not_full = Condition(self.lock)

    def put(self, item):
        with self.lock:
            while self.items:
                self.not_full.wait()
            self.items.append(item)
            self.not_empty.notify()

    def get(self):
        with self.lock:
            while not self.items:
                self.not_empty.wait()
            item = self.items.pop()
            self.not_full.notify()
            return item


class OneCondition(Buffer):
    def __init__(self):
        super().__init__()
        self.not_full = self.not_empty


def exchange(buffer):
    together(buffer.get, buffer.get, lambda: buffer.put(1), lambda: buffer.put(2))
    assert not buffer.items


def scenario_buggy():
    exchange(OneCondition())


def scenario_correct():
    exchange(Buffer())
