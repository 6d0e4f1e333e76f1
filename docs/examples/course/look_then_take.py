"""Refuted: a lock of one flag, which two may find lowered at the same time."""

from threading import Thread


class Flag:
    def __init__(self):
        self.up = False

    def lock(self):
        while self.up:
            pass
        self.up = True

    def unlock(self):
        self.up = False


def scenario():
    flag, inside = Flag(), []

    def work(name):
        flag.lock()
        inside.append(name)
        assert inside == [name], "both are inside"
        inside.remove(name)
        flag.unlock()

    threads = [Thread(target=work, args=[name], name=name) for name in ("Ann", "Bob")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
