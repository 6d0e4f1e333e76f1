# refuted by: Its own data is guarded
"""The owner is looked up before the mutex is taken."""

from threading import Lock


class WaitForGraph:
    def __init__(self) -> None:
        self.mutex = Lock()
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
        if self.owner.get(lock, thread) != thread:
            raise ValueError(f"{self.owner[lock]} holds {lock}")
        with self.mutex:
            self.owner[lock] = thread
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
                chain = [first]

                while (then := self.owner.get(self.waiting.get(chain[-1], ""))) is not None:
                    if then == first:
                        return chain
                    if then in chain:
                        break
                    chain.append(then)
            return None
