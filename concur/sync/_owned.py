"""What mutexes with an owner have in common: who holds which, and what is said to those who do not.

Each thread keeps, for itself alone, the mutexes that it holds and how many
times over. So the two questions "is it mine?" and "do I hold it already?" are
answered without looking at anything that another thread may be writing.
"""

import threading
from types import TracebackType

from concur.errors import DeadlockError


class Me:
    """What a thread knows of itself."""

    __slots__ = ("held", "thread")

    def __init__(self) -> None:
        self.thread = threading.current_thread()
        self.held: dict[Owned, int] = {}  # how many times over; no other thread looks


here = threading.local()  # here.me is the Me of the calling thread, if it has ever taken a mutex


def meet() -> Me:
    """The Me of the calling thread."""
    try:
        me: Me = here.me
    except AttributeError:
        me = here.me = Me()
    return me


class Owned:
    """A mutex that knows which thread holds it. A kind of it says how it is taken and given back."""

    _one = "mutex"  # what messages call it

    def __init__(self, *, name: str | None = None) -> None:
        self.name = name
        # Who holds it, for messages only; written by the holder, None while it is free.
        self._owner: Me | None = None

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        raise NotImplementedError

    def release(self) -> None:
        raise NotImplementedError

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    def __repr__(self) -> str:
        owner = self._owner
        state = "unlocked" if owner is None else f"locked by {owner.thread.name!r}"
        name = "" if self.name is None else f" {self.name!r}"
        return f"<{type(self).__name__}{name} {state}>"

    def _is_owned(self) -> bool:
        """Whether the calling thread holds the mutex; condition variables ask."""
        return self in meet().held

    def _deadlock(self) -> DeadlockError:
        return DeadlockError(
            f"thread {meet().thread.name!r} waits for {self._called()}, which it holds itself.\n"
            "A mutex is taken once: release it first, or use ReentrantMutex where calls nest."
        )

    def _not_yours(self) -> str:
        owner = self._owner
        holder = "nobody holds it" if owner is None else f"{owner.thread.name!r} holds it"
        return (
            f"thread {meet().thread.name!r} released {self._called()}, but {holder}.\n"
            "Only the owner may release a mutex. For a signal between threads use Semaphore(0)."
        )

    def _called(self) -> str:
        return f"an unnamed {self._one}" if self.name is None else f"{self._one} {self.name!r}"
