"""Two threads find nothing there, and both make it. Buggy: assertion."""

from threading import Lock, Thread


def together(*functions):
    threads = [Thread(target=function) for function in functions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


class Lazy:
    def __init__(self):
        self.thing = None
        self.lock = Lock()

    def get(self):
        if self.thing is None:
            with self.lock:
                if self.thing is None:
                    self.thing = object()
        return self.thing


class TestedOnce(Lazy):
    def get(self):
        if self.thing is None:
            with self.lock:
                self.thing = object()
        return self.thing


def ask(lazy):
    answers = []
    together(lambda: answers.append(lazy.get()), lambda: answers.append(lazy.get()))
    assert answers[0] is answers[1]


def scenario_buggy():
    ask(TestedOnce())


def scenario_correct():
    ask(Lazy())
