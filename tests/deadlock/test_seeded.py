"""Five hundred programs that deadlock for certain, made from seeds: each is found, and its threads are named."""

import random
import threading
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import pytest

from concur.deadlock import watch
from concur.errors import DeadlockError
from concur.sync import Mutex

SEEDS = 500
PARTS = 10


def kinds() -> list[Callable[[], Any]]:
    return [
        threading.Lock,
        threading.RLock,
        threading.Condition,
        lambda: threading.Condition(threading.Lock()),
        Mutex,
    ]


class Program:
    """Two to five threads in a circle, each in its own manner, and one or two beside it."""

    def __init__(self, seed: int) -> None:
        choose = random.Random(seed)
        self.choose = choose
        self.number = choose.randint(2, 5)
        self.locks = [choose.choice(kinds())() for _ in range(self.number)]
        self.private = [choose.choice(kinds())() for _ in range(self.number)]
        self.names = choose.sample(["Plato", "Kant", "Hegel", "Hume", "Mill", "Marx", "Sartre"], self.number)
        self.everybody_holds = threading.Barrier(self.number)
        self.manners = [choose.randrange(5) for _ in range(self.number)]
        self.beside = choose.randint(0, 2)
        self.found: list[BaseException] = []

    def run(self) -> None:
        threads = [
            threading.Thread(target=self.guarded, args=(index,), name=name, daemon=True)
            for index, name in enumerate(self.names)
        ]
        threads += [
            threading.Thread(target=self.harmless, args=(index,), name=f"beside {index}", daemon=True)
            for index in range(self.beside)
        ]
        self.choose.shuffle(threads)
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60.0)
            assert not thread.is_alive(), f"{thread.name} hangs"

    def guarded(self, index: int) -> None:
        try:
            self.philosopher(index)
        except BaseException as error:
            self.found.append(error)

    def philosopher(self, index: int) -> None:
        """Take one's own lock, wait until all have done so, take the next one's."""
        mine, theirs, manner = self.locks[index], self.locks[(index + 1) % self.number], self.manners[index]
        with ExitStack() as stack:
            if manner == 1:
                stack.enter_context(self.private[index])  # something else is held
            if manner == 2:  # taken by acquire()
                mine.acquire()
                stack.callback(mine.release)
            else:
                stack.enter_context(mine)
            if manner == 3:  # taken and released before
                self.everybody_holds.wait()
                with self.private[index]:
                    pass
                if theirs.acquire(False):  # the circle was found already
                    theirs.release()
            else:
                self.everybody_holds.wait()
            if manner == 4 and theirs.acquire(timeout=0.0001):
                theirs.release()
            theirs.acquire()
            theirs.release()

    def harmless(self, index: int) -> None:
        """Want one of the locks, and hold nothing that anybody else wants."""
        with threading.Lock(), self.locks[index % self.number]:
            pass


@pytest.mark.parametrize("order", [True, False], ids=["ordered", "plain"])
@pytest.mark.parametrize("part", range(PARTS))
def test_found(part: int, order: bool) -> None:
    """One thread of the circle is told, and the message names each of its threads."""
    for seed in range(part, SEEDS, PARTS):
        with watch(Mutex, order=order, on_potential=lambda report: None) as watching:
            program = Program(seed)
            program.run()
        told = [error for error in program.found if isinstance(error, DeadlockError)]
        assert told, f"seed {seed}: no deadlock was found"
        assert told == program.found, f"seed {seed}: {program.found}"
        first = next(report for report in watching.reports if report.kind == "deadlock")
        assert sorted(first.threads) == sorted(program.names), f"seed {seed}: {first}"
        assert all(f"{name} " in first.text for name in program.names)
