"""The flag is tested outside the lock; the notify comes between test and wait. Buggy: deadlock."""

from threading import Condition, Thread


def together(*functions):
    threads = [Thread(target=function) for function in functions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


class Gate:
    def __init__(self):
        self.is_open = False
        self.changed = Condition()

    def open(self):
        with self.changed:
            self.is_open = True
            self.changed.notify_all()

    def pass_through(self):
        with self.changed:
            while not self.is_open:
                self.changed.wait()


class TestedOutside(Gate):
    def pass_through(self):
        while not self.is_open:
            with self.changed:
                self.changed.wait()


def scenario_buggy():
    gate = TestedOutside()
    together(gate.pass_through, gate.open)


def scenario_correct():
    gate = Gate()
    together(gate.pass_through, gate.pass_through, gate.open)
