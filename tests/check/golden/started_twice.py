"""A thread is started again by who finds it idle."""

from threading import Thread

from together import together


def scenario():
    helper = Thread(target=print, name="helper")

    def ann():
        if not helper.is_alive():
            helper.start()

    def bob():
        if not helper.is_alive():
            helper.start()

    together(ann, bob)
