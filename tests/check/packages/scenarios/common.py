"""What the scenarios of this folder have in common."""

import threading
from collections.abc import Callable


def together(*calls: Callable[[], object]) -> None:
    """Call each function in a thread of its own, and wait for all of them."""
    threads = [threading.Thread(target=call) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


class Room:
    """Readers and writers who say when they are inside."""

    def __init__(self) -> None:
        self.inside: list[str] = []

    def read(self) -> None:
        self.inside.append("reader")
        assert "writer" not in self.inside
        self.inside.remove("reader")

    def write(self) -> None:
        self.inside.append("writer")
        assert len(self.inside) == 1
        self.inside.remove("writer")
