"""A daemon thread fails."""

from threading import Thread


def scenario():
    settings = {}

    def refresh():
        settings["rate"] += 1

    def load():
        settings["rate"] = 5

    helper = Thread(target=refresh, name="refresh", daemon=True)
    loader = Thread(target=load, name="load")
    loader.start()
    helper.start()
    loader.join()
