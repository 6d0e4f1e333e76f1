"""A consumer that was woken does not look again whether there is an item. Buggy: exception."""

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


class TestedOnce(Buffer):
    def get(self):
        with self.lock:
            if not self.items:
                self.not_empty.wait()
            item = self.items.pop()
            self.not_full.notify()
            return item


def exchange(buffer):
    def produce():
        buffer.put(1)
        buffer.put(2)

    together(buffer.get, buffer.get, produce)


def scenario_buggy():
    exchange(TestedOnce())


def scenario_correct():
    exchange(Buffer())
