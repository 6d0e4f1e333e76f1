# refuted by: Every circle of 2 to 4 named in order
"""It looks whether two wait for each other."""

from concur import Mutex


class WaitForGraph:
    def __init__(self) -> None:
        self.mutex = Mutex()
        self.waiting: dict[str, str] = {}
        self.owner: dict[str, str] = {}
        self.depth: dict[str, int] = {}

    def waits(self, thread: str, lock: str) -> None:
        with self.mutex:
            if self.owner.get(lock) == thread:
                self.waiting.pop(thread, None)
            else:
                self.waiting[thread] = lock

    def holds(self, thread: str, lock: str) -> None:
        with self.mutex:
            if self.owner.setdefault(lock, thread) != thread:
                raise ValueError(f"{self.owner[lock]} holds {lock}")
            self.depth[lock] = self.depth.get(lock, 0) + 1
            self.waiting.pop(thread, None)

    def released(self, thread: str, lock: str) -> None:
        with self.mutex:
            if self.owner.get(lock) != thread:
                raise ValueError(f"{thread} does not hold {lock}")
            self.depth[lock] -= 1
            if self.depth[lock] == 0:
                del self.depth[lock], self.owner[lock]

    def cycle(self) -> list[str] | None:
        with self.mutex:
            for first in sorted(self.waiting):
                then = self.owner.get(self.waiting[first])
                if then is not None and self.owner.get(self.waiting.get(then, "")) == first:
                    return [first, then] if first != then else None
            return None
