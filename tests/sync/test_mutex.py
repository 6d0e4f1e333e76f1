"""What a mutex promises beyond a lock: it knows its owner."""

import threading

import pytest

from concur.errors import ConcurError, DeadlockError, NotOwnerError
from concur.sync import Mutex


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


def test_waiting_for_oneself() -> None:
    """A wait that could never end is refused at once, and the mutex stays with its owner."""
    log = Mutex(name="log")
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


def test_owner_by_turns(elsewhere) -> None:
    """Ownership goes with the mutex from thread to thread, and ends with the release."""
    mutex = Mutex()

    def turn() -> str:
        with mutex:
            return repr(mutex)

    assert elsewhere(turn, "first") == "<Mutex locked by 'first'>"
    assert elsewhere(turn, "second") == "<Mutex locked by 'second'>"
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
