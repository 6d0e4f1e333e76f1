"""Two graphs of locks: who waits for whom now, and which lock is taken while which is held.

:class:`WaitForGraph` is about this moment. A thread that waits points to the
lock, the lock to its owner; a circle of these arrows is a deadlock, and there is
no deadlock without one (Coffman, Elphick, Shoshani: "System deadlocks", 1971).

    >>> from concur.deadlock import WaitForGraph
    >>> graph = WaitForGraph()
    >>> graph.holds("Plato", "left fork")
    >>> graph.holds("Kant", "right fork")
    >>> graph.waits("Plato", "right fork")
    >>> graph.cycle()
    >>> graph.waits("Kant", "left fork")
    >>> graph.cycle()
    ['Kant', 'Plato']

:class:`LockOrderGraph` is about the whole life of a program. Every lock that is
waited for while another is held gives an arrow between the two; a circle of
these means that a deadlock is *possible*, also in a run that had none. That is
how the "lockdep" of Linux finds faults by having seen each half once.

    >>> from concur.deadlock import LockOrderGraph
    >>> class Account: ...
    >>> mine, yours = Account(), Account()
    >>> order = LockOrderGraph()
    >>> order.holds("T1", mine, at="bank.py:10"), order.holds("T1", yours, at="bank.py:11")
    (None, None)
    >>> order.released("T1", yours), order.released("T1", mine)
    (None, None)
    >>> order.holds("T2", yours, at="bank.py:20")
    >>> inversion = order.holds("T2", mine, at="bank.py:21")
    >>> for step in inversion:
    ...     print(f"{step.thread} waited at {step.at} and held what it took at {step.held_at}")
    T2 waited at bank.py:21 and held what it took at bank.py:20
    T1 waited at bank.py:11 and held what it took at bank.py:10

Neither takes a lock of the program; both only keep books, and may be called by
any number of threads.
"""

import itertools
import threading
import weakref
from collections import deque
from collections.abc import Hashable
from typing import Any, NamedTuple

from concur.errors import NotOwnerError


class WaitForGraph:
    """Who holds what and waits for what; finds a deadlock of any number of threads."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        # Guarded by _guard. Invariant: nobody waits for a lock that he owns, and depth > 0.
        self._waits: dict[str, Hashable] = {}  # thread -> the one lock that it waits for
        self._owner: dict[Hashable, str] = {}  # lock -> the one thread that holds it
        self._depth: dict[Hashable, int] = {}  # lock -> how many times over its owner has taken it

    def waits(self, thread: str, lock: Hashable) -> None:
        """*thread* waits for *lock*, and for no other; taking a lock again that it holds is no waiting."""
        with self._guard:
            if self._owner.get(lock) != thread:
                self._waits[thread] = lock
            else:
                self._waits.pop(thread, None)

    def gives_up(self, thread: str) -> None:
        """*thread* waits no more and did not get the lock: its time was up, or it was interrupted."""
        with self._guard:
            self._waits.pop(thread, None)

    def holds(self, thread: str, lock: Hashable) -> None:
        """*thread* has taken *lock*, which ends its wait; ValueError if another thread holds it."""
        with self._guard:
            owner = self._owner.setdefault(lock, thread)
            if owner != thread:
                raise ValueError(
                    f"thread {thread!r} cannot hold {lock!r}: {owner!r} holds it.\n"
                    "A lock has one owner: say released() for the old one before holds() for the new one."
                )
            self._depth[lock] = self._depth.get(lock, 0) + 1
            self._waits.pop(thread, None)

    def released(self, thread: str, lock: Hashable) -> None:
        """*thread* has released *lock* once; it holds it until that was said as often as ``holds``."""
        with self._guard:
            owner = self._owner.get(lock)
            if owner != thread:
                holder = "nobody holds it" if owner is None else f"{owner!r} holds it"
                raise NotOwnerError(
                    f"thread {thread!r} released {lock!r}, but {holder}.\nOnly the owner releases a lock."
                )
            self._depth[lock] -= 1
            if self._depth[lock] == 0:
                del self._depth[lock], self._owner[lock]

    def cycle(self) -> list[str] | None:
        """The threads of a deadlock, each waiting for what the next one holds, from the least name on.

        None if there is no deadlock. Of several, the one with the least name in it.
        """
        with self._guard:
            finished: set[str] = set()  # threads that lead to no cycle, or to one that was seen
            found: list[list[str]] = []
            for start in self._waits:
                path: list[str] = []
                thread: str | None = start
                while thread is not None and thread not in finished:
                    finished.add(thread)
                    path.append(thread)
                    thread = self._owner.get(self._waits[thread]) if thread in self._waits else None
                if thread in path:
                    found.append(path[path.index(thread) :])
        if not found:
            return None
        names = min(found, key=min)
        first = names.index(min(names))
        return names[first:] + names[:first]


class Step(NamedTuple):
    """One arrow of a lock order: *thread* waited for *then* while it held *first*."""

    first: Any  # names, or what tells its name when it is printed
    then: Any
    thread: str
    held_at: Any  # where it had taken *first*
    at: Any  # where it waited for *then*


class Node:
    """A lock, or all locks of one name, in a lock order; knows its neighbours but not the lock."""

    __slots__ = ("after", "before", "name")

    def __init__(self, name: Any) -> None:
        self.name = name
        self.before: set[Node] = set()  # those that were held when this one was waited for
        self.after: dict[Node, Step] = {}  # the same arrows, from their other end


class Taken(NamedTuple):
    """A lock that a thread holds."""

    node: Node
    level: Any
    at: Any


class LockOrderGraph:
    """Which lock was waited for under which; finds orders that contradict each other.

    Locks are told apart by identity, and are not kept alive: when one dies, its
    arrows go. Locks that were given one *name* count as one: what is found out
    about one holds for all. Taking two of one name is taken for harmless, unless
    both have a *level* and the second has the lower one.

    What is acquired without waiting, or with a time-out, cannot be what a thread
    waits for for ever: it gets no arrow from those held. But it is held then, and
    what is waited for under it does get one.
    """

    def __init__(self) -> None:
        self._guard = threading.RLock()  # re-entered when a collection inside a call lets locks die
        # Guarded by _guard.
        self._named: dict[str, Node] = {}
        self._known: dict[int, tuple[weakref.ref[Any], Node, Any]] = {}  # id of a lock -> it, node, level
        self._taken: dict[str, list[tuple[int, Taken]]] = {}  # thread -> what it holds, in order
        self._reported: set[frozenset[Node]] = set()
        self._dead: deque[tuple[int | None, Node]] = deque()  # whose arrows have still to go

    def name(self, lock: Any, name: str, level: Any = None) -> None:
        """Count *lock* as one of those called *name*; levels, where given, are to be taken upwards."""
        with self._guard:
            self._bury()
            node = self._named.setdefault(name, Node(name))
            self._remember(lock, node, level)

    def holds(
        self, thread: str, lock: Any, at: Any = None, *, blocking: bool = True, timeout: float | None = None
    ) -> list[Step] | None:
        """*thread* has taken *lock* by a call ``acquire(blocking, timeout)`` at the place *at*.

        Returns the steps of an order that contradicts itself, the new step first,
        if this call has closed one that was not reported before.
        """
        with self._guard:
            self._bury()
            _, node, level = self._known.get(id(lock)) or self._remember(lock, Node(None), None)
            taken = self._taken.setdefault(thread, [])
            found = None
            again = any(key == id(lock) for key, _ in taken)
            if blocking and timeout in (None, -1) and not again:
                for _, held in taken:
                    found = self._step(thread, held, Taken(node, level, at)) or found
            taken.append((id(lock), Taken(node, level, at)))
            return found

    def released(self, thread: str, lock: Any) -> None:
        """*thread* has released *lock* once."""
        with self._guard:
            taken = self._taken.get(thread, [])
            for index in range(len(taken) - 1, -1, -1):
                if taken[index][0] == id(lock):
                    del taken[index]
                    break
            else:
                raise NotOwnerError(f"thread {thread!r} released {lock!r}, but does not hold it.")
            if not taken:
                del self._taken[thread]

    def add(self, step: Step, first: Node, then: Node) -> list[Step] | None:
        """Draw an arrow; the circle that it closes, if it does and those locks were not reported before."""
        with self._guard:
            self._bury()
            if first in then.before:
                return None
            then.before.add(first)
            first.after[then] = step
            path = _path(then, first)
            if path is None:
                return None
            around = frozenset([first, *path])
            if around in self._reported:
                return None
            self._reported.add(around)
            circle = [first, *path]
            return [one.after[other] for one, other in itertools.pairwise(circle)]

    def forget(self, node: Node) -> None:
        """The lock of *node* is no more; takes no lock, so that a finalizer may call it."""
        self._dead.append((None, node))

    def _step(self, thread: str, held: Taken, new: Taken) -> list[Step] | None:
        step = Step(held.node.name or "a lock", new.node.name or "a lock", thread, held_at=held.at, at=new.at)
        if held.node is not new.node:
            return self.add(step, held.node, new.node)
        downwards = held.level is not None and new.level is not None and new.level < held.level
        around = frozenset([new.node])
        if not downwards or around in self._reported:
            return None
        self._reported.add(around)
        return [step]

    def _remember(self, lock: Any, node: Node, level: Any) -> tuple[weakref.ref[Any], Node, Any]:
        key, dead, named = id(lock), self._dead, node.name is not None
        gone = Node(None) if named else node  # a name outlives its locks
        entry = (weakref.ref(lock, lambda _: dead.append((key, gone))), node, level)
        self._known[key] = entry
        return entry

    def _bury(self) -> None:
        while self._dead:
            try:
                key, node = self._dead.popleft()
            except IndexError:  # a collection in between has buried it
                return
            if key is not None:
                entry = self._known.get(key)
                if entry is not None and entry[0]() is None:
                    del self._known[key]
            for other in node.before:
                other.after.pop(node, None)
            for other in node.after:
                other.before.discard(node)
            node.before.clear()
            node.after.clear()
            self._reported = {around for around in self._reported if node not in around}


def _path(start: Node, end: Node) -> list[Node] | None:
    """The nodes of a shortest way along the arrows, both ends in it."""
    came_from: dict[Node, Node | None] = {start: None}
    queue = deque([start])
    while queue:
        node = queue.popleft()
        if node is end:
            path: list[Node] = []
            step: Node | None = node
            while step is not None:
                path.append(step)
                step = came_from[step]
            return path[::-1]
        for after in node.after:
            if after not in came_from:
                came_from[after] = node
                queue.append(after)
    return None
