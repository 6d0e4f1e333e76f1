"""Refuted: two cooks share a knife and a board, and take them in different orders."""

from threading import Lock, Thread


def scenario():
    knife, board = Lock(), Lock()

    def ann():
        with knife, board:
            pass

    def bob():
        with board, knife:
            pass

    cooks = [Thread(target=ann, name="Ann"), Thread(target=bob, name="Bob")]
    for cook in cooks:
        cook.start()
    for cook in cooks:
        cook.join()
