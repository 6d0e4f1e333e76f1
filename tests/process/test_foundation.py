"""What the primitives between processes stand on: shared memory, bells, and who has died."""

import fcntl
import gc
import multiprocessing
import os
import signal
import threading
from multiprocessing import reduction, util
from typing import Any

import pytest

from concur.process import _file_locks
from concur.process._bell import Bell
from concur.process._file_locks import lock_byte, unlock_byte
from concur.process._parties import Parties
from concur.process._segment import Segment
from tests.process.conftest import Children, received


def descriptors() -> set[str]:
    return set(os.listdir("/dev/fd"))


def store(segment: Segment, place: int, value: int) -> None:
    segment.words[place] = value


def test_memory_is_shared_with_a_child(children: Children) -> None:
    """A child stores into the words that its parent reads."""
    segment = Segment(3 * 8)
    children.start(store, segment, 1, -5)
    assert children.join() == [0]
    assert segment.words.tolist() == [0, -5, 0]


def test_a_segment_has_whole_words() -> None:
    """A size between two words is rounded up, and there is at least one."""
    assert [len(Segment(size).words) for size in (0, 1, 8, 9, 24)] == [1, 1, 1, 2, 3]


@pytest.mark.parametrize("make", [lambda: Segment(64), Bell, lambda: Bell(by_pipe=True), lambda: Parties(2)])
def test_nothing_is_left_of_it(make: Any) -> None:
    """What was opened is closed when the object goes."""
    multiprocessing.get_context("fork").Pipe()  # whatever multiprocessing opens once
    gc.collect()
    before = descriptors()
    for _ in range(3):
        thing = make()
        if isinstance(thing, Parties):
            thing.mine()
        del thing
    gc.collect()
    assert descriptors() == before


@pytest.mark.parametrize("make", [lambda: Segment(64), Bell, lambda: Parties(2)])
def test_it_goes_to_children_only(make: Any) -> None:
    """Pickled at another time than for a child that is being started, it says what to do."""
    with pytest.raises(RuntimeError, match="inheritance"):
        reduction.ForkingPickler.dumps(make())


@pytest.mark.parametrize("by_pipe", [False, True])
def test_a_bell_wakes_as_many_as_it_was_rung_for(by_pipe: bool) -> None:
    """Each token is taken once; without one, a wait of no time returns."""
    bell = Bell(by_pipe=by_pipe)
    bell.ring(2)
    assert [bell.wait(0) for _ in range(3)] == [True, True, False]
    bell.ring()
    assert bell.wait(3600)  # there is one: no wait


@pytest.mark.parametrize("by_pipe", [False, True])
def test_a_bell_that_is_rung_too_often_is_full(by_pipe: bool) -> None:
    """Who rings never waits, whatever nobody listens to."""
    bell = Bell(by_pipe=by_pipe)
    for _ in range(3):
        bell.ring(2**63 if not by_pipe else 2**20)
    bell.wait()


def ring_back(there: Bell, back: Bell) -> None:
    there.wait()
    back.ring()


def test_a_bell_is_heard_in_a_child(children: Children) -> None:
    there, back = Bell(), Bell(by_pipe=True)
    children.start(ring_back, there, back)
    there.ring()
    assert children.join() == [0]
    back.wait()


def take_part(parties: Parties, pipe: Any, how: str) -> None:
    pipe.send(parties.mine())
    assert pipe.recv() == "end"
    if how == "abruptly":
        os.kill(os.getpid(), signal.SIGKILL)


def test_a_party_that_is_killed_has_died(children: Children) -> None:
    """It lives until then, its place is kept until it is forgotten, and then somebody else may have it."""
    parties = Parties(2)
    here, there = children.context.Pipe()
    child = children.start(take_part, parties, there, "abruptly")
    place = received(here)
    assert parties.lives(place)
    assert not parties.died(place)
    children.kill(child)
    assert parties.died(place)
    assert not parties.lives(place)
    assert parties.mine() != place
    with pytest.raises(OverflowError, match="2 processes"):
        Parties.mine(_another_process_of(parties))
    parties.forget(place)
    assert not parties.died(place)
    assert Parties.mine(_another_process_of(parties)) == place


def _another_process_of(parties: Parties) -> Parties:
    """*parties* as a process sees it that is no party yet."""
    other: Parties = Parties.__new__(Parties)
    other.__setstate__(parties._segment)
    return other


def test_a_party_that_ends_in_order_is_forgotten(children: Children) -> None:
    parties = Parties(2)
    here, there = children.context.Pipe()
    child = children.start(take_part, parties, there, "in order")
    place = received(here)
    here.send("end")
    assert children.join(child) == [0]
    assert not parties.died(place)
    assert not parties.lives(place)
    assert _another_process_of(parties).mine() == place


def test_each_party_has_a_stamp_of_its_own(children: Children) -> None:
    """Whoever takes the place of one that left, or that died and was forgotten, is not taken for it."""
    parties = Parties(1)
    stamps = []
    for how in ("in order", "abruptly"):
        here, there = children.context.Pipe()
        child = children.start(stamp, parties, there, how)
        stamps.append(received(here))
        assert parties.has(stamps[-1])
        here.send("end")
        children.join(child)
        parties.forget(0)
        assert not parties.has(stamps[-1])
    assert parties.mine() == 0
    assert parties.has(parties.stamp())
    assert not any(parties.has(stamp) for stamp in stamps)
    assert len({*stamps, parties.stamp()}) == 3


def stamp(parties: Parties, pipe: Any, how: str) -> None:
    pipe.send(parties.stamp())
    assert pipe.recv() == "end"
    if how == "abruptly":
        os._exit(1)


def test_many_may_ask_at_a_time_who_has_died() -> None:
    """To ask takes nothing: the answer does not depend on who else is asking, and nobody's place is refused."""
    parties = Parties(2)
    if (child := os.fork()) == 0:
        parties.mine()
        os._exit(0)
    os.waitpid(child, 0)
    taken = []
    ask = fcntl.fcntl

    def while_another_asks(descriptor: int, command: int, argument: bytes) -> Any:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(fcntl, "fcntl", ask)
            assert _another_process_of(parties).died(0)
        answer = ask(descriptor, command, argument)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(fcntl, "fcntl", ask)
            taken.append(_another_process_of(parties).died(0))
        return answer

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fcntl, "fcntl", while_another_asks)
        assert parties.died(0)
    assert taken == [True]


def test_a_process_whose_threads_still_wait_stays_a_party(children: Children) -> None:
    """The function of a child returns, which is its end in order; its threads go on."""
    parties = Parties(2)
    here, there = children.context.Pipe()
    child = children.start(leave_a_thread, parties, there)
    place = received(here)
    received(here)  # the end was in order so far
    assert parties.lives(place)
    here.send("end")
    assert children.join(child) == [0]
    assert parties.died(place)


def leave_a_thread(parties: Parties, pipe: Any) -> None:
    pipe.send(parties.mine())
    parties.inside.append("a thread")

    def outlive() -> None:
        assert pipe.recv() == "end"

    threading.Thread(target=outlive).start()
    util._run_finalizers(0)  # type: ignore[attr-defined]  # up to 3.12 this is done before threads are waited for
    pipe.send("left")


def test_a_forked_child_is_a_party_of_its_own(forked: Children) -> None:
    """It has not the place of its parent, and the parent lives on when it ends."""
    parties = Parties(3)
    mine = parties.mine()
    here, there = forked.context.Pipe()
    child = forked.start(take_part, parties, there, "abruptly")
    assert received(here) != mine
    here.send("end")
    forked.join(child)
    assert parties.mine() == mine
    assert Parties.lives(_another_process_of(parties), mine)


def test_who_lives_is_not_told_by_a_number() -> None:
    """A child that was killed and that nobody has waited for still has its number, and has died all the same."""
    parties = Parties(2)
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writing, bytes([parties.mine()]))
        signal.pause()
        os._exit(0)
    place = os.read(reading, 1)[0]
    os.kill(child, signal.SIGKILL)
    os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)  # it has ended, and is still there
    os.kill(child, 0)
    try:
        assert parties.died(place)
    finally:
        os.waitpid(child, 0)
        os.close(reading)
        os.close(writing)


def hold_byte(segment: Segment, pipe: Any, elsewhere: bool) -> None:
    _file_locks.CAN_OPEN_AGAIN = not elsewhere
    pipe.send(lock_byte(_file_locks.own(segment.fd), 1))
    pipe.recv()


@pytest.mark.parametrize("elsewhere", [False, True], ids=["linux", "elsewhere"])
def test_bytes_are_locked_one_by_one(
    forked: Children, elsewhere: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What another process holds cannot be had, what is beside it can, and a kill gives it back."""
    monkeypatch.setattr(_file_locks, "CAN_OPEN_AGAIN", not elsewhere)
    segment = Segment(8)
    mine = _file_locks.own(segment.fd)
    here, there = forked.context.Pipe()
    child = forked.start(hold_byte, segment, there, elsewhere)
    assert received(here) is True
    assert not lock_byte(mine, 1)
    assert lock_byte(mine, 2)
    unlock_byte(mine, 2)
    forked.kill(child)
    assert lock_byte(mine, 1)
    if mine != segment.fd:
        os.close(mine)
