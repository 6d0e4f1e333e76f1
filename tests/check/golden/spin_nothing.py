"""A loop without a way out."""

from together import together


def scenario():
    def idle():
        while True:
            pass

    def work():
        pass

    together(idle, work)
