"""What a barrier promises, asked of ours and of CPython's."""

import threading
from collections.abc import Callable
from typing import Any

import pytest

from concur.process import ProcessBarrier
from concur.sync import Barrier

pytestmark = pytest.mark.parametrize("make", [Barrier, ProcessBarrier, threading.Barrier])

Make = Callable[..., Barrier]


def run(elsewhere, count: int, function: Callable[[], object]) -> None:
    """*function* in *count* threads, one of them this one."""
    threads = [elsewhere.start(function) for _ in range(count - 1)]
    function()
    elsewhere.join(*threads)


def wait_and_note(barrier: Barrier, noted: list[Any], timeout: float | None = None) -> None:
    try:
        noted.append(barrier.wait(timeout))
    except threading.BrokenBarrierError:
        noted.append("broken")


def test_nobody_passes_before_all_have_come(make: Make, elsewhere) -> None:
    """In each round, all have come before the first one goes on."""
    barrier, came, went = make(4), [0] * 20, [0] * 20
    counting = threading.Lock()

    def rounds() -> None:
        for number in range(20):
            with counting:
                came[number] += 1
            barrier.wait()
            assert came[number] == 4
            with counting:
                went[number] += 1

    run(elsewhere, 4, rounds)
    assert came == went == [4] * 20
    assert barrier.n_waiting == 0
    assert barrier.broken is False


def test_each_gets_a_number(make: Make, elsewhere) -> None:
    """The numbers of a round are 0 to parties - 1, one for each."""
    barrier, numbers = make(5), []
    run(elsewhere, 5, lambda: numbers.append(barrier.wait()))
    assert sorted(numbers) == [0, 1, 2, 3, 4]


def test_alone(make: Make) -> None:
    """A barrier of one never waits."""
    barrier = make(1)
    assert [barrier.wait(), barrier.wait(0)] == [0, 0]
    assert barrier.parties == 1


def test_the_action_comes_once_a_round(make: Make, elsewhere) -> None:
    """The last to come runs it before anybody goes on."""
    acted: list[int] = []
    barrier = make(3, lambda: acted.append(len(acted)))

    def rounds() -> None:
        for number in range(3):
            barrier.wait()
            assert acted[: number + 1] == list(range(number + 1))

    run(elsewhere, 3, rounds)
    assert acted == [0, 1, 2]


def test_an_action_that_raises(make: Make, elsewhere) -> None:
    """The error reaches the last to come; for the others, and from then on, the barrier is broken."""

    def act() -> None:
        raise KeyError("action")

    barrier = make(3, action=act)
    noted: list[Any] = []

    def wait() -> None:
        try:
            wait_and_note(barrier, noted)
        except KeyError as error:
            noted.append(error.args[0])

    run(elsewhere, 3, wait)
    assert sorted(noted) == ["action", "broken", "broken"]
    assert barrier.broken is True
    with pytest.raises(threading.BrokenBarrierError):
        barrier.wait()


def test_abort(make: Make, elsewhere, until) -> None:
    """Those who wait are let go, and those who come later, until reset() begins anew."""
    barrier = make(3)
    noted: list[Any] = []
    threads = [elsewhere.start(lambda: wait_and_note(barrier, noted)) for _ in range(2)]
    until(lambda: barrier.n_waiting == 2)
    barrier.abort()
    elsewhere.join(*threads)
    wait_and_note(barrier, noted)
    assert noted == ["broken"] * 3
    assert barrier.broken is True
    assert barrier.n_waiting == 0
    barrier.reset()
    assert barrier.broken is False
    run(elsewhere, 3, lambda: wait_and_note(barrier, noted))
    assert sorted(noted[3:]) == [0, 1, 2]


def test_reset_with_threads_waiting(make: Make, elsewhere, until) -> None:
    """Those who wait are let go with an error; the barrier itself is as new."""
    barrier = make(3)
    noted: list[Any] = []
    threads = [elsewhere.start(lambda: wait_and_note(barrier, noted)) for _ in range(2)]
    until(lambda: barrier.n_waiting == 2)
    barrier.reset()
    elsewhere.join(*threads)
    assert noted == ["broken"] * 2
    assert barrier.broken is False
    run(elsewhere, 3, lambda: wait_and_note(barrier, noted))
    assert sorted(noted[2:]) == [0, 1, 2]


def test_reset_of_an_empty_barrier(make: Make, elsewhere) -> None:
    """Nothing happens."""
    barrier, numbers = make(2), []
    barrier.reset()
    assert barrier.broken is False
    run(elsewhere, 2, lambda: numbers.append(barrier.wait()))
    assert sorted(numbers) == [0, 1]


@pytest.mark.parametrize("timeout", [0.01, 0, -1])
def test_a_timeout_breaks_it(make: Make, elsewhere, until, timeout: float) -> None:
    """Whoever gives up breaks the barrier for the others too."""
    barrier = make(3)
    noted: list[Any] = []
    patient = elsewhere.start(lambda: wait_and_note(barrier, noted))
    until(lambda: barrier.n_waiting == 1)
    with pytest.raises(threading.BrokenBarrierError):
        barrier.wait(timeout)
    elsewhere.join(patient)
    assert noted == ["broken"]
    assert barrier.broken is True


def test_the_timeout_of_the_barrier(make: Make) -> None:
    """It holds where wait() is given none."""
    barrier = make(2, timeout=0.01)
    with pytest.raises(threading.BrokenBarrierError):
        barrier.wait()
    assert barrier.broken is True


def test_how_many_wait(make: Make, elsewhere, until) -> None:
    """n_waiting counts them, and is zero again when they have gone."""
    barrier = make(3)
    assert barrier.n_waiting == 0
    threads = []
    for number in (1, 2):
        threads.append(elsewhere.start(barrier.wait))
        until(lambda number=number: barrier.n_waiting == number)
    barrier.wait()
    elsewhere.join(*threads)
    assert barrier.n_waiting == 0


def test_attributes(make: Make) -> None:
    """What is told of a barrier cannot be changed."""
    barrier = make(2)
    for name in ("parties", "n_waiting", "broken"):
        with pytest.raises(AttributeError):
            setattr(barrier, name, 1)
