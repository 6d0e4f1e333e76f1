"""What would differ from run to run: pinned, or reported with its line."""

import random as real_random
import subprocess
import sys
from pathlib import Path

import pytest

from concur.check import Status, explore

from .conftest import TOGETHER, Check

# Each body asserts something of two threads' draws, or prints a value that must be the same in each process.
DRAWS = {
    "random": "random.random()",
    "randint": "random.randint(1, 1000)",
    "choice": "random.choice(range(1000))",
    "sample": "tuple(random.sample(range(1000), 2))",
    "gauss": "random.gauss()",
    "an unseeded generator": "random.Random().random()",
    "a subclass": "Mine().random()",
    "SystemRandom": "random.SystemRandom().random()",
    "urandom": "os.urandom(8)",
    "urandom by name": "urandom(8)",
    "token_hex": "secrets.token_hex(8)",
    "randbelow": "secrets.randbelow(1000)",
    "uuid4": "str(uuid.uuid4())",
    "uuid1": "str(uuid.uuid1())",
}

HEAD = """
import os, random, secrets, uuid
from os import urandom
class Mine(random.Random): pass
"""


@pytest.mark.parametrize("draw", DRAWS)
def test_two_threads_may_draw(check: Check, draw: str) -> None:
    """Both orders of two draws are run, and in each the same two values come out."""
    text = f"""{HEAD}
def scenario():
    drawn = {{}}
    def one(): drawn["one"] = {DRAWS[draw]}
    def two(): drawn["two"] = {DRAWS[draw]}
    together(one, two)
    assert drawn["one"] != drawn["two"] and drawn["one"] HOLDS drawn["two"]
"""
    for sign in "<>":  # either may come first, so neither order holds
        assert check(text.replace("HOLDS", sign)).status is Status.REFUTED
    assert check(text.replace("HOLDS", "!=")).status is Status.VERIFIED


def test_another_process_draws_the_same(tmp_path: Path) -> None:
    """The values do not depend on the process, so a token can be replayed in another one."""
    file = tmp_path / "program.py"
    file.write_text(f"{HEAD}\ndef scenario():\n    print({', '.join(DRAWS.values())})\n")
    code = f"from concur import explore; print(explore({str(file) + '::scenario'!r}).output)"
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={"PYTHONPATH": path}
        ).stdout
        for path in (":".join(sys.path), ":".join(["", *sys.path]))
    }
    assert len(outputs) == 1
    assert len(outputs.pop()) > 100


def test_a_seed_gives_the_values_of_python(check: Check) -> None:
    """`random.seed(5)` and `Random(5)` give what CPython gives."""
    generator = real_random.Random(5)
    expected = [generator.random(), generator.randint(1, 100), generator.gauss()]
    text = f"""
import random
from random import randint
def scenario():
    random.seed(5)
    assert [random.random(), randint(1, 100), random.gauss()] == {expected}
    own = random.Random(5)
    assert [own.random(), own.randint(1, 100), own.gauss()] == {expected}
    assert isinstance(own, random.Random)
"""
    assert check(text).status is Status.VERIFIED


def test_a_generator_of_one_thread_is_not_shared(check: Check) -> None:
    """Two threads with a generator each: nothing conflicts."""
    text = """
import random
def scenario():
    def work(): random.Random(5).randint(1, 100)
    together(work, work)
"""
    verdict = check(text)
    assert verdict.status is Status.VERIFIED
    assert verdict.schedules == 1


def test_a_list_that_two_threads_shuffle_is_shared(check: Check) -> None:
    """`shuffle` swaps item by item, and another thread can come between."""
    text = """
import random
def scenario():
    items = [1, 2]
    def work(): random.Random(1).shuffle(items)
    together(work, work)
    assert sorted(items) == [1, 2]
"""
    assert check(text).status is Status.REFUTED


_ = (TOGETHER, explore)
