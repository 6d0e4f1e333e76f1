"""Storms: rounds of random calls on real threads, switched as often as the interpreter can, until the time is up.

A storm rests on luck, and proves nothing: the proof is in `tests/sync`, under the checker. It is here for what the
checker does not see: the interpreter itself, builds without its lock, and locks of the operating system.

Luck is helped. An interpreter with a global lock switches threads at calls and loops only, and most mistakes need a
switch elsewhere; so every second round is shaken: its threads trace the primitives, may therefore be switched between
any two bytecodes, and pause now and then in such a place.

Three numbers are read from the environment: CONCUR_STRESS_SECONDS for each test, CONCUR_STRESS_SEED, which makes the
threads do the same again though not in the same order, and CONCUR_STRESS_FUSE, the seconds after which a round is
taken for one that hangs. Then the state of every thread is printed and the process ends: no time limit decides
anything else.
"""

import _thread
import concurrent.futures
import faulthandler
import os
import queue
import random
import sys
import threading
import time
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any, NoReturn

import pytest

from concur import sync

SECONDS = float(os.environ.get("CONCUR_STRESS_SECONDS") or 2)
SEED = int(os.environ.get("CONCUR_STRESS_SEED") or random.randrange(2**32))
FUSE = float(os.environ.get("CONCUR_STRESS_FUSE") or 60)
HAS_GLOBAL_LOCK: bool = getattr(sys, "_is_gil_enabled", lambda: True)()
# The files that are traced: the primitives, and those of the standard library that are stressed as a reference.
PACKAGES = os.path.dirname(os.path.dirname(sync.__file__)), os.path.dirname(concurrent.futures.__file__)
SHAKEN = (*(os.path.join(package, "") for package in PACKAGES), threading.__file__, queue.__file__)
GRACE = 2.0  # seconds for the others to end, after one has failed
# 3.12 crashes when several threads trace bytecodes; there they are switched between lines.
BETWEEN_BYTECODES = sys.version_info[:2] != (3, 12)
HANGS = 3  # exit code of a run in which a round hangs


class Storm:
    """The rounds of one test."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.rounds_made = 0

    def rounds(self) -> Iterator[random.Random]:
        """One source of chance after the other, until the time is up; at least one."""
        end = time.monotonic() + SECONDS
        while self.rounds_made == 0 or time.monotonic() < end:
            self.rounds_made += 1
            yield random.Random(f"{SEED} {self.name} {self.rounds_made}")

    @property
    def is_shaken(self) -> bool:
        """Whether this round is."""
        return self.rounds_made % 2 == 0

    def run(
        self, *bodies: Callable[[], Any], watched: object = None, here: Callable[[], None] | None = None
    ) -> list[Any]:
        """Run each body on a thread of its own; what they return, in their order. The first error is raised.

        *watched* is shown if the round hangs. *here* is run meanwhile, by the caller's thread.
        """
        results: list[Any] = [None] * len(bodies)
        errors: list[BaseException] = []
        ready = threading.Barrier(len(bodies))
        seed = f"{SEED} {self.name} {self.rounds_made}"
        shakers = [Shaker(random.Random(f"{seed} {i}")) for i in range(len(bodies))] if self.is_shaken else []

        def run(index: int) -> None:
            ready.wait()
            if shakers:
                sys.settrace(shakers[index])
            try:
                results[index] = bodies[index]()
            except BaseException as error:
                errors.append(error)
            finally:
                sys.settrace(None)

        threads = [
            threading.Thread(target=run, args=(index,), name=f"storm-{index}", daemon=True)
            for index in range(len(bodies))
        ]
        threading.settrace(shakers[0] if shakers else None)  # for threads that they start
        for thread in threads:
            thread.start()
        if here is not None:
            fuse = threading.Timer(FUSE, self._hangs, (watched,))
            fuse.daemon = True
            fuse.start()
            here()
            fuse.cancel()
        deadline = time.monotonic() + FUSE
        for thread in threads:
            while thread.is_alive():
                now = time.monotonic()
                if errors:  # the others may wait for one that has ended: what there is to say is the error
                    deadline = min(deadline, now + GRACE)
                if now > deadline:
                    break
                thread.join(0.05)
        threading.settrace(None)
        if errors:
            raise errors[0]
        if any(thread.is_alive() for thread in threads):
            self._hangs(watched)
        return results

    def _hangs(self, watched: object) -> NoReturn:
        print(
            f"\nHANGS: {self.name}, seed {SEED}, round {self.rounds_made}, after {FUSE:.0f} s\nwatched: {watched!r}",
            file=sys.stderr,
            flush=True,
        )
        faulthandler.dump_traceback(all_threads=True)
        os._exit(HANGS)


class Shaker:
    """A trace function: its thread may be switched between any two bytecodes of a primitive, and sometimes pauses."""

    def __init__(self, rng: random.Random) -> None:
        self._random = rng.random
        self._rate = rng.choice((0.0, 0.003, 0.03))
        self._closed = _thread.allocate_lock()  # not one that a watch may have put in place of it
        self._closed.acquire()

    def __call__(self, frame: FrameType, event: str, argument: object) -> Any:
        if not frame.f_code.co_filename.startswith(SHAKEN):
            return None
        frame.f_trace_opcodes = BETWEEN_BYTECODES
        return self._step

    def _step(self, frame: FrameType, event: str, argument: object) -> Any:
        if self._random() < self._rate:
            self._closed.acquire(timeout=1e-6)  # lets others run; in fact some 50 us
        return self._step


def several(rng: random.Random, least: int, most: int, body: Callable[[random.Random], Any]) -> list[Any]:
    """Between *least* and *most* bodies, each with a source of chance of its own."""
    return [for_one(body, rng) for _ in range(rng.randint(least, most))]


def turns(rng: random.Random) -> int:
    """How often each thread of a round does something: a lost wake-up shows only where nothing comes after it."""
    return rng.choice((1, 2, 5, 60))


def for_one(body: Callable[[random.Random], Any], rng: random.Random) -> Callable[[], Any]:
    own = random.Random(rng.getrandbits(64))
    return lambda: body(own)


def hop() -> None:
    """A call and a loop: the interpreter may switch here, as it may not inside `x += 1`."""
    for _ in range(3):
        pass


def patience(rng: random.Random) -> float:
    """Seconds to wait: often none, mostly fewer than a hand-over takes, sometimes enough."""
    return rng.choice((0.0, rng.uniform(0, 2e-5), rng.uniform(0, 2e-4), rng.uniform(0, 2e-3)))


def taken(lock: Any, rng: random.Random) -> bool:
    """Acquire in one of three ways; whether it worked."""
    way = rng.random()
    if way < 0.2:
        return bool(lock.acquire(False))
    if way < 0.6:
        return bool(lock.acquire(timeout=patience(rng)))
    return bool(lock.acquire())


class Room:
    """Where at most so many may be at a time; it is asked on every visit."""

    def __init__(self, places: int = 1) -> None:
        self.places = places
        self._inside: list[int] = []  # append, pop and len of a list are each one step
        self.visits = 0  # added to in two steps: exact only if places is 1

    def visit(self) -> None:
        self._inside.append(1)
        before = self.visits
        hop()
        crowd = len(self._inside)
        assert crowd <= self.places, f"{crowd} inside at once, where {self.places} may be"
        self.visits = before + 1
        self._inside.pop()


def ours(*names: str) -> list[Any]:
    """Parameters of a test: primitives of concur by name, each called with what the test gives it."""
    return [
        pytest.param(
            getattr(sync, name, None),
            id=name,
            marks=() if hasattr(sync, name) else pytest.mark.skip(reason=f"there is no concur.sync.{name}"),
        )
        for name in names
    ]


def theirs(*makers: Callable[..., Any]) -> list[Any]:
    """The same for the standard library's, as a reference: the test must pass them."""
    return [pytest.param(maker, id=f"{maker.__module__}.{maker.__qualname__}") for maker in makers]
