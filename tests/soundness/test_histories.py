"""The search finds every history of calls that full enumeration finds, and no other.

A history says which call ended before which began, beside what they answered, so it is finer than the
outcomes of `test_soundness.py`: here the beginnings and the ends of calls are what must not be reduced away.
"""

from pathlib import Path
from typing import Any

import pytest

from concur.check import linear
from concur.check.engine import Engine
from concur.check.scenario import Scenario

from .enumeration import Enumeration, outcomes

PROGRAM = """
from threading import Lock, Thread
from concur import linearizable


class Model:
    def __init__(self):
        self.value = 0

    def read(self):
        return self.value

    def write(self, value):
        self.value = value


class Free(Model):
    '''No lock, one cell.'''


class Stale(Model):
    '''A write reaches readers after it has returned, if the writer goes on to call sync().'''

    def __init__(self):
        self.value = self.seen = 0

    def read(self):
        return self.seen

    def sync(self):
        self.seen = self.value


class Unrelated(Model):
    '''Calls touch nothing: only their beginnings and ends depend on each other.'''

    def read(self):
        return 0

    def write(self, value):
        pass


class Locked(Model):
    def __init__(self):
        self.value, self.lock = 0, Lock()

    def read(self):
        with self.lock:
            return self.value

    def write(self, value):
        with self.lock:
            self.value = value


class Leaky(Model):
    '''What a read returns changes until it is recorded.'''

    def __init__(self):
        self.values = []

    def read(self):
        return self.values

    def write(self, value):
        self.values.append(value)


class Crossed(Model):
    '''Two locks in two orders: some calls never return.'''

    def __init__(self):
        self.value, self.a, self.b = 0, Lock(), Lock()

    def read(self):
        with self.a, self.b:
            return self.value

    def write(self, value):
        with self.b, self.a:
            self.value = value


Model.sync = lambda self: None


def scenario():
    cell = linearizable(Model, {kind}())

    def first():
        {first}

    def second():
        {second}

    def third():
        {third}

    one, two, three = Thread(target=first), Thread(target=second), Thread(target=third)
    one.start()
    two.start()
    three.start()
    one.join()
    two.join()
    three.join()
    {last}
"""

READ, WRITE, BOTH = "cell.read()", "cell.write(1)", "cell.write(2); cell.sync()"
BODIES = [
    (READ, WRITE, "pass"),
    (WRITE, f"{READ}; {READ}", "pass"),
    (BOTH, READ, "pass"),
]
CASES = [
    *(
        (kind, *bodies)
        for kind in ("Free", "Stale", "Unrelated", "Locked", "Leaky", "Crossed")
        for bodies in BODIES
    ),
    ("Unrelated", BOTH, f"{READ}; {WRITE}", "pass"),
    ("Unrelated", READ, READ, WRITE),
]
LARGEST = 5_000  # schedules of the reference


def histories(engine: Engine, scenario: Scenario) -> Any:
    """What was called, answered, and in which order of ends and beginnings; and whether a model fits."""
    fits: set[Any] = set()
    keys = tuple(linear._key(history) for history in engine.histories)
    linear.judge(engine, fits)
    return keys, engine.misfit is None, len(engine.deadlocked)


def write_program(folder: Path, kind: str, first: str, second: str, third: str) -> Path:
    file = folder / "program.py"
    file.write_text(PROGRAM.format(kind=kind, first=first, second=second, third=third, last=READ))
    return file


@pytest.mark.parametrize("case", CASES, ids=" | ".join)
def test_the_reduction_loses_no_history(tmp_path: Path, case: tuple[str, ...]) -> None:
    """Every set of answers with every order of ends and beginnings is found, and the same verdicts."""
    file = write_program(tmp_path, *case)
    reference, _ = outcomes(file, lambda: Enumeration(lifecycle=False), limit=LARGEST, observe=histories)
    found, _ = outcomes(file, observe=histories)
    assert found == reference
    assert all(None not in keys for keys, *_ in found)  # a history without a key would be equal to any other


def test_the_histories_differ_in_their_order_only(tmp_path: Path) -> None:
    """Two calls that touch nothing have three histories: either ends before the other begins, or they overlap."""
    file = write_program(tmp_path, "Unrelated", READ, WRITE, "pass")
    found, schedules = outcomes(file, observe=histories)
    assert len(found) == 3
    assert schedules < 6  # of the six orders of two beginnings and two ends
