"""The door of a consumer: one thread at a time, and only in the process that made it.

    >>> from concur.pubsub.door import Door
    >>> door = Door("billing")
    >>> with door:
    ...     with door:  # the same thread, as from a listener
    ...         pass
    >>> door.closed = True
    >>> with door:
    ...     pass
    Traceback (most recent call last):
        ...
    concur.pubsub.errors.IllegalState: consumer 'billing' is closed: make another

``KafkaConsumer.acquireAndEnsureOpen`` of Apache Kafka.
"""

import os
import threading

from concur.pubsub.errors import ConcurrentModification, IllegalState


class Door:
    """Lets one thread in at a time, which may come in again; a second one is told so.

    Args:
        name: of the consumer.
    """

    __slots__ = ("_depth", "_free", "_name", "_owner", "_process", "closed")

    def __init__(self, name: str) -> None:
        self._name = name
        self._free = threading.Lock()
        self._owner: int | None = None
        self._depth = 0
        self._process = os.getpid()
        self.closed = False

    def __enter__(self) -> None:
        me = threading.get_ident()
        if self._owner != me and not self._free.acquire(blocking=False):
            raise ConcurrentModification(
                f"thread '{threading.current_thread().name}' called consumer '{self._name}' while another thread was "
                f"inside. A consumer belongs to one thread; for others there is wakeup()."
            )
        self._owner = me
        self._depth += 1
        if self.closed or self._process != os.getpid():
            self.__exit__()
            raise IllegalState(
                f"consumer '{self._name}' is closed: make another"
                if self.closed
                else "the process was forked since this consumer was made, and its threads are not here: make another"
            )

    def __exit__(self, *_: object) -> None:
        self._depth -= 1
        if not self._depth:
            self._owner = None
            self._free.release()
