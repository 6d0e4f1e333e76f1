"""Two threads wait for each other to end."""

from threading import Thread


def scenario():
    threads = {}

    def ann():
        threads["bob"].join()

    def bob():
        threads["ann"].join()

    threads["ann"] = Thread(target=ann, name="ann")
    threads["bob"] = Thread(target=bob, name="bob")
    for name in ("ann", "bob"):
        threads[name].start()
    for name in ("ann", "bob"):
        threads[name].join()
