"""Three philosophers take the left fork first; or the one with the lower number. Buggy: deadlock."""

from threading import Lock, Thread


def together(*functions):
    threads = [Thread(target=function) for function in functions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def dine(order):
    forks = [Lock(), Lock(), Lock()]

    def eat(seat):
        first, second = order((seat, (seat + 1) % 3))
        with forks[first], forks[second]:
            pass

    together(lambda: eat(0), lambda: eat(1), lambda: eat(2))


def scenario_buggy():
    dine(tuple)


def scenario_correct():
    dine(sorted)
