"""Refuted: three clerks hand on pen, ink and paper in a circle, and each holds one and waits for the next."""

from threading import Lock, Thread


def scenario():
    pen, ink, paper = Lock(), Lock(), Lock()

    def write(first, second):
        with first, second:
            pass

    clerks = [
        Thread(target=write, args=[pen, ink], name="Ann"),
        Thread(target=write, args=[ink, paper], name="Bob"),
        Thread(target=write, args=[paper, pen], name="Cid"),
    ]
    for clerk in clerks:
        clerk.start()
    for clerk in clerks:
        clerk.join()
