"""ProcessBarrier: all go on together or none does, and nobody waits for the dead."""

import gc
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from multiprocessing import reduction
from threading import BrokenBarrierError
from typing import Any

import pytest

from concur import DeadlockError, ProcessBarrier, ProcessMutex
from concur.process._segment import Segment
from tests.process.conftest import Children, descriptors, halt_at, received
from tests.process.test_semaphore import POINT_BY_POINT, struck

DEATH = "process that takes part died"


def wait(barrier: ProcessBarrier, pipe: Any, times: int = 1) -> None:
    for _ in range(times):
        try:
            pipe.send(barrier.wait())
        except BrokenBarrierError as error:
            pipe.send(str(error))


def start_waiting(children: Children, until: Any, barrier: ProcessBarrier, *more: Any) -> tuple[Any, Any]:
    here, there = children.context.Pipe()
    before = barrier.n_waiting
    child = children.start(wait, barrier, there, *more)
    until(lambda: barrier.n_waiting == before + 1)
    return child, here


def stand_by(barrier: ProcessBarrier, pipe: Any) -> None:
    """Be given *barrier*, and wait at it when told to."""
    pipe.send("ready")
    if pipe.recv() == "wait":
        wait(barrier, pipe)


def start_standing_by(children: Children, barrier: ProcessBarrier) -> tuple[Any, Any]:
    here, there = children.context.Pipe()
    child = children.start(stand_by, barrier, there)
    assert received(here) == "ready"
    return child, here


def walk(barrier: ProcessBarrier, mutex: ProcessMutex, segment: Segment, pipe: Any, rounds: int) -> None:
    numbers = []
    for round_ in range(rounds):
        with mutex:
            segment.words[round_] += 1
        numbers.append(barrier.wait())
        assert segment.words[round_] == barrier.parties
    pipe.send(numbers)


def test_nobody_passes_before_all_have_come(children: Children) -> None:
    """In each round all have come before the first one goes on, and each has a number of its own."""
    barrier, mutex, segment = ProcessBarrier(3), ProcessMutex(), Segment(8 * 50)
    here, there = children.context.Pipe()
    for _ in range(3):
        children.start(walk, barrier, mutex, segment, there, 50)
    numbers = [received(here) for _ in range(3)]
    assert children.join() == [0, 0, 0]
    assert all(sorted(row) == [0, 1, 2] for row in zip(*numbers, strict=True))
    assert repr(barrier) == "<ProcessBarrier 0 of 3 waiting>"


def act() -> None:
    os.environ["ACTED"] = f"{os.environ.get('ACTED', '')}."


def test_the_last_to_come_acts(children: Children, until) -> None:
    """The action goes to a child with the barrier, and is run once a round, by one of those who wait."""
    barrier = ProcessBarrier(2, act)
    here, there = children.context.Pipe()
    children.start(tell_acts, barrier, there)
    until(lambda: barrier.n_waiting == 1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ACTED", "")
        assert barrier.wait() == 1
        assert os.environ["ACTED"] == "."
        here.send("again")
        barrier.wait()
        acted = os.environ["ACTED"] + received(here)
    assert acted == ".."


def tell_acts(barrier: ProcessBarrier, pipe: Any) -> None:
    os.environ["ACTED"] = ""
    barrier.wait()
    pipe.recv()
    barrier.wait()
    pipe.send(os.environ["ACTED"])


def test_a_death_in_a_wait_breaks_it(children: Children, until) -> None:
    """For all who wait and all who come, until reset; then another goes in the place of the dead."""
    barrier = ProcessBarrier(3, name="step")
    first, _ = start_waiting(children, until, barrier)
    second, here = start_waiting(children, until, barrier)
    children.kill(first)
    assert received(here) == (
        "process barrier 'step' was broken while this thread waited, since a process that takes part died; "
        "reset() begins anew"
    )
    assert barrier.broken
    assert barrier.n_waiting == 0
    for _ in range(2):
        with pytest.raises(BrokenBarrierError, match=DEATH):
            barrier.wait()
    children.join(second)
    barrier.reset()
    assert not barrier.broken
    pipes = [start_waiting(children, until, barrier)[1] for _ in range(2)]
    assert barrier.wait() == 2
    assert [received(pipe) for pipe in pipes] == [0, 1]


def test_a_death_before_the_barrier_breaks_it(children: Children, until) -> None:
    """Who was given it and is killed before it has come: the others do not wait for it."""
    barrier = ProcessBarrier(2)
    _, here = start_waiting(children, until, barrier)
    child, _ = start_standing_by(children, barrier)
    assert not barrier.broken
    children.kill(child)
    assert DEATH in received(here)
    with pytest.raises(BrokenBarrierError, match=DEATH):
        barrier.wait()


def test_a_death_is_found_by_who_comes_later(forked: Children) -> None:
    """Also when nobody waited."""
    barrier = ProcessBarrier(2)
    child, _ = start_standing_by(forked, barrier)
    forked.kill(child)
    assert barrier.broken
    assert repr(barrier) == "<ProcessBarrier broken>"
    with pytest.raises(BrokenBarrierError, match=DEATH):
        barrier.wait()
    barrier.reset()
    assert not barrier.broken


def test_a_death_that_leaves_enough(children: Children, until) -> None:
    """As long as there are parties enough the others go on; when one more is missing they do not."""
    barrier = ProcessBarrier(2)
    children_and_pipes = [start_standing_by(children, barrier) for _ in range(3)]
    children.kill(children_and_pipes[0][0])
    assert not barrier.broken
    for _, pipe in children_and_pipes[1:]:
        pipe.send("wait")
    assert sorted(received(pipe) for _, pipe in children_and_pipes[1:]) == [0, 1]
    children.join(*[child for child, _ in children_and_pipes[1:]])
    assert barrier.broken, "a death, and nobody is left"


def test_a_party_that_ends_in_order_breaks_nothing(children: Children, until) -> None:
    """It leaves; the others wait for whoever comes."""
    barrier = ProcessBarrier(2)
    child, here = start_standing_by(children, barrier)
    here.send("end")
    assert children.join(child) == [0]
    _, here = start_waiting(children, until, barrier)
    assert not here.poll(0.1)
    assert barrier.wait() == 1
    assert received(here) == 0


def test_a_party_that_has_waited_before(forked: Children, until) -> None:
    """The maker is a party when it has waited; then it counts, and its child's death is no less one."""
    barrier = ProcessBarrier(2)
    child, here = start_waiting(forked, until, barrier, 2)
    barrier.wait()
    received(here)
    until(lambda: barrier.n_waiting == 1)
    forked.kill(child)
    with pytest.raises(BrokenBarrierError, match=DEATH):
        barrier.wait()


def test_threads_of_one_process_are_several_parties(forked: Children) -> None:
    """It counts as often as it had threads in one round: with another's death there are enough left."""
    barrier = ProcessBarrier(3)
    here, there = forked.context.Pipe()
    forked.start(bring_two, barrier, there)
    spare, _ = start_standing_by(forked, barrier)
    assert barrier.wait() in {0, 1, 2}
    forked.kill(spare)
    assert not barrier.broken
    assert received(here) == "again"
    here.send("again")
    assert barrier.wait() in {0, 1, 2}
    assert received(here) == "again"
    here.send("die")
    forked.join(forked.started[0])
    with pytest.raises(BrokenBarrierError, match=DEATH):
        barrier.wait()


def bring_two(barrier: ProcessBarrier, pipe: Any) -> None:
    while True:
        thread = threading.Thread(target=barrier.wait)
        thread.start()
        barrier.wait()
        thread.join()
        pipe.send("again")
        if pipe.recv() == "die":
            os.kill(os.getpid(), signal.SIGKILL)


def wait_and_halt(barrier: ProcessBarrier, pipe: Any, name: str, before: bool) -> None:
    halt_at(barrier, name, pipe, before)
    wait(barrier, pipe)


@pytest.mark.parametrize(
    ("method", "before", "passes"),
    [("_finish", True, False), ("_ring", True, True), ("_finish", False, True)],
)
def test_the_last_to_come_is_killed(forked: Children, until, method: str, before: bool, passes: bool) -> None:
    """Either all who are left go on or none does, depending on whether the round was over already."""
    barrier = ProcessBarrier(3)
    pipes = [start_waiting(forked, until, barrier)[1] for _ in range(2)]
    here, there = forked.context.Pipe()
    last = forked.start(wait_and_halt, barrier, there, method, before)
    assert received(here) == "halted"
    forked.kill(last)
    answers = [received(pipe) for pipe in pipes]
    if passes:
        assert answers == [0, 1]
    else:
        assert all(DEATH in answer for answer in answers)
    assert barrier.broken  # two have left in order, one has died


def die() -> None:
    os._exit(1)


def test_a_death_in_the_action(children: Children, until) -> None:
    barrier = ProcessBarrier(2, die)
    _, here = start_waiting(children, until, barrier)
    _, other = children.context.Pipe()
    last = children.start(wait, barrier, other)
    assert DEATH in received(here)
    assert children.join(last) == [1]


@pytest.mark.parametrize(("method", "before"), [("enter", True), ("enter", False)])
def test_a_kill_on_the_way_in(forked: Children, until, method: str, before: bool) -> None:
    """It came or it did not; it is missing either way."""
    barrier = ProcessBarrier(3)
    _, here = start_waiting(forked, until, barrier)
    pipe, there = forked.context.Pipe()
    child = forked.start(enter_and_halt, barrier, there, method, before)
    assert received(pipe) == "halted"
    forked.kill(child)
    assert DEATH in received(here)


def enter_and_halt(barrier: ProcessBarrier, pipe: Any, method: str, before: bool) -> None:
    halt_at(barrier._line, method, pipe, before)
    barrier.wait()


def test_a_kill_on_the_way_out(forked: Children, until) -> None:
    """All have come: the others have gone on, and what it has left is not in anybody's way."""
    barrier = ProcessBarrier(1)
    here, there = forked.context.Pipe()
    for _ in range(2 * barrier.parties + 8):
        child = forked.start(end_of_round_and_halt, barrier, there)
        assert received(here) == "halted"
        forked.kill(child)
        barrier.reset()
    assert barrier._line.free() is None
    assert barrier.wait(60) == 0
    assert barrier._line.taken() == []


def end_of_round_and_halt(barrier: ProcessBarrier, pipe: Any) -> None:
    halt_at(barrier, "_end_of", pipe, before=True)
    wait(barrier, pipe)


def test_one_who_sleeps_long_has_gone_through_all_the_same(forked: Children) -> None:
    """Others may have gone through later rounds, and reset the barrier, before it looks."""
    barrier = ProcessBarrier(2)
    here, there = forked.context.Pipe()
    forked.start(end_of_round_and_halt, barrier, there)
    assert received(here) == "halted"
    assert barrier.wait() == 1
    barrier.reset()
    barrier.abort()
    here.send("go on")
    assert received(here) == 0


@pytest.mark.parametrize("more", ["reset", "again", "abort"])
def test_one_who_sleeps_long_was_reset_all_the_same(forked: Children, more: str) -> None:
    """Whatever happened after that."""
    barrier = ProcessBarrier(2)
    here, there = forked.context.Pipe()
    forked.start(end_of_round_and_halt, barrier, there)
    assert received(here) == "halted"
    barrier.reset()
    for _ in range(3 if more == "again" else 1):
        barrier.reset() if more != "abort" else barrier.abort()
    here.send("go on")
    assert received(here) == "a process barrier was reset while this thread waited"


def test_reset_and_abort(children: Children, until) -> None:
    """Those who wait in other processes are let go, with the reason; and a time-out breaks it for all."""
    barrier = ProcessBarrier(3)
    child, here = start_waiting(children, until, barrier, 3)
    barrier.reset()
    assert "was reset" in received(here)
    until(lambda: barrier.n_waiting == 1)
    barrier.abort()
    assert "was broken while this thread waited; reset() begins anew" in received(here)
    assert "is broken; reset() begins anew" in received(here)
    assert children.join(child) == [0]
    barrier.reset()
    _, here = start_waiting(children, until, barrier)
    with pytest.raises(BrokenBarrierError):
        barrier.wait(0.01)
    assert "was broken" in received(here)


def reset_and_halt(barrier: ProcessBarrier, pipe: Any) -> None:
    halt_at(barrier._line.parties, "taken", pipe)
    barrier.reset()


def test_a_reset_that_is_killed(forked: Children, until) -> None:
    """The barrier is broken then, for those who waited and for those who come, until another reset."""
    barrier = ProcessBarrier(2)
    _, here = start_waiting(forked, until, barrier)
    pipe, there = forked.context.Pipe()
    child = forked.start(reset_and_halt, barrier, there)
    assert received(pipe) == "halted"
    forked.kill(child)
    answer = received(here)
    assert "was broken" in answer
    assert DEATH not in answer, "it was broken before"
    with pytest.raises(BrokenBarrierError):
        barrier.wait()
    barrier.reset()
    _, here = start_waiting(forked, until, barrier)
    assert barrier.wait() == 1
    assert received(here) == 0


def test_nobody_depends_on_the_bell(forked: Children, until, monkeypatch: pytest.MonkeyPatch) -> None:
    barrier = ProcessBarrier(2)
    _, here = start_waiting(forked, until, barrier)
    monkeypatch.setattr(barrier, "_ring", lambda round_: None)
    barrier.wait()
    assert received(here) == 0


class Walker(multiprocessing.get_context("fork").Process):  # type: ignore[misc]
    def __init__(self, barrier: ProcessBarrier, pipe: Any) -> None:
        super().__init__(daemon=True)
        self.barrier, self.pipe = barrier, pipe

    def run(self) -> None:
        self.pipe.send("ready")
        self.pipe.recv()


@pytest.mark.parametrize("how", ["keyword", "list", "nested", "attribute", "closure"])
def test_who_was_given_it(forked: Children, how: str) -> None:
    """Among the arguments, and in what they are made of; what a function knows otherwise is not seen."""
    barrier = ProcessBarrier(2)
    here, there = forked.context.Pipe()
    process: Any = multiprocessing.get_context("fork").Process
    given: dict[str, Callable[[], Any]] = {
        "keyword": lambda: process(target=stand_by, kwargs={"barrier": barrier, "pipe": there}),
        "list": lambda: process(target=stand_by_in, args=([barrier], there)),
        "nested": lambda: process(target=stand_by_in, args=({"a": (barrier,)}, there)),
        "attribute": lambda: Walker(barrier, there),
        "closure": lambda: process(target=lambda: stand_by(barrier, there)),
    }
    child = given[how]()
    forked.started.append(child)
    child.start()
    assert received(here) == "ready"
    assert len(barrier._line.parties.taken()) == (0 if how == "closure" else 1)
    forked.kill(child)
    assert barrier.broken is (how != "closure")


def stand_by_in(things: Any, pipe: Any) -> None:
    stand_by(things, pipe)


def test_a_child_of_a_party_is_none(forked: Children) -> None:
    """A process that is forked by one that was given the barrier has not been given it."""
    barrier = ProcessBarrier(1)
    here, there = forked.context.Pipe()
    child = forked.start(fork_another, barrier, there)
    assert received(here) == 1
    child.join()


def fork_another(barrier: ProcessBarrier, pipe: Any) -> None:
    if (child := os.fork()) == 0:
        pipe.send(len(barrier._line.parties.taken()))
        os._exit(0)
    os.waitpid(child, 0)


def test_a_child_forked_in_the_action(forked: Children) -> None:
    """It is not the thread that acts: it may use the barrier, when the action is over."""
    here, there = forked.context.Pipe()
    parent = os.getpid()
    barrier: ProcessBarrier
    barrier = ProcessBarrier(1, lambda: os.getpid() == parent and forked.start(wait, barrier, there))
    assert barrier.wait() == 0
    assert forked.join() == [0]
    assert received(here) == 0


def test_misuse() -> None:
    """The errors say what to do."""
    with pytest.raises(ValueError, match="1 or more parties, not 0"):
        ProcessBarrier(0)
    with pytest.raises(RuntimeError, match="inheritance"):
        reduction.ForkingPickler.dumps(ProcessBarrier(1))


@pytest.mark.parametrize("call", ["wait", "reset", "abort"])
def test_misuse_in_the_action(call: str) -> None:
    """It is told so, and the barrier is broken."""
    barrier: ProcessBarrier
    barrier = ProcessBarrier(1, lambda: getattr(barrier, call)(), name="step")
    with pytest.raises(DeadlockError, match=f"the action of process barrier 'step' would {call}"):
        barrier.wait()
    assert barrier.broken


@pytest.mark.parametrize("timeout", [None, 3600])
def test_ctrl_c_in_a_wait(ctrl_c, elsewhere, until, timeout: float | None) -> None:
    """Who is interrupted breaks the barrier: the others do not wait for somebody who has left."""
    barrier, answers = ProcessBarrier(3), []

    def wait() -> None:
        try:
            barrier.wait()
        except BrokenBarrierError:
            answers.append("broken")

    other = elsewhere.start(wait)
    elsewhere.start(lambda: until(lambda: barrier.n_waiting == 2) or ctrl_c())
    with pytest.raises(KeyboardInterrupt):
        barrier.wait(timeout)
    elsewhere.join(other)
    assert answers == ["broken"]
    barrier.reset()
    assert repr(barrier) == "<ProcessBarrier 0 of 3 waiting>"


@POINT_BY_POINT
@pytest.mark.parametrize("call", ["wait", "wait in vain", "reset", "abort"])
def test_ctrl_c_anywhere(call: str) -> None:
    """Wherever it strikes, nobody is left in the table, and the barrier can be used, after a reset if it broke."""
    at = 0
    while struck_once(call, at):
        at += 1
    assert at > 10


def struck_once(call: str, at: int) -> bool:
    barrier = ProcessBarrier(2 if call == "wait in vain" else 1)

    def run() -> None:
        if call.startswith("wait"):
            try:
                barrier.wait(0.001)
            except BrokenBarrierError:
                assert call == "wait in vain"
        else:
            getattr(barrier, call)()

    has_struck = struck(run, at)
    assert not barrier._mutex.locked()
    line = barrier._line
    assert [slot for slot in line.taken() if line.is_there(slot)] == []
    if call == "wait in vain" or barrier.broken:
        barrier.reset()
        barrier = ProcessBarrier(1) if call == "wait in vain" else barrier
    assert barrier.wait() == 0
    return has_struck


def test_a_second_ctrl_c(monkeypatch: pytest.MonkeyPatch, until) -> None:
    """It may keep an interrupted wait from breaking the barrier: those who look do that then."""
    barrier = ProcessBarrier(2)

    def misfortune(*given: object) -> bool:
        monkeypatch.setattr(barrier._mutex, "acquire", misfortune)
        raise KeyboardInterrupt

    monkeypatch.setattr(barrier._bells[1], "wait", misfortune)
    with pytest.raises(KeyboardInterrupt):
        barrier.wait()
    monkeypatch.undo()
    assert barrier.broken


def test_nothing_is_left_of_it(forked: Children, until) -> None:
    def use() -> list[str]:
        barrier = ProcessBarrier(2)
        child, here = start_waiting(forked, until, barrier)
        barrier.wait()
        received(here)
        forked.join(child)
        child.close()
        here.close()
        forked.started.clear()
        del barrier, child
        gc.collect()
        return descriptors()

    assert use() == use()
