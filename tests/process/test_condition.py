"""ProcessCondition: who waits is woken or not, but never forgotten, whoever is killed, wherever."""

import gc
import threading
import time
from multiprocessing import reduction
from typing import Any

import pytest

from concur import NotOwnerError, ProcessCondition, ProcessMutex
from concur.process import condition as module
from concur.process._segment import Segment
from concur.process._waiters import AWAKE, FREE, NOTIFIED, WAITING
from tests.process.conftest import Children, descriptors, halt_at, received
from tests.process.test_semaphore import POINT_BY_POINT, struck


def waiting_in(condition: ProcessCondition) -> int:
    return condition._line.state.tolist().count(WAITING)


def wait(condition: ProcessCondition, pipe: Any, timeout: float | None = None) -> None:
    """Wait, and tell what came of it."""
    with condition:
        answer = condition.wait(timeout)
        pipe.send((answer, condition.mutex.owner_died))


def wait_and_halt(condition: ProcessCondition, pipe: Any) -> None:
    """Wait, and halt before the mutex is taken back."""
    condition.acquire()
    halt_at(condition.mutex, "acquire", pipe)
    condition.wait()
    pipe.send("returned")
    condition.release()


def start_waiting(children: Children, until, condition: ProcessCondition, how: Any = wait, *more: Any) -> Any:
    """A child that stands in line, and a pipe from it."""
    here, there = children.context.Pipe()
    before = waiting_in(condition)
    child = children.start(how, condition, there, *more)
    until(lambda: waiting_in(condition) == before + 1)
    return child, here


def work(condition: ProcessCondition, segment: Segment, gives: bool, times: int) -> None:
    """A buffer with room for two, as a number in a word."""
    words = segment.words
    for _ in range(times):
        with condition:
            condition.wait_for(lambda: words[0] < 2 if gives else words[0] > 0)
            words[0] += 1 if gives else -1
            condition.notify_all()


def test_producers_and_consumers(children: Children) -> None:
    """They wait for each other, in several processes, and nobody is forgotten."""
    condition, segment = ProcessCondition(), Segment(8)
    for gives in (True, False, True):
        children.start(work, condition, segment, gives, 60)
    work(condition, segment, False, 60)
    assert children.join() == [0, 0, 0]
    assert segment.words[0] == 0
    assert waiting_in(condition) == 0


def test_the_oldest_first(forked: Children, until) -> None:
    """A notify wakes the one that has waited longest; two conditions of one mutex keep two lines."""
    mutex = ProcessMutex()
    condition, other = ProcessCondition(mutex), ProcessCondition(mutex)
    pipes = [start_waiting(forked, until, condition)[1] for _ in range(3)]
    _, elsewhere = start_waiting(forked, until, other)
    for pipe in pipes:
        with condition:
            condition.notify()
        assert received(pipe) == (True, False)
    assert not elsewhere.poll(0)
    with mutex:
        other.notify_all()
    assert received(elsewhere) == (True, False)
    assert waiting_in(condition) == waiting_in(other) == 0


def test_several_of_one_mutex_in_a_child(children: Children, until) -> None:
    """Given together, they share it there too."""
    mutex = ProcessMutex()
    full, empty = ProcessCondition(mutex), ProcessCondition(mutex)
    here, there = children.context.Pipe()
    children.start(wait_on_the_second, full, empty, mutex, there)
    until(lambda: waiting_in(empty) == 1)
    with mutex:
        full.notify_all()
        empty.notify_all()
    assert received(here) == (True, True)


def wait_on_the_second(
    full: ProcessCondition, empty: ProcessCondition, mutex: ProcessMutex, pipe: Any
) -> None:
    with mutex:
        pipe.send((empty.wait(60), full.mutex is empty.mutex is mutex))


def test_a_killed_waiter_is_passed_over(children: Children, until) -> None:
    """The notify goes to the oldest whose process lives."""
    condition = ProcessCondition()
    first, _ = start_waiting(children, until, condition)
    _, here = start_waiting(children, until, condition)
    children.kill(first)
    with condition:
        condition.notify()
        assert condition._line.state[:2].tolist() == [WAITING, NOTIFIED]
    assert received(here) == (True, False)
    with condition:
        condition.notify()
        assert not condition.wait(0.01)


def test_a_notify_of_the_dead_is_passed_on(children: Children, until) -> None:
    """One that was given to a waiter which is killed before its wait has returned goes to the next in line."""
    condition = ProcessCondition()
    first, halted = start_waiting(children, until, condition, wait_and_halt)
    pipes = [start_waiting(children, until, condition)[1] for _ in range(2)]
    with condition:
        condition.notify()
    assert received(halted) == "halted"
    assert condition._line.state[0] == AWAKE
    children.kill(first)
    assert received(pipes[0]) == (True, False)
    assert not pipes[1].poll(0.01)
    assert waiting_in(condition) == 1


def test_a_notify_is_not_passed_on_to_who_came_later(forked: Children, until) -> None:
    """Nor is it kept."""
    condition = ProcessCondition()
    first, halted = start_waiting(forked, until, condition, wait_and_halt)
    with condition:
        condition.notify()
    assert received(halted) == "halted"
    later, here = start_waiting(forked, until, condition, wait, 0.5)
    forked.kill(first)
    until(lambda: condition._line.state.tolist().count(FREE) >= module.MOST - 1)
    assert received(here) == (False, False)
    assert forked.join(later) == [0]
    assert condition._line.taken() == []


def test_a_notify_that_is_passed_on_twice(forked: Children, until) -> None:
    """Whoever it is passed on to may be killed as well; and still it is not for those who came later."""
    condition = ProcessCondition()
    halting = [start_waiting(forked, until, condition, wait_and_halt) for _ in range(2)]
    with condition:
        condition.notify()
    assert received(halting[0][1]) == "halted"
    _, later = start_waiting(forked, until, condition, wait, 0.5)
    forked.kill(halting[0][0])
    assert received(halting[1][1]) == "halted"
    halting[1][1].send("go on")  # it found who was dead
    assert received(halting[1][1]) == "returned"
    assert received(later) == (False, False)


def die_inside(condition: ProcessCondition, pipe: Any) -> None:
    condition.acquire()
    pipe.send("inside")
    pipe.recv()


def test_an_owner_that_dies_leaves_nobody_waiting(children: Children, until) -> None:
    """One of those who wait comes back to repair, and is told; the others wait until it notifies them."""
    condition = ProcessCondition()
    pipes = [start_waiting(children, until, condition)[1] for _ in range(2)]
    here, there = children.context.Pipe()
    owner = children.start(die_inside, condition, there)
    received(here)
    children.kill(owner)
    until(lambda: any(pipe.poll(0) for pipe in pipes))
    repairer = pipes.pop(0 if pipes[0].poll(0) else 1)
    assert received(repairer) == (True, True)
    assert not pipes[0].poll(0.1)
    with condition:
        condition.notify()
    assert received(pipes[0]) == (True, False)


def notify_and_halt(condition: ProcessCondition, pipe: Any, part: str, method: str) -> None:
    condition.acquire()
    thing = condition._bells[0] if part == "bell" else condition._line
    if method == "ring":
        halt_at(thing, method, pipe)
    condition.notify()
    condition.release()


def test_a_notifier_that_dies_before_it_rings(forked: Children, until) -> None:
    """Nobody depends on a bell."""
    condition = ProcessCondition()
    _, here = start_waiting(forked, until, condition)
    there, pipe = forked.context.Pipe()
    notifier = forked.start(notify_and_halt, condition, pipe, "bell", "ring")
    assert received(there) == "halted"
    forked.kill(notifier)
    assert received(here) == (True, True)


def enter_and_halt(condition: ProcessCondition, pipe: Any, before: bool) -> None:
    condition.acquire()
    halt_at(condition._line, "enter", pipe, before)
    condition.wait()


@pytest.mark.parametrize("before", [True, False])
def test_a_kill_on_the_way_in(forked: Children, until, before: bool) -> None:
    """Who was about to wait holds the mutex: the next one is told, and has it."""
    condition = ProcessCondition()
    here, there = forked.context.Pipe()
    child = forked.start(enter_and_halt, condition, there, before)
    assert received(here) == "halted"
    forked.kill(child)
    _, waiting = start_waiting(forked, until, condition)
    with condition:
        condition.notify()
    assert received(waiting) == (True, False)


def leave_and_halt(condition: ProcessCondition, pipe: Any) -> None:
    condition.acquire()
    halt_at(condition._line, "left", pipe)
    condition.wait()


def test_a_kill_on_the_way_out(forked: Children, until) -> None:
    """Before wait has returned, the notify is passed on, although the dead one had the mutex back."""
    condition = ProcessCondition()
    first, halted = start_waiting(forked, until, condition, leave_and_halt)
    pipes = [start_waiting(forked, until, condition)[1] for _ in range(2)]
    with condition:
        condition.notify()
    assert received(halted) == "halted"
    forked.kill(first)
    woken, is_told = received(pipes[0])
    assert woken
    if not is_told:  # then the other was faster to take the mutex from the dead
        assert received(pipes[1]) == (True, True)


def test_a_thread_of_a_child_whose_function_is_over(children: Children, until) -> None:
    """It still counts: its process lives."""
    condition = ProcessCondition()
    child, here = start_waiting(children, until, condition, wait_in_a_thread)
    assert received(here) == "over"
    with condition:
        condition.notify()
    assert received(here) == (True, False)
    assert children.join(child) == [0]


def wait_in_a_thread(condition: ProcessCondition, pipe: Any) -> None:
    from multiprocessing import util

    def begins(timeout: float | None = None) -> bool:
        begun.set()
        return waits(timeout)

    begun, waits = threading.Event(), condition.wait
    condition.wait = begins  # type: ignore[method-assign]
    threading.Thread(target=wait, args=(condition, pipe)).start()
    begun.wait()
    with condition:
        pass
    util._run_finalizers(0)  # type: ignore[attr-defined]  # up to 3.12 this is done before threads are waited for
    pipe.send("over")


def test_places_of_the_dead_are_used_again(forked: Children, until, monkeypatch: pytest.MonkeyPatch) -> None:
    """So are their slots: it is not the dead who fill the table."""
    monkeypatch.setattr(module, "MOST", 2)
    condition = ProcessCondition()
    for _ in range(2):
        for child in [start_waiting(forked, until, condition)[0] for _ in range(2)]:
            forked.kill(child)
        for slot in condition._line.taken() if _ == 0 else ():
            condition._line.state[slot] = FREE
    with condition:
        assert not condition.wait(0.01)
    _, here = start_waiting(forked, until, condition)
    with condition:
        condition.notify()
    assert received(here) == (True, False)


def test_too_many(monkeypatch: pytest.MonkeyPatch, elsewhere, until) -> None:
    """There is an end to those who can wait; who is refused holds the mutex as before."""
    monkeypatch.setattr(module, "MOST", 2)
    condition = ProcessCondition(name="arrived")

    def wait_for_long() -> None:
        with condition:
            condition.wait()

    for _ in range(2):
        elsewhere.start(wait_for_long)
    until(lambda: waiting_in(condition) == 2)
    with condition:
        with pytest.raises(OverflowError, match="2 threads wait on process condition 'arrived' already"):
            condition.wait(1)
        assert condition.mutex._is_owned()
        condition.notify_all()
    elsewhere.join()


def test_a_bell_that_was_for_another(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is rung again, as long as the one that is meant has not heard it."""
    condition = ProcessCondition()
    line, bell = condition._line, condition._bells[0]
    with condition:
        line.enter(0, 1)
        line.enter(module.BELLS, 2)
    for state, is_rung in ((NOTIFIED, True), (AWAKE, False), (FREE, False)):
        line.state[module.BELLS] = state
        bell.ring()
        assert condition._sleep(0, time.monotonic() + 0.01) is False
        assert bell.wait(0) is is_rung


def test_without_the_mutex() -> None:
    condition = ProcessCondition(name="arrived")
    for misuse in (condition.wait, condition.notify, condition.notify_all):
        with pytest.raises(NotOwnerError, match="process condition 'arrived' without holding its mutex"):
            misuse()
    with pytest.raises(TypeError, match="needs a ProcessMutex"):
        ProcessCondition(threading.Lock())  # type: ignore[arg-type]
    with condition:
        assert "waiting=0 mutex=<ProcessMutex 'arrived' locked by 'MainThread'>" in repr(condition)


def test_it_goes_to_children_only() -> None:
    with pytest.raises(RuntimeError, match="inheritance"):
        reduction.ForkingPickler.dumps(ProcessCondition())


def test_a_child_forked_while_the_parent_holds_it(forked: Children, until) -> None:
    """It neither holds the mutex nor waits in the parent's place."""
    condition = ProcessCondition()
    with condition:
        assert not condition.wait(0.001)
        here, there = forked.context.Pipe()
        child = forked.start(misuse_and_wait, condition, there)
        assert received(here) == "NotOwnerError"
    until(lambda: waiting_in(condition) == 1)
    assert condition._line.stamp[0] != condition._line.parties.stamp()
    forked.kill(child)
    with condition:
        condition._bury()
    assert condition._line.taken() == []


def misuse_and_wait(condition: ProcessCondition, pipe: Any) -> None:
    try:
        condition.notify()
    except NotOwnerError:
        pipe.send("NotOwnerError")
    wait(condition, pipe)


@pytest.mark.parametrize("timeout", [None, 3600])
def test_ctrl_c_in_a_wait(ctrl_c, elsewhere, until, timeout: float | None) -> None:
    """It is raised with the mutex held, and who is interrupted waits no longer."""
    condition = ProcessCondition()
    elsewhere.start(lambda: until(lambda: waiting_in(condition) == 1) or ctrl_c())
    with condition:
        with pytest.raises(KeyboardInterrupt):
            condition.wait(timeout)
        assert condition.mutex._is_owned()
        assert condition._line.taken() == []


@POINT_BY_POINT
@pytest.mark.parametrize("is_notified", [False, True])
def test_ctrl_c_anywhere(is_notified: bool) -> None:
    """Wherever it strikes, the mutex is held, nobody is left in line, and a notify is returned or passed on."""
    at = 0
    while struck_once(is_notified, at):
        at += 1
    assert at > 30


def struck_once(is_notified: bool, at: int) -> bool:
    condition, answers = ProcessCondition(), []
    line = condition._line

    def call() -> None:
        answers.append(condition.wait(0.001))

    sleep = condition._sleep

    def notified(slot: int, deadline: float | None) -> bool:
        with condition.mutex:
            line.enter(next_slot, 2**40)  # somebody else waits
            line.note[slot], line.state[slot] = 2**41, NOTIFIED
            has_been.append(slot)
        return sleep(slot, deadline)

    next_slot = 5
    has_been: list[int] = []
    if is_notified:
        condition._sleep = notified  # type: ignore[method-assign]
    condition.acquire()
    has_struck = struck(call, at)
    assert condition.mutex._is_owned()
    condition.release()
    others = [slot for slot in line.taken() if slot != next_slot]
    assert [slot for slot in others if line.is_there(slot)] == []
    if has_been:
        assert (line.state[next_slot] == NOTIFIED) is (not answers)
    else:
        assert answers in ([], [False])
    return has_struck


def test_a_second_ctrl_c(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is raised without the mutex, and a notify is passed on by those who still wait."""
    condition = ProcessCondition()
    line = condition._line

    def misfortune(*given: Any) -> bool:
        condition._choose(1, 2**40)
        monkeypatch.setattr(condition.mutex, "acquire", misfortune)
        raise KeyboardInterrupt

    condition.acquire()
    line.enter(7, 2**30)
    monkeypatch.setattr(condition, "_sleep", misfortune)
    with pytest.raises(KeyboardInterrupt):
        condition.wait(1)
    assert not condition.mutex.locked()
    monkeypatch.undo()
    line.state[7] = WAITING  # misfortune came twice
    assert condition._sleep(7, None) is True
    with condition:
        condition._bury()
    assert line.taken() == [7]
    assert line.state[7] == NOTIFIED


def test_nothing_is_left_of_it(forked: Children, until) -> None:
    def use() -> list[str]:
        condition = ProcessCondition()
        child, here = start_waiting(forked, until, condition)
        with condition:
            condition.notify()
        received(here)
        forked.join(child)
        child.close()
        here.close()
        forked.started.clear()
        del condition, child
        gc.collect()
        return descriptors()

    assert use() == use()
