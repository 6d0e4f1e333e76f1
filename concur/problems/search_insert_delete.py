"""Search, insert, delete: three kinds of threads share a list, each keeping out only those it must.

Searchers look at a linked list and disturb nobody. Inserters add at its end:
one at a time, but searchers may go on meanwhile. Deleters cut an item out of
the middle, and need the list for themselves. It is readers and writers with a
third kind between the two (Andrews, "Concurrent Programming", 1991; The Little
Book of Semaphores, 6.1).

How it works: an inserter links a finished node with one assignment, so that a
searcher finds it there or not, and nothing else. A deleter takes three locks.
The first keeps inserters out, and other deleters. The second is a turnstile
through which every searcher passes: while the deleter stands in it nobody can
come in and overtake him. Then he waits until the last searcher has left. In
this order, for while he waits for an inserter searchers may still come in.

    >>> friends = SharedList("ann", "bob")
    >>> friends.insert("cyd")
    >>> friends.delete("bob"), friends.delete("bob")
    (True, False)
    >>> friends.search(lambda name: name > "b"), list(friends)
    ('cyd', ['ann', 'cyd'])
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from threading import Thread

from concur.problems import Say
from concur.problems._together import together
from concur.sync.mutex import Mutex
from concur.sync.semaphore import Semaphore

CHECK = "explore"
ATOMIC = (Semaphore,)


class Node:
    def __init__(self, item: str, following: Node | None = None) -> None:
        self.item = item
        self.following = following


class SharedList:
    """Items in the order in which they were inserted."""

    def __init__(self, *items: str) -> None:
        self._start = Node("")  # stands before the first item, and is no item itself
        self._end = self._start  # guarded by _growing
        self._growing = Mutex(name="growing")
        self._turnstile = Mutex(name="turnstile")
        self._counting = Mutex(name="counting")
        self._searchers = 0  # guarded by _counting; above 0, the permit of _nobody_searches is theirs
        # No mutex: the first searcher takes it, and the last one, another thread, gives it back.
        self._nobody_searches = Semaphore(1, name="nobody searches")
        for item in items:
            self.insert(item)

    def search(self, fits: Callable[[str], bool]) -> str | None:
        """The first item that fits, or None."""
        with self._turnstile:
            self._begin_search()
        try:
            return next(filter(fits, self), None)
        finally:
            self._end_search()

    def insert(self, item: str) -> None:
        """Add an item at the end."""
        with self._growing:
            self._end.following = Node(item)
            self._end = self._end.following

    def delete(self, item: str) -> bool:
        """Cut the first such item out; whether there was one."""
        with self._growing, self._turnstile, self._nobody_searches:
            before = self._start
            while before.following is not None and before.following.item != item:
                before = before.following
            node = before.following
            if node is None:
                return False
            before.following, node.following = node.following, None  # a trap for whoever stands on it
            if self._end is node:
                self._end = before
            return True

    def __iter__(self) -> Iterator[str]:
        node = self._start.following
        while node is not None:
            yield node.item
            node = node.following

    def _begin_search(self) -> None:
        with self._counting:
            self._searchers += 1
            if self._searchers == 1:
                self._nobody_searches.acquire()

    def _end_search(self) -> None:
        with self._counting:
            self._searchers -= 1
            if self._searchers == 0:
                self._nobody_searches.release()


def scenario_search_and_delete() -> None:
    """A searcher does not fall off the list when what he stands on is deleted."""
    names = SharedList("ann", "bob")
    found: list[str | None] = []

    def search() -> None:
        found.append(names.search(lambda name: name == "bob"))

    together(lambda: names.delete("ann"), search, search)
    assert found == ["bob", "bob"]


def scenario_two_inserts() -> None:
    """Nothing inserted is lost, and a searcher sees whole items only."""
    names = SharedList("ann")
    seen: list[str] = []

    def look(name: str) -> bool:
        seen.append(name)
        return False

    def search() -> None:
        names.search(look)

    together(lambda: names.insert("bob"), lambda: names.insert("cyd"), search)
    assert {*seen} <= {"ann", "bob", "cyd"}, f"a searcher saw {seen}"
    assert sorted(names) == ["ann", "bob", "cyd"]


def scenario_insert_and_delete() -> None:
    """Nothing is inserted behind an item that is gone, and nothing comes back."""
    names = SharedList("ann", "bob", "cyd")
    together(
        lambda: names.insert("dan"),
        lambda: names.delete("cyd"),
        lambda: names.delete("bob"),
    )
    assert list(names) == ["ann", "dan"]


def scenario_side_by_side() -> None:
    """While somebody searches, others can search and insert."""
    names = SharedList("ann", "bob")
    others_done = Semaphore(0)

    def wait_for_others(name: str) -> bool:
        if name == "ann":
            others_done.acquire()
            others_done.acquire()
        return False

    def insert() -> None:
        names.insert("cyd")
        others_done.release()

    def search() -> None:
        assert names.search(lambda name: name == "bob") == "bob"
        others_done.release()

    together(lambda: names.search(wait_for_others), insert, search)
    assert list(names) == ["ann", "bob", "cyd"]


def scenario_deleter_is_not_overtaken() -> None:
    """A searcher who comes while a deleter waits for those inside sees the list without the item."""
    names = SharedList("ann", "bob")
    found: list[str | None] = []
    delete = Thread(target=lambda: names.delete("ann"))
    search = Thread(target=lambda: found.append(names.search(lambda name: name == "ann")))

    def let_others_come(name: str) -> bool:
        if name == "ann":
            delete.start()
            while not names._turnstile.locked():
                pass
            search.start()
        return name == "bob"

    assert names.search(let_others_come) == "bob"
    delete.join()
    search.join()
    assert found == [None]


def demo(say: Say) -> None:
    names = SharedList(*(f"old-{number}" for number in range(30)), "oldest friend")
    rounds = 60
    lost: list[int] = []

    def search() -> None:
        for round_ in range(rounds):
            if names.search(lambda name: name == "oldest friend") is None:
                lost.append(round_)

    def insert(who: str) -> None:
        for number in range(rounds):
            names.insert(f"{who}-{number}")

    def delete() -> None:
        gone = sum(names.delete(f"old-{number}") for number in range(30))
        say(f"the deleter has cut out {gone} items, one after the other")

    say("a list of 31; two search for the last, two insert 60 each, one deletes 30")
    together(search, search, lambda: insert("ann"), lambda: insert("bob"), delete)
    items = list(names)
    say(f"{2 * rounds} searches, {len(lost)} fell off the list; {len(items)} items are left")
    assert not lost
    assert items[0] == "oldest friend"
    assert sorted(items[1:]) == sorted(f"{who}-{n}" for who in ("ann", "bob") for n in range(rounds))
