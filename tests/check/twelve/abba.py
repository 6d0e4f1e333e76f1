"""Two threads take two locks in opposite order. Buggy: deadlock."""

from threading import Lock, Thread


def together(*functions):
    threads = [Thread(target=function) for function in functions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def transfer(first, second):
    with first, second:
        pass


def scenario_buggy():
    a, b = Lock(), Lock()
    together(lambda: transfer(a, b), lambda: transfer(b, a))


def scenario_correct():
    a, b = Lock(), Lock()
    together(lambda: transfer(a, b), lambda: transfer(a, b))
