"""Verified: looking and taking are one step, an exchange."""

from threading import Thread

from concur import AtomicInteger


class Flag:
    def __init__(self):
        self.up = AtomicInteger(0)

    def lock(self):
        while self.up.exchange(1) == 1:
            pass

    def unlock(self):
        self.up.set(0)


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
