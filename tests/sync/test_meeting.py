"""What event, barrier and latch promise beyond the standard library's, which has no latch."""

import threading

import pytest

from concur.errors import DeadlockError
from concur.sync import Barrier, CountDownLatch, Event
from concur.sync._parking import Place

# Event


def test_a_wait_that_failed_was_not_woken(monkeypatch: pytest.MonkeyPatch) -> None:
    """If the event is set in the moment when the time is up, the wait has succeeded."""
    event = Event()

    def time_is_up(place: Place, timeout: float | None = None) -> bool:
        event.set()
        event.clear()
        return False

    monkeypatch.setattr(Place, "sleep", time_is_up)
    assert event.wait(1) is True


def test_event_repr(elsewhere, until) -> None:
    """The text tells the name, the state, and how many wait."""
    assert repr(Event()) == "<Event unset waiting=0>"
    loaded = Event(name="loaded")
    waiter = elsewhere.start(loaded.wait)
    until(lambda: repr(loaded) == "<Event 'loaded' unset waiting=1>")
    loaded.set()
    elsewhere.join(waiter)
    assert repr(loaded) == "<Event 'loaded' set waiting=0>"


# Barrier


@pytest.mark.parametrize("parties", [0, -1])
def test_a_barrier_of_nobody(parties: int) -> None:
    """Nobody would ever come last: refused on every version."""
    with pytest.raises(ValueError, match=f"1 or more parties, not {parties}"):
        Barrier(parties)


def test_barrier_messages() -> None:
    """An error says which barrier, and what to do."""
    barrier = Barrier(2, name="end of phase")
    with pytest.raises(threading.BrokenBarrierError, match="'end of phase' was broken while this thread"):
        barrier.wait(0)
    with pytest.raises(threading.BrokenBarrierError, match="'end of phase' is broken; reset"):
        barrier.wait()


@pytest.mark.parametrize("what", ["wait", "reset", "abort"])
def test_an_action_that_uses_its_barrier(what: str) -> None:
    """The action would wait for itself: it is told, and the barrier is broken by the error."""
    barrier = Barrier(1, lambda: getattr(barrier, what)())
    with pytest.raises(DeadlockError, match="waits for its action"):
        barrier.wait()
    assert barrier.broken


def test_an_action_may_look() -> None:
    """The action can ask its barrier."""
    seen: list[object] = []
    barrier = Barrier(1, lambda: seen.extend([barrier.n_waiting, barrier.broken, repr(barrier)]))
    barrier.wait()
    assert seen == [0, False, "<Barrier 0 of 1 waiting>"]


def test_time_does_not_run_out_over_the_action(elsewhere, until) -> None:
    """All have come: that the action takes longer than one of them wanted to wait breaks nothing."""
    acts, enough = threading.Event(), threading.Event()

    def act() -> None:
        acts.set()
        enough.wait()

    barrier, numbers = Barrier(2, act), []
    slept = threading.Event()
    sleep = Place.sleep

    def short_sleep(place: Place, timeout: float | None = None) -> bool:
        acts.wait()
        woken = sleep(place, 0)
        slept.set()
        return woken

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Place, "sleep", short_sleep)
        first = elsewhere.start(lambda: numbers.append(barrier.wait(1)))
        until(lambda: barrier.n_waiting == 1)
        last = elsewhere.start(lambda: numbers.append(barrier.wait()))
        slept.wait()
        enough.set()
        elsewhere.join(first, last)
    assert sorted(numbers) == [0, 1]
    assert not barrier.broken


def test_barrier_repr() -> None:
    """The text tells the name, the state, and how many wait."""
    barrier = Barrier(3, name="end of phase")
    assert repr(barrier) == "<Barrier 'end of phase' 0 of 3 waiting>"
    barrier.abort()
    assert repr(barrier) == "<Barrier 'end of phase' broken>"


# Latch


def test_a_latch_opens_at_zero(elsewhere, until) -> None:
    """Everybody who waits goes on when the count is zero, not before; who comes later does not wait."""
    latch, answers = CountDownLatch(2), []
    threads = [elsewhere.start(lambda: answers.append(latch.wait())) for _ in range(3)]
    until(lambda: repr(latch) == "<CountDownLatch count=2 waiting=3>")
    latch.count_down()
    assert (latch.count, answers) == (1, [])
    latch.count_down()
    elsewhere.join(*threads)
    assert answers == [True] * 3
    assert latch.wait() is True
    assert latch.wait(0) is True


def test_a_latch_stays_at_zero() -> None:
    """Counting down further changes nothing."""
    latch = CountDownLatch(3)
    latch.count_down(2)
    latch.count_down(0)
    assert latch.count == 1
    latch.count_down(5)
    latch.count_down()
    assert latch.count == 0


def test_an_open_latch() -> None:
    """One that begins at zero is open."""
    assert CountDownLatch(0).wait() is True


def test_latch_timeouts() -> None:
    """A wait that nobody ends returns False when the time is up; too long a time is an OverflowError."""
    latch = CountDownLatch(1, name="started")
    for timeout in (0.01, 0, -1):
        assert latch.wait(timeout) is False
        assert latch.wait(timeout=timeout) is False
    with pytest.raises(OverflowError):
        latch.wait(1e300)
    assert repr(latch) == "<CountDownLatch 'started' count=1 waiting=0>"


def test_latch_misuse() -> None:
    """Neither a count nor a step is below zero."""
    with pytest.raises(ValueError, match="from 0 or more, not from -1"):
        CountDownLatch(-1)
    latch = CountDownLatch(1)
    with pytest.raises(ValueError, match="by 0 or more, not by -1"):
        latch.count_down(-1)
    assert latch.count == 1


def test_a_latch_that_opens_when_the_time_is_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """If the latch opens in that moment, the wait has succeeded."""
    latch = CountDownLatch(1)

    def time_is_up(place: Place, timeout: float | None = None) -> bool:
        latch.count_down()
        return False

    monkeypatch.setattr(Place, "sleep", time_is_up)
    assert latch.wait(1) is True
