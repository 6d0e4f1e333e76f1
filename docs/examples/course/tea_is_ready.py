"""Verified: nobody pours before the water has boiled, whoever is quicker."""

from threading import Thread

from concur import Semaphore


def scenario():
    boiled, cups = Semaphore(0), []

    def cook():
        cups.append("hot water")
        boiled.release()

    def host():
        boiled.acquire()
        cups.append("tea")

    people = [Thread(target=host, name="host"), Thread(target=cook, name="cook")]
    for each in people:
        each.start()
    for each in people:
        each.join()
    assert cups == ["hot water", "tea"]
