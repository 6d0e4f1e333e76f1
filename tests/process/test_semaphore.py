"""ProcessSemaphore: permits are conserved between processes, whoever is killed, wherever."""

import gc
import sys
import threading
from multiprocessing import reduction
from pathlib import Path
from typing import Any

import pytest

from concur import ProcessMutex, ProcessSemaphore, process
from concur.process._segment import Segment
from concur.process.semaphore import _PERMITS, _WAITING, MOST
from tests.process.conftest import Children, descriptors, halt_at, received
from tests.sync.striking import strike

HOME = str(Path(process.__file__).parent)
# As in the tests of the thread primitives: the text is the same on all versions.
POINT_BY_POINT = pytest.mark.skipif(
    sys.version_info >= (3, 12), reason="sys.settrace tells of single instructions irregularly from 3.12 on"
)


def permits_of(semaphore: ProcessSemaphore) -> int:
    return semaphore._words[_PERMITS]


def sleeping_in(semaphore: ProcessSemaphore) -> int:
    return semaphore._words[_WAITING]


def visit(semaphore: ProcessSemaphore, mutex: ProcessMutex, segment: Segment, times: int) -> None:
    inside, most = 0, 1
    for turn in range(times):
        if turn % 3 == 0:
            semaphore.acquire()
        else:
            while not semaphore.acquire(timeout=0 if turn % 3 == 1 else 0.001):
                pass
        with mutex:
            segment.words[inside] += 1
            segment.words[most] = max(segment.words[most], segment.words[inside])
        with mutex:
            segment.words[inside] -= 1
        semaphore.release()


def test_at_most_n_inside(children: Children) -> None:
    """No more processes are inside than there are permits, and in the end there are as many as before."""
    semaphore, mutex, segment = ProcessSemaphore(2), ProcessMutex(), Segment(16)
    for _ in range(3):
        children.start(visit, semaphore, mutex, segment, 100)
    assert children.join() == [0, 0, 0]
    assert segment.words[0] == 0
    assert 1 <= segment.words[1] <= 2
    assert permits_of(semaphore) == 2
    assert sleeping_in(semaphore) <= 1


def pass_on(mine: ProcessSemaphore, yours: ProcessSemaphore, times: int) -> None:
    for _ in range(times):
        mine.acquire()
        yours.release()


def test_signals(children: Children) -> None:
    """Starting from none, two carry signals to and fro."""
    here, there = ProcessSemaphore(0), ProcessSemaphore(0)
    children.start(pass_on, there, here, 50)
    for _ in range(50):
        there.release()
        here.acquire()
    assert children.join() == [0]
    assert permits_of(here) == permits_of(there) == 0


def take(semaphore: ProcessSemaphore, pipe: Any) -> None:
    pipe.send(semaphore.acquire())
    pipe.recv()


def test_several_permits_wake_several(forked: Children, until) -> None:
    """One release wakes as many as it has permits for; the others wait on."""
    semaphore = ProcessSemaphore(0)
    here, there = forked.context.Pipe()
    for _ in range(3):
        forked.start(take, semaphore, there)
    until(lambda: sleeping_in(semaphore) == 3)
    semaphore.release(2)
    assert [received(here), received(here)] == [True, True]
    assert not here.poll(0.01)
    semaphore.release()
    assert received(here) is True
    assert sleeping_in(semaphore) == 0


def test_a_killed_waiter_takes_nothing(children: Children, until) -> None:
    """The permit that comes is for the others. The number of those who wait stays too high, which does no harm."""
    semaphore = ProcessSemaphore(0)
    here, there = children.context.Pipe()
    child = children.start(take, semaphore, there)
    until(lambda: sleeping_in(semaphore) == 1)
    children.kill(child)
    for _ in range(3):
        semaphore.release()
        assert semaphore.acquire(timeout=60)
        assert not semaphore.acquire(timeout=0.01)
    children.start(take, semaphore, there)
    semaphore.release()
    assert received(here) is True
    assert permits_of(semaphore) == 0
    assert sleeping_in(semaphore) <= 1


def test_who_dies_with_a_permit_takes_it_along(forked: Children) -> None:
    """As the docs say; and whoever knows of it can put another in its place."""
    semaphore = ProcessSemaphore(2)
    here, there = forked.context.Pipe()
    child = forked.start(take, semaphore, there)
    received(here)
    forked.kill(child)
    assert permits_of(semaphore) == 1
    semaphore.release()
    assert semaphore.acquire(blocking=False)
    assert semaphore.acquire(blocking=False)
    assert not semaphore.acquire(blocking=False)


def halt_in(semaphore: ProcessSemaphore, call: str, point: tuple[str, str, bool], pipe: Any) -> None:
    part, method, before = point
    halt_at(getattr(semaphore, part), method, pipe, before)
    getattr(semaphore, call)()
    pipe.send("returned")


NOT_YET, DONE = ("_mutex", "acquire", False), ("_mutex", "release", True)


@pytest.mark.parametrize(("call", "change"), [("acquire", -1), ("release", 1)])
@pytest.mark.parametrize("point", [NOT_YET, DONE, ("_mutex", "release", False)])
def test_a_kill_in_the_middle(forked: Children, call: str, change: int, point: Any) -> None:
    """The call has happened or it has not, and the others go on."""
    semaphore = ProcessSemaphore(3)
    here, there = forked.context.Pipe()
    child = forked.start(halt_in, semaphore, call, point, there)
    assert received(here) == "halted"
    forked.kill(child)
    assert permits_of(semaphore) == (3 if point is NOT_YET else 3 + change)
    with semaphore:
        pass
    assert permits_of(semaphore) == (3 if point is NOT_YET else 3 + change)


def test_a_kill_between_the_bell_and_the_look(forked: Children, until) -> None:
    """The permit that the bell was rung for is there for another."""
    semaphore = ProcessSemaphore(0)
    here, there = forked.context.Pipe()
    child = forked.start(halt_in, semaphore, "acquire", ("_bell", "wait", False), there)
    assert received(here) == "halted"
    other = forked.start(take, semaphore, there)
    until(lambda: sleeping_in(semaphore) == 2)
    forked.kill(child)
    semaphore.release()
    assert received(here) is True
    here.send("end")
    assert forked.join(other) == [0]


def test_nobody_depends_on_the_bell(forked: Children, until, monkeypatch: pytest.MonkeyPatch) -> None:
    """A releaser that is killed before it rings: who waits looks all the same."""
    semaphore = ProcessSemaphore(0)
    here, there = forked.context.Pipe()
    forked.start(take, semaphore, there)
    until(lambda: sleeping_in(semaphore) == 1)
    monkeypatch.setattr(semaphore._bell, "ring", lambda n=1: None)
    semaphore.release()
    assert received(here) is True


def test_a_release_rings_for_no_more_than_wait(until, elsewhere) -> None:
    """Releases that nobody waits for leave no tokens behind, and a kill leaves one at most."""
    semaphore = ProcessSemaphore(0)
    semaphore.release(5)
    assert not semaphore._bell.wait(0)
    while semaphore.acquire(False):
        pass
    semaphore._words[_WAITING] = 1  # as somebody leaves it who is killed
    for _ in range(5):
        semaphore.release()
    assert [semaphore._bell.wait(0), semaphore._bell.wait(0)] == [True, False]
    assert sleeping_in(semaphore) == 0
    while semaphore.acquire(False):
        pass
    for _ in range(3):
        assert not semaphore.acquire(timeout=0.001)
    assert sleeping_in(semaphore) == 0
    waiter = elsewhere.start(semaphore.acquire)
    until(lambda: sleeping_in(semaphore) == 1)
    for _ in range(10):
        semaphore._bell.ring()  # a token that was not meant for it: it says again that it waits
        until(lambda: sleeping_in(semaphore) >= 1)
    semaphore.release()
    elsewhere.join(waiter)


def test_a_child_forked_in_the_middle(forked: Children) -> None:
    """A thread of the parent is in a call: the child is not, and waits until it is over."""
    semaphore = ProcessSemaphore(1)
    semaphore._mutex.acquire()
    here, there = forked.context.Pipe()
    child = forked.start(take, semaphore, there)
    assert not here.poll(0.01)
    semaphore._mutex.release()
    assert received(here) is True
    forked.kill(child)
    assert permits_of(semaphore) == 0


def test_numbers_that_make_no_sense() -> None:
    """They are refused, and nothing has changed."""
    with pytest.raises(ValueError, match="not -1"):
        ProcessSemaphore(-1)
    with pytest.raises(OverflowError, match="at most"):
        ProcessSemaphore(2**63)
    semaphore = ProcessSemaphore(MOST - 1, name="seats")
    with pytest.raises(ValueError, match="1 or more permits back, not 0"):
        semaphore.release(0)
    with pytest.raises(OverflowError, match="'seats' has 9223372036854775806 permits, and 2 more"):
        semaphore.release(2)
    assert repr(semaphore) == f"<ProcessSemaphore 'seats' permits={MOST - 1}>"
    semaphore.release()
    assert permits_of(semaphore) == MOST
    with pytest.raises(OverflowError):
        semaphore.release()
    assert semaphore.acquire()
    assert permits_of(semaphore) == MOST - 1
    with pytest.raises(TypeError):
        semaphore.release(1.5)  # type: ignore[arg-type]
    assert permits_of(semaphore) == MOST - 1


def test_it_goes_to_children_only() -> None:
    with pytest.raises(RuntimeError, match="inheritance"):
        reduction.ForkingPickler.dumps(ProcessSemaphore())


@pytest.mark.parametrize("timeout", [None, 3600])
def test_ctrl_c_in_a_wait(ctrl_c, elsewhere, until, timeout: float | None) -> None:
    """It takes no permit along, and the next release is there for whoever comes."""
    semaphore = ProcessSemaphore(0)
    elsewhere.start(lambda: until(lambda: sleeping_in(semaphore) == 1) or ctrl_c())
    with pytest.raises(KeyboardInterrupt):
        semaphore.acquire(timeout=timeout)
    semaphore.release()
    assert permits_of(semaphore) == 1
    assert semaphore.acquire(timeout=60)


@POINT_BY_POINT
@pytest.mark.parametrize("permits", [0, 1])
def test_ctrl_c_anywhere(permits: int) -> None:
    """Wherever it strikes: who gets an exception from acquire has no permit, and a release has been done."""
    at = 0
    while struck_once(permits, at):
        at += 1
    assert at > 15


def struck_once(permits: int, at: int) -> bool:
    semaphore, taken = ProcessSemaphore(permits), []
    has_struck = struck(lambda: taken.append(semaphore.acquire(timeout=0.001)), at)
    assert permits_of(semaphore) + taken.count(True) == permits
    has_struck |= struck(lambda: semaphore.release(2), at + 1)  # the first point is before the call has begun
    assert permits_of(semaphore) + taken.count(True) == permits + 2
    assert not semaphore._mutex.locked()
    return has_struck


def struck(call: Any, at: int) -> bool:
    """Whether there was a point number *at* in the *call*, where it was interrupted."""
    if at % 10 == 0:
        gc.collect()
    gc.disable()  # what an earlier call has left is not what is to be interrupted
    try:
        return strike(call, at, HOME)
    except KeyboardInterrupt:
        return True
    finally:
        gc.enable()


def test_nothing_is_left_of_it(forked: Children) -> None:
    """What was opened is closed when the object goes, in the parent and in the child."""

    def use() -> list[str]:
        semaphore = ProcessSemaphore(0)
        here, there = forked.context.Pipe()
        child = forked.start(release_and_tell, semaphore, there)
        assert received(here) == "nothing is left"
        semaphore.acquire()
        forked.join(child)
        child.close()
        here.close()
        there.close()
        forked.started.clear()
        del semaphore, child
        gc.collect()
        return descriptors()

    assert use() == use()


def release_and_tell(semaphore: ProcessSemaphore, pipe: Any) -> None:
    before = descriptors()
    thread = threading.Thread(target=semaphore.release)
    thread.start()
    thread.join()
    pipe.send("nothing is left" if descriptors() == before else descriptors())
