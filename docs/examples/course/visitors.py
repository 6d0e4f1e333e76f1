"""Refuted: two clerks count visitors on one slate, and one visitor is lost."""

from threading import Thread


class Slate:
    def __init__(self):
        self.visitors = 0


def scenario():
    slate = Slate()

    def clerk():
        slate.visitors += 1

    clerks = [Thread(target=clerk, name=name) for name in ("Ann", "Bob")]
    for each in clerks:
        each.start()
    for each in clerks:
        each.join()
    assert slate.visitors == 2
