"""Two threads wait for one event, and one is woken. Buggy: deadlock."""

from threading import Condition, Thread


def together(*functions):
    threads = [Thread(target=function) for function in functions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


class Event:
    def __init__(self):
        self.happened = False
        self.changed = Condition()

    def wait(self):
        with self.changed:
            while not self.happened:
                self.changed.wait()

    def set(self):
        with self.changed:
            self.happened = True
            self.changed.notify_all()


class WakesOne(Event):
    def set(self):
        with self.changed:
            self.happened = True
            self.changed.notify()


def scenario_buggy():
    event = WakesOne()
    together(event.wait, event.wait, event.set)


def scenario_correct():
    event = Event()
    together(event.wait, event.wait, event.set)
