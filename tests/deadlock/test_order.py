"""Lock orders that contradict each other, found in runs in which nothing happened."""

import threading

import pytest

from concur.deadlock import Report, Watching, watch
from concur.sync import Mutex


@pytest.fixture
def watching(potentials: list[Report]):
    with watch(Mutex, on_potential=potentials.append) as watching:
        yield watching


def both_ways(one, other) -> None:
    with one, other:
        pass
    with other, one:
        pass


def test_text(watching: Watching) -> None:
    """Both steps with both places, and that it is potential."""
    log, disk = threading.Lock(), threading.Lock()

    def flush() -> None:
        with log:  # noqa: SIM117  # the lines are told apart
            with disk:
                pass

    def rotate() -> None:
        with disk:  # noqa: SIM117
            with log:
                pass

    for function in (flush, rotate):
        thread = threading.Thread(target=function, name=function.__name__)
        thread.start()
        thread.join()
    (report,) = watching.reports
    assert report.kind == "inversion"
    assert report.threads == ("rotate", "flush")
    where, start = "test_order.py", flush.__code__.co_firstlineno
    assert str(report) == (
        "potential deadlock: these locks are taken in orders that contradict each other\n"
        f"  disk, then log: rotate held disk ({where}:{start + 6}) and waited for log ({where}:{start + 7})\n"
        f"  log, then disk: flush held log ({where}:{start + 1}) and waited for disk ({where}:{start + 2})\n"
        "Nobody waits for ever yet; threads that are at these places at the same time can.\n"
        "Take the locks in one agreed order, or take them all at once."
    )


@pytest.mark.parametrize("kinds", ["LL", "LR", "RR", "CL", "MM", "ML"])
def test_kinds(watching: Watching, kinds: str) -> None:
    """Locks of every kind have an order, and it is reported once."""
    make = {"L": threading.Lock, "R": threading.RLock, "C": threading.Condition, "M": Mutex}
    one, other = (make[kind]() for kind in kinds)
    for _ in range(3):
        both_ways(one, other)
    assert [report.kind for report in watching.reports] == ["inversion"]


def test_tried_and_timed(watching: Watching) -> None:
    """What is tried, or waited for with a limit, cannot be waited for for ever."""
    for how in ((False,), (True, 1.0)):
        one, other = threading.Lock(), threading.RLock()
        with one, other:
            pass
        with other:
            assert one.acquire(*how)
            one.release()
    assert not watching.reports


def test_a_tried_lock_is_held(watching: Watching) -> None:
    """What is waited for under it is ordered after it."""
    one, other = threading.Lock(), threading.Lock()
    for first, then in ((one, other), (other, one)):
        first.acquire(False)
        with then:
            pass
        first.release()
    assert len(watching.reports) == 1


def test_released_crosswise(watching: Watching) -> None:
    """Releasing in another order than taking is no contradiction, and is kept account of."""
    one, other, third = threading.Lock(), threading.Lock(), threading.Lock()
    for _ in range(2):
        one.acquire()
        other.acquire(False)
        one.release()
        third.acquire()
        other.release()
        third.release()
    with third, one:  # one was released before third was taken
        pass
    assert not watching.reports


def test_a_condition_gives_its_lock_up(watching: Watching, elsewhere) -> None:
    """While a thread waits for a notify it holds nothing of the condition."""
    condition, log = threading.Condition(), threading.Lock()
    state: list[str] = []

    def wait() -> None:
        with condition:
            condition.wait_for(lambda: state)
            with log:
                pass

    elsewhere.start(wait)
    with condition:
        state.append("told")
        condition.notify()
    elsewhere.join()
    assert not watching.reports
    with log, condition:
        pass
    assert len(watching.reports) == 1


def test_without_order() -> None:
    """On request only real deadlocks are looked for."""
    with watch(order=False) as watching:
        both_ways(threading.Lock(), threading.Lock())
    assert not watching.reports


def test_printed(capsys: pytest.CaptureFixture[str]) -> None:
    """By default a potential deadlock is printed, and the program goes on."""
    with watch():
        both_ways(threading.Lock(), threading.Lock())
    assert capsys.readouterr().err.startswith("potential deadlock: ")


def test_after_the_end(potentials: list[Report]) -> None:
    """Locks of a watch that is over report nothing."""
    with watch(on_potential=potentials.append):
        one, other = threading.Lock(), threading.RLock()
    both_ways(one, other)
    assert not potentials
