"""A search in depth, under a plain lock."""

import threading


class WaitForGraph:
    def __init__(self):
        self.lock = threading.Lock()
        self.arrows = {}
        self.held = {}

    def waits(self, thread, lock):
        with self.lock:
            self.arrows[thread] = lock

    def holds(self, thread, lock):
        with self.lock:
            owner, times = self.held.get(lock, (thread, 0))
            if owner != thread:
                raise ValueError(f"{owner} holds {lock}")
            self.held[lock] = (thread, times + 1)
            self.arrows[thread] = None

    def released(self, thread, lock):
        with self.lock:
            owner, times = self.held.get(lock, (None, 0))
            if owner != thread:
                raise ValueError(f"{thread} does not hold {lock}")
            self.held[lock] = (thread, times - 1) if times > 1 else (None, 0)
            if times == 1:
                del self.held[lock]

    def follow(self, path):
        owner, _ = self.held.get(self.arrows.get(path[-1]), (None, 0))
        if owner == path[-1] or owner is None:
            return None
        if owner in path:
            return path if owner == path[0] else None
        return self.follow([*path, owner])

    def cycle(self):
        with self.lock:
            found = [path for thread in self.arrows if (path := self.follow([thread]))]
        return min(found, default=None)
