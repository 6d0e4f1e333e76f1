"""A generator between threads: entering it while another thread is inside is CPython's ValueError."""

import pytest

from concur.check import Status

from .conftest import Check

# Each moves the shared generator `numbers` to its end or by one step.
MOVES = {
    "next": "next(numbers)",
    "next with a default": "next(numbers, None)",
    "__next__": "numbers.__next__()",
    "kept method": "move()",
    "for": "for n in numbers: pass",
    "comprehension": "[n for n in numbers]",
    "send": "numbers.send(None)",
    "throw": "try: numbers.throw(KeyError)\nexcept (KeyError, StopIteration): pass",
    "close": "numbers.close()",
    "yield from": "list(through(numbers))",
    "list": "list(numbers)",
    "max": "max(numbers, default=0)",
    "join": "','.join(numbers)",
    "extend": "[].extend(numbers)",
    "in": "9 in numbers",
    "not in": "9 not in numbers",
    "star": "print(*numbers)",
    "unpacking": "[*numbers]",
    "assignment": "*rest, = numbers",
    "zip": "list(zip(numbers, numbers))",
    "enumerate": "list(enumerate(numbers))",
    "map": "list(map(str, numbers))",
    "islice": "list(itertools.islice(numbers, 1))",
    "chain": "list(itertools.chain(numbers))",
}

HEAD = """
import itertools
from threading import Lock
def count():
    yield "1"
    yield "2"
    yield "3"
def through(inner):
    yield from inner
"""


def program(move: str, scenario: str) -> str:
    step = move.replace("\n", "\n            ")
    return f"""{HEAD}
def scenario():
    numbers, lock = count(), Lock()
    move = numbers.__next__
    def bare():
            {step}
    def also(): bare()
    def locked():
        with lock: bare()
    def and_locked(): locked()
    {scenario}
"""


@pytest.mark.parametrize("name", MOVES)
def test_two_threads_inside(check: Check, name: str) -> None:
    """Some schedule lets one thread enter while the other is inside."""
    verdict = check(program(MOVES[name], "together(bare, also)"))
    assert verdict.failure is not None, str(verdict)
    assert "generator already executing" in verdict.failure.message


@pytest.mark.parametrize("name", MOVES)
def test_one_after_the_other(check: Check, name: str) -> None:
    """Behind a lock, or after a join, threads may move one generator."""
    quiet = MOVES[name]
    if "\n" not in quiet and not quiet.startswith("for"):
        quiet = f"try: {quiet}\nexcept StopIteration: pass"
    assert check(program(quiet, "together(locked, and_locked)")).status is Status.VERIFIED
    assert check(program(quiet, "together(bare); together(also)")).status is Status.VERIFIED


def test_a_generator_of_ones_own_is_no_step(check: Check) -> None:
    """Two threads with a generator each: nothing conflicts."""
    verdict = check(HEAD + "\ndef scenario():\n    def work(): list(count())\n    together(work, work)\n")
    assert verdict.status is Status.VERIFIED
    assert verdict.schedules == 1
