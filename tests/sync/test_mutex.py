"""What mutexes promise beyond locks: they know their owner, and one is fair."""

import threading

import pytest

from concur.errors import ConcurError, DeadlockError, NotOwnerError
from concur.sync import FairMutex, Mutex, PlainMutex, ReentrantMutex


def test_another_thread_may_not_release() -> None:
    """The message names the thread, the mutex and the owner, the rule, and what to use instead."""
    log = Mutex(name="log")
    said: list[str] = []

    def release() -> None:
        try:
            log.release()
        except NotOwnerError as error:
            said.append(str(error))

    with log:
        intruder = threading.Thread(target=release, name="writer-2")
        intruder.start()
        intruder.join()
        assert log.locked()
    (message,) = said
    assert message == (
        "thread 'writer-2' released mutex 'log', but 'MainThread' holds it.\n"
        "Only the owner may release a mutex. For a signal between threads use Semaphore(0)."
    )


def test_nobody_may_release_a_free_mutex() -> None:
    """Releasing an unlocked mutex is an error that says so."""
    with pytest.raises(NotOwnerError, match="released an unnamed mutex, but nobody holds it"):
        Mutex().release()


@pytest.mark.parametrize("kind", [Mutex, FairMutex])
def test_waiting_for_oneself(kind: type) -> None:
    """A wait that could never end is refused at once, and the mutex stays with its owner."""
    log = kind(name="log")
    with log:
        with pytest.raises(DeadlockError, match="waits for mutex 'log', which it holds itself"):
            log.acquire()
        with pytest.raises(DeadlockError), log:
            pass
        assert log.locked()
    assert not log.locked()


def test_errors_are_runtime_errors() -> None:
    """A program that catches what threading raises catches these too."""
    for error in (NotOwnerError, DeadlockError):
        assert issubclass(error, RuntimeError)
        assert issubclass(error, ConcurError)


@pytest.mark.parametrize("kind", [Mutex, FairMutex, ReentrantMutex])
def test_owner_by_turns(kind: type, elsewhere) -> None:
    """Ownership goes with the mutex from thread to thread, and ends with the release."""
    mutex = kind()

    def turn() -> str:
        with mutex:
            return repr(mutex)

    assert elsewhere(turn, "first") == f"<{kind.__name__} locked by 'first'>"
    assert elsewhere(turn, "second") == f"<{kind.__name__} locked by 'second'>"
    with pytest.raises(NotOwnerError):
        elsewhere(mutex.release)


def test_repr() -> None:
    """The text tells the name, and who holds it."""
    mutex = Mutex(name="log")
    assert repr(mutex) == "<Mutex 'log' unlocked>"
    with mutex:
        assert repr(mutex) == "<Mutex 'log' locked by 'MainThread'>"
    assert repr(Mutex()) == "<Mutex unlocked>"


def test_two_mutexes_are_two() -> None:
    """Holding one says nothing about another."""
    one, other = Mutex(), Mutex()
    with one, other:
        assert one.locked()
        assert other.locked()
    with one, pytest.raises(NotOwnerError):
        other.release()


def test_nested() -> None:
    """A reentrant mutex tells how often it was taken, and who held it when a stranger releases it."""
    account = ReentrantMutex(name="account")
    with account, account:
        assert account._recursion_count() == 2
    assert account._recursion_count() == 0
    with pytest.raises(NotOwnerError, match="released mutex 'account', but nobody holds it"):
        account.release()


def test_plain() -> None:
    """A plain mutex tells its state and no owner, and a release too many by whom."""
    door = PlainMutex(name="door")
    assert repr(door) == "<PlainMutex 'door' unlocked>"
    with door:
        assert repr(door) == "<PlainMutex 'door' locked>"
    assert repr(PlainMutex()) == "<PlainMutex unlocked>"
    with pytest.raises(RuntimeError, match="'MainThread' released plain mutex 'door', but nobody holds it"):
        door.release()
    with pytest.raises(RuntimeError, match="released an unnamed plain mutex"):
        PlainMutex().release()


def test_first_come_first_served(elsewhere, until) -> None:
    """A fair mutex serves in the order of arrival, and an owner that comes back goes to the end of the line."""
    mutex, served = FairMutex(), []
    waiters = []

    def visit(name: object) -> None:
        with mutex:
            served.append(name)

    mutex.acquire()
    for number in range(5):
        waiters.append(elsewhere.start(lambda number=number: visit(number)))
        until(lambda expected=number + 2: len(mutex._line) == expected)
    mutex.release()
    visit("the owner again")
    elsewhere.join(*waiters)
    assert served == [0, 1, 2, 3, 4, "the owner again"]


def test_who_gives_up_keeps_nobody_waiting(elsewhere, until) -> None:
    """Threads whose time is up leave the line; the order of the others stays."""
    mutex, served = FairMutex(), []

    def visit(number: int) -> None:
        if number % 2:
            assert not mutex.acquire(timeout=0.001)
        else:
            with mutex:
                served.append(number)

    mutex.acquire()
    waiters = []
    for number in range(5):
        waiters.append(elsewhere.start(lambda number=number: visit(number)))
        if number % 2:
            elsewhere.join(waiters[-1])
        until(lambda expected=number // 2 + 2: len(mutex._line) == expected)
    mutex.release()
    elsewhere.join(*waiters)
    assert served == [0, 2, 4]
