"""A thread that was woken takes a permit that another has taken meanwhile. Buggy: assertion."""

from threading import Condition, Thread


def together(*functions):
    threads = [Thread(target=function) for function in functions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


class Semaphore:
    def __init__(self, permits):
        self.permits = permits
        self.changed = Condition()

    def acquire(self):
        with self.changed:
            while self.permits == 0:
                self.changed.wait()
            self.permits -= 1

    def release(self):
        with self.changed:
            self.permits += 1
            self.changed.notify()


class TestedOnce(Semaphore):
    def acquire(self):
        with self.changed:
            if self.permits == 0:
                self.changed.wait()
            self.permits -= 1
            assert self.permits >= 0


def visit(semaphore):
    def once():
        semaphore.acquire()
        semaphore.release()

    together(once, once, once)
    assert semaphore.permits == 1


def scenario_buggy():
    visit(TestedOnce(1))


def scenario_correct():
    visit(Semaphore(1))
