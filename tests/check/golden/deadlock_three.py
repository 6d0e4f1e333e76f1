"""Three philosophers, each with the left fork first."""

from threading import Lock

from together import together


def scenario():
    forks = [Lock(), Lock(), Lock()]

    def eat(seat):
        with forks[seat]:
            with forks[(seat + 1) % 3]:
                pass

    def kant():
        eat(0)

    def plato():
        eat(1)

    def hegel():
        eat(2)

    together(kant, plato, hegel)
