"""The readers-writer lock under every interleaving, its own code visible."""

import threading
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from concur.check import Status, linearizable
from concur.errors import DeadlockError, NotOwnerError
from tests.sync.verifying import HOME, Scenario, in_one_file, together, verdict_of


class Page:
    """What is read and written; it notices a writer that is not alone, with as few accesses as that takes."""

    def __init__(self) -> None:
        self.is_written = False
        self.writes = 0

    def write(self) -> None:
        assert not self.is_written, "two write"
        self.is_written = True
        self.writes += 1
        self.is_written = False

    def read(self) -> None:
        assert not self.is_written, "read while it was written"


def is_free(lock: Any) -> bool:
    """Whether nobody is inside or in line, nor has left a trace of it."""
    if not lock.read().acquire(False):
        return False
    lock.read().release()
    if not lock.write().acquire(False):
        return False
    lock.write().release()
    return repr(lock) == "<ReadWriteLock reading=0 waiting=0>"


def one_reads_one_writes(module: ModuleType) -> None:
    lock, page = module.ReadWriteLock(), Page()

    def read() -> None:
        with lock.read():
            page.read()

    def write() -> None:
        with lock.write():
            page.write()

    together(read, write)
    assert page.writes == 1
    assert is_free(lock)


def two_write_twice(module: ModuleType) -> None:
    lock, page = module.ReadWriteLock(), Page()

    def write_twice() -> None:
        for _ in range(2):
            with lock.write():
                page.write()

    together(write_twice, write_twice)
    assert page.writes == 4
    assert is_free(lock)


def closed_while_written(module: ModuleType) -> None:
    """The room is closed for as long as somebody writes."""
    lock = module.ReadWriteLock()

    def write() -> None:
        with lock.write():
            assert repr(lock).startswith("<ReadWriteLock writing")

    together(write, write)
    assert is_free(lock)


def three_by_one(lock: Any, *sides: str) -> None:
    page = Page()

    def once(side: str) -> Callable[[], None]:
        def enter() -> None:
            with getattr(lock, side)():
                getattr(page, side)()

        return enter

    together(*[once(side) for side in sides])
    assert page.writes == sides.count("write")
    assert is_free(lock)


def two_read_one_writes(module: ModuleType) -> None:
    three_by_one(module.ReadWriteLock(), "read", "read", "write")


def one_reads_two_write(module: ModuleType) -> None:
    three_by_one(module.ReadWriteLock(), "read", "write", "write")


def readers_read_together(module: ModuleType) -> None:
    """Both are inside before one leaves; were one of them made to wait, neither would end."""
    lock, met = module.ReadWriteLock(), threading.Barrier(2)

    def read() -> None:
        with lock.read():
            met.wait()

    together(read, read)


def entered(side: Any, timeout: float, visit: Callable[[], None]) -> bool:
    if side.acquire(timeout=timeout):
        visit()
        side.release()
        return True
    return False


def writer_gives_up(module: ModuleType) -> None:
    """A writer whose time is up leaves no claim behind: readers go in as before."""
    lock, page = module.ReadWriteLock(), Page()

    def read() -> None:
        with lock.read():
            page.read()

    together(read, read, lambda: entered(lock.write(), 1, page.write))
    assert is_free(lock)


def reader_gives_up(module: ModuleType) -> None:
    lock, page = module.ReadWriteLock(), Page()

    def write() -> None:
        with lock.write():
            page.write()

    together(write, write, lambda: entered(lock.read(), 1, page.read))
    assert page.writes == 2
    assert is_free(lock)


def one_writer_gives_up(module: ModuleType) -> None:
    lock, page = module.ReadWriteLock(), Page()

    def read() -> None:
        with lock.read():
            page.read()

    together(read, lambda: entered(lock.write(), 1, page.write))
    assert is_free(lock)


def one_reader_gives_up(module: ModuleType) -> None:
    lock, page = module.ReadWriteLock(), Page()

    def write() -> None:
        with lock.write():
            page.write()

    together(write, lambda: entered(lock.read(), 1, page.read))
    assert is_free(lock)


def all_give_up(module: ModuleType) -> None:
    lock, page = module.ReadWriteLock(), Page()
    together(
        lambda: entered(lock.write(), 1, page.write),
        lambda: entered(lock.write(), 1, page.write),
    )
    assert page.writes >= 1
    assert is_free(lock)


def tried(module: ModuleType) -> None:
    lock, page = module.ReadWriteLock(), Page()

    def try_both() -> None:
        for side, visit in ((lock.read(), page.read), (lock.write(), page.write)):
            if side.acquire(False):
                visit()
                side.release()

    def write() -> None:
        with lock.write():
            page.write()

    together(try_both, write)
    assert is_free(lock)


def reading_nests(module: ModuleType) -> None:
    """A thread that reads reads again without waiting, whatever writers do."""
    lock, page = module.ReadWriteLock(), Page()

    def read() -> None:
        with lock.read(), lock.read():
            page.read()

    def write() -> None:
        with lock.write():
            page.write()

    together(read, write)
    assert is_free(lock)


def waits_for_itself(module: ModuleType) -> None:
    lock, told = module.ReadWriteLock(), []

    def upgrade() -> None:
        with lock.read():
            try:
                lock.write().acquire()
            except DeadlockError:
                told.append(1)

    together(upgrade, upgrade)
    assert told == [1, 1]
    assert is_free(lock)


def comes_again_while_writing(module: ModuleType) -> None:
    lock, told = module.ReadWriteLock(), []

    def write() -> None:
        with lock.write():
            for side in (lock.read(), lock.write()):
                assert not side.acquire(False)
                assert not side.acquire(timeout=1)
                try:
                    side.acquire()
                except DeadlockError:
                    told.append(1)

    def read() -> None:
        with lock.read():
            pass

    together(write, read)
    assert told == [1, 1]
    assert is_free(lock)


def ended_by_another(module: ModuleType) -> None:
    lock = module.ReadWriteLock()

    def hold() -> None:
        with lock.read():
            pass
        with lock.write():
            pass

    def intrude() -> None:
        for side in (lock.read(), lock.write()):
            try:
                side.release()
            except NotOwnerError:
                continue
            raise AssertionError("released what it does not hold")

    together(hold, intrude)
    assert is_free(lock)


class Calls:
    """A readers-writer lock as one object with four calls, so that their order can be judged."""

    def __init__(self, lock: Any) -> None:
        self._lock = lock

    def begin_reading(self) -> bool:
        result: bool = self._lock.read().acquire()
        return result

    def end_reading(self) -> None:
        self._lock.read().release()

    def begin_writing(self, blocking: bool = True) -> bool:
        result: bool = self._lock.write().acquire(blocking)
        return result

    def end_writing(self) -> None:
        self._lock.write().release()


class Model:
    """The same for one thread; who would have to wait makes this order of calls impossible."""

    def __init__(self) -> None:
        self.content = (0, False)  # how many read, whether somebody writes

    def begin_reading(self) -> bool:
        readers, is_written = self.content
        self.content = (readers + 1, False)
        return not is_written

    def end_reading(self) -> None:
        self.content = (self.content[0] - 1, False)

    def begin_writing(self, blocking: bool = True) -> bool:
        is_free = self.content == (0, False)
        if is_free:
            self.content = (0, True)
        return is_free

    def end_writing(self) -> None:
        self.content = (0, False)


def is_linearizable(module: ModuleType) -> None:
    lock = linearizable(Model, Calls(module.ReadWriteLock()))

    def read() -> None:
        lock.begin_reading()
        lock.end_reading()

    def write() -> None:
        lock.begin_writing()
        lock.end_writing()

    together(read, write)
    assert lock.begin_writing()


def try_is_linearizable(module: ModuleType) -> None:
    lock = linearizable(Model, Calls(module.ReadWriteLock()))

    def read() -> None:
        lock.begin_reading()
        lock.end_reading()

    def write() -> None:
        if lock.begin_writing(False):
            lock.end_writing()

    together(read, write)
    assert lock.begin_writing(False)


def three_try(module: ModuleType) -> None:
    """Nobody leaves: readers are inside, or one writer, or nobody if they were in each other's way."""
    lock = module.ReadWriteLock()
    inside: list[str] = []

    def come(side: str) -> Callable[[], None]:
        def enter() -> None:
            if getattr(lock, side)().acquire(False):
                inside.append(side)

        return enter

    together(come("read"), come("read"), come("write"))
    assert inside in (["write"], ["read"], ["read", "read"], [])


def three_are_linearizable(module: ModuleType) -> None:
    lock = linearizable(Model, Calls(module.ReadWriteLock()))

    def try_writing() -> None:
        if lock.begin_writing(False):
            lock.end_writing()

    together(lock.begin_reading, lock.begin_reading, try_writing)


def nobody_passes_the_line(module: ModuleType) -> None:
    """A reader that comes when a writer stands in line goes in after it."""
    lock = module.ReadWriteLock()
    log: list[str] = []

    def write() -> None:
        with lock.write():
            log.append("write")

    def read() -> None:
        is_late = "waiting=1" in repr(lock)
        with lock.read():
            assert not is_late or log == ["write"]
            log.append("read")

    with lock.write():
        threads = [threading.Thread(target=write), threading.Thread(target=read)]
        for thread in threads:
            thread.start()
    for thread in threads:
        thread.join()
    assert sorted(log) == ["read", "write"]


def no_writer_passes_the_line(module: ModuleType) -> None:
    """A writer that comes when another one stands in line goes in after it."""
    lock = module.ReadWriteLock()
    log: list[str] = []

    def write(name: str) -> Callable[[], None]:
        def enter() -> None:
            is_late = "waiting=1" in repr(lock) and not log
            with lock.write():
                assert not is_late or log
                log.append(name)

        return enter

    with lock.write():
        threads = [threading.Thread(target=write("one")), threading.Thread(target=write("two"))]
        for thread in threads:
            thread.start()
    for thread in threads:
        thread.join()


SCENARIOS: list[Scenario] = [
    one_reads_one_writes,
    two_write_twice,
    closed_while_written,
    readers_read_together,
    one_writer_gives_up,
    one_reader_gives_up,
    all_give_up,
    tried,
    reading_nests,
    waits_for_itself,
    comes_again_while_writing,
    ended_by_another,
    nobody_passes_the_line,
    no_writer_passes_the_line,
    is_linearizable,
    try_is_linearizable,
    three_try,
]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.__name__)
def test_verified(scenario: Scenario) -> None:
    """Under every interleaving of two threads that come and go, or three that come, the claim holds."""
    verdict = verdict_of(scenario, HOME / "rwlock.py", races="off")
    assert verdict.status is Status.VERIFIED, str(verdict)


@pytest.mark.slow
def test_three_linearizable() -> None:
    """Two come to read, and one tries to write."""
    verdict = verdict_of(three_are_linearizable, HOME / "rwlock.py", races="off")
    assert verdict.status is Status.VERIFIED, str(verdict)


# The same with one line changed: the file, what is changed into what, and who notices.
MUTANTS: dict[str, tuple[str, str, str, Scenario]] = {
    "reader does not look again": (
        "rwlock",
        "                room.readers.append(me)\n                if not room.is_closed:\n",
        "                room.readers.append(me)\n                if True:\n",
        one_reads_one_writes,
    ),
    "reader looks before it is on the list": (
        "rwlock",
        "                room.readers.append(me)\n                if not room.is_closed:\n",
        "                was = room.is_closed\n                room.readers.append(me)\n                if not was:\n",
        one_reads_one_writes,
    ),
    "reader stays on the list": (
        "rwlock",
        "                raise\n            self.release()\n        return",
        "                raise\n        return",
        one_reads_one_writes,
    ),
    "reader passes the line": (
        "rwlock",
        "        if not room.is_closed and not room.line:\n            me",
        "        if not room.is_closed:\n            me",
        nobody_passes_the_line,
    ),
    "reader keeps the turn": (
        "rwlock",
        "            room.readers.append(get_ident())\n        finally:\n            room.turn.release()\n",
        "            room.readers.append(get_ident())\n        finally:\n            pass\n",
        one_reads_one_writes,
    ),
    "reader inside waits": (
        "rwlock",
        "if room.is_read_by_me():\n            room.readers",
        "if False:\n            room.readers",
        reading_nests,
    ),
    "reader takes a failure for a success": (
        "rwlock",
        "not room.take_turn(_deadline(timeout), closing=False):",
        "not (room.take_turn(_deadline(timeout), closing=False) or True):",
        one_reader_gives_up,
    ),
    "writer does not read the list": (
        "rwlock",
        "                    if not room.readers.copy():\n",
        "                    if True:\n",
        one_reads_one_writes,
    ),
    "writer reads the list before it closes": (
        "rwlock",
        "room.is_closed = True\n                    if not room.readers.copy():\n",
        "some = room.readers.copy()\n                    room.is_closed = True\n                    if not some:\n",
        one_reads_one_writes,
    ),
    "writer passes the line": (
        "rwlock",
        "        if not room.is_closed and not room.line:\n            try",
        "        if not room.is_closed:\n            try",
        no_writer_passes_the_line,
    ),
    "writer leaves the line before it closes": (
        "rwlock",
        "                self.is_closed = True  #",
        "                leave(self.line, place)\n                self.is_closed = True  #",
        nobody_passes_the_line,
    ),
    "writer waits without a look": (
        "rwlock",
        "                if not self.readers.copy():\n                    return True\n",
        "",
        one_reads_one_writes,
    ),
    "writer looks without the guard": (
        "rwlock",
        "            with self.guard:\n                if not self.readers.copy():\n                    return True\n",
        "            if not self.readers.copy():\n                return True\n            with self.guard:\n",
        one_reads_one_writes,
    ),
    "writer leaves its claim": (
        "rwlock",
        "            if not is_alone:  #",
        "            if False:  #",
        one_writer_gives_up,
    ),
    "writer does not open": (
        "rwlock",
        "        room.is_closed = False\n        room.turn.release()\n",
        "        room.turn.release()\n",
        one_reads_one_writes,
    ),
    "writer opens too late": (
        "rwlock",
        "        room.is_closed = False\n        room.turn.release()\n",
        "        room.turn.release()\n        room.is_closed = False\n",
        closed_while_written,
    ),
    "upgrade is not noticed": (
        "rwlock",
        "        if room.is_read_by_me():\n            return room.refuse",
        "        if False:\n            return room.refuse",
        waits_for_itself,
    ),
    "writing twice is not noticed": (
        "rwlock",
        '        if self._is_owned():\n            return room.refuse(blocking, timeout, "write", "writes")\n',
        "",
        comes_again_while_writing,
    ),
    "anybody may end writing": ("rwlock", "if not is_mine:", "if not room.is_closed:", ended_by_another),
    "the last reader tells nobody": ("rwlock", "self.emptied.wake()", "pass", one_reads_one_writes),
    "the first reader tells": (
        "rwlock",
        "not self.emptied.woken and not self.readers.copy()",
        "not self.emptied.woken",
        two_read_one_writes,
    ),
    "the first in line sleeps": (
        "rwlock",
        "                if len(self.line) == 1:\n                    place.wake()\n",
        "",
        one_reads_one_writes,
    ),
    "the next in line sleeps": (
        "rwlock",
        "                if self.line and not self.line[0].woken:\n                    self.line[0].wake()\n",
        "",
        two_read_one_writes,
    ),
}


@pytest.mark.parametrize("mutant", MUTANTS)
def test_mutant_refuted(mutant: str, tmp_path: Path) -> None:
    """The scenarios notice a wrong line."""
    file, right, wrong, scenario = MUTANTS[mutant]
    module = tmp_path / "mutant.py"
    module.write_text(in_one_file(("_parking", "rwlock"), file, right, wrong), encoding="utf-8")
    verdict = verdict_of(scenario, module, races="off")
    assert verdict.status is Status.REFUTED, str(verdict)


def test_in_one_file_verified(tmp_path: Path) -> None:
    """What refutes a mutant is the change, not the way in which it was written down."""
    module = tmp_path / "unchanged.py"
    module.write_text(in_one_file(("_parking", "rwlock")), encoding="utf-8")
    for scenario in (one_reads_one_writes, one_writer_gives_up):
        verdict = verdict_of(scenario, module, races="off")
        assert verdict.status is Status.VERIFIED, str(verdict)
