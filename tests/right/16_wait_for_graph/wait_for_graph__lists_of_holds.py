"""Owners as lists of holds, and threads struck off until only circles are left."""

from threading import RLock


class WaitForGraph:
    def __init__(self):
        self.guard = RLock()
        self.wanted = {}
        self.holders = {}

    def waits(self, thread, lock):
        with self.guard:
            self.wanted.pop(thread, None)
            if thread not in self.holders.get(lock, []):
                self.wanted[thread] = lock

    def holds(self, thread, lock):
        with self.guard:
            holders = self.holders.setdefault(lock, [])
            if any(other != thread for other in holders):
                raise ValueError(lock)
            holders.append(thread)
            self.wanted.pop(thread, None)

    def released(self, thread, lock):
        with self.guard:
            self.holders.setdefault(lock, []).remove(thread)

    def cycle(self):
        with self.guard:
            after = {
                thread: self.holders[lock][0]
                for thread, lock in self.wanted.items()
                if self.holders.get(lock)
            }
        while True:
            loose = [thread for thread in after if after[thread] not in after or thread not in after.values()]
            if not loose:
                break
            for thread in loose:
                after.pop(thread, None)
        if not after:
            return None
        circle = [min(after)]
        while after[circle[-1]] != circle[0]:
            circle.append(after[circle[-1]])
        return circle
