"""What would differ from run to run: pinned, or reported with its line."""

import json
import os
import random as real_random
import subprocess
import sys
from pathlib import Path

import pytest

from concur.check import Status, divergence, explore, replay
from concur.errors import TokenError

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
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            env={"PYTHONPATH": os.pathsep.join(sys.path), "PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
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


CLOCKS = {
    "datetime.now": "datetime.datetime.now()",
    "now of a zone": "datetime.datetime.now(datetime.timezone.utc)",
    "utcnow": "datetime.datetime.utcnow()",
    "datetime.today": "datetime.datetime.today()",
    "a subclass": "Mine.now()",
    "by name": "now()",
    "localtime": "tuple(time.localtime())",
    "gmtime": "tuple(time.gmtime())",
    "ctime": "time.ctime()",
    "asctime": "time.asctime()",
    "strftime": "time.strftime('%H:%M:%S')",
    "time_ns": "time.time_ns()",
    "clock_gettime": "time.clock_gettime(time.CLOCK_REALTIME)",
    "clock_gettime_ns": "time.clock_gettime_ns(time.CLOCK_MONOTONIC)",
}

CLOCK_HEAD = """
import datetime, time, warnings
warnings.simplefilter("ignore")
class Mine(datetime.datetime): pass
now = datetime.datetime.now
"""


@pytest.mark.parametrize("clock", CLOCKS)
def test_every_clock_is_the_virtual_one(check: Check, clock: str) -> None:
    """Two looks see one moment, unless a sleep comes between; another thread's sleep is seen too."""
    text = f"""{CLOCK_HEAD}
def scenario():
    start = {CLOCKS[clock]}
    assert start == {CLOCKS[clock]}
    time.sleep(2)
    after = {CLOCKS[clock]}
    assert after != start
    seen = []
    def nap(): time.sleep(3)
    def look(): seen.append({CLOCKS[clock]} == after)
    together(nap, look)
    assert HOLDS
"""
    assert check(text.replace("HOLDS", "True")).status is Status.VERIFIED
    assert check(text.replace("HOLDS", "seen == [True]")).status is Status.REFUTED
    assert check(text.replace("HOLDS", "seen == [False]")).status is Status.REFUTED


def test_dates_are_the_real_classes(check: Check) -> None:
    """What the virtual clock gives is an ordinary date: it agrees with `time.time`."""
    text = """
import datetime, time
def scenario():
    now = datetime.datetime.now(datetime.timezone.utc)
    assert type(now) is datetime.datetime and now.timestamp() == time.time() == 1_600_000_000
    assert datetime.date.today() == datetime.datetime.now().date()
    assert repr(datetime.timedelta(1) + now).startswith("datetime.datetime(2020, 9, 14")
"""
    assert check(text).status is Status.VERIFIED


# How a number of runs is kept -> (how it is counted up, the cause that the message names)
KEPT = {
    "environment": (
        "runs = int(os.environ.get('CONCUR_TEST_RUNS', 0)); os.environ['CONCUR_TEST_RUNS'] = str(runs + 1)",
        "runs and os.environ",
        "the environment outlives a run",
    ),
    "file": (
        "path = pathlib.Path(__file__ + '.r'); runs = len(path.read_text()); path.write_text('x' * (runs + 1))",
        "runs",
        "files",
    ),
    "module": (
        "runs = getattr(json, 'concur_test_runs', 0); json.concur_test_runs = runs + 1",
        "runs",
        "a module that is not rewritten",
    ),
}


@pytest.mark.parametrize("kept", KEPT)
def test_state_kept_between_runs_is_reported(
    check: Check, kept: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A run that depends on how many came before: both steps are named with their lines, and the cause."""
    monkeypatch.setenv("CONCUR_TEST_RUNS", "0")
    monkeypatch.setattr(json, "concur_test_runs", 0, raising=False)
    (tmp_path / "program.py.r").write_text("")
    count, read, cause = KEPT[kept]
    text = f"""
import json, os, pathlib
class Box: first = second = 0
def scenario():
    {count}
    box = Box()
    def work():
        if ({read}) and runs % 2: box.first += 1
        else: box.second += 1
    def also(): work()
    together(work, also)
"""
    verdict = check(text)
    assert verdict.status is Status.UNCHECKABLE, str(verdict)
    assert "not deterministic" in verdict.reason
    assert "by thread 'work'" in verdict.reason
    steps = [f"program.py:{line}" in verdict.reason for line in (18, 19)]
    assert steps == [True, True], verdict.reason
    assert cause in verdict.reason


@pytest.mark.parametrize("line", ["for x in {a, b}: x.n += 1", "for x in set(xs): x.n += 1"])
def test_a_set_on_the_line_is_the_likely_cause(tmp_path: Path, line: str) -> None:
    """The cause is looked for on the two lines of the message."""
    file = tmp_path / "a_set.py"
    file.write_text(f"x = 1\n{line}\n")
    assert "order of a set" in divergence.cause_at([(str(file), 1), (str(file), 2)])
    assert divergence.cause_at([(str(file), 1)]).startswith("look for")


def test_hash_and_id_are_numbers_of_the_run(check: Check) -> None:
    """Both are pinned for objects that have nothing but an address; other hashes are CPython's."""
    text = """
class Box: pass
class Own:
    def __hash__(self): return 77
def scenario():
    first, second = Box(), Box()
    assert (hash(first), id(second), hash(second), id(first)) == (1, 2, 2, 1)
    assert hash(Own()) == 77 and hash(5) == 5
    assert hash("a") == "a".__hash__() and {first: 1}[first] == 1
"""
    assert check(text).status is Status.VERIFIED


def test_threads_that_number_objects_first_race(check: Check) -> None:
    """Which object gets the lower number depends on the schedule, and both orders are run."""
    text = """
class Box: pass
def scenario():
    a, b, seen = Box(), Box(), []
    def one(): id(a)
    def two(): id(b)
    together(one, two)
    assert id(a) HOLDS id(b)
"""
    assert check(text.replace("HOLDS", "<")).status is Status.REFUTED
    assert check(text.replace("HOLDS", ">")).status is Status.REFUTED


def test_a_known_number_is_only_read(check: Check) -> None:
    """Two threads that ask for the number of an object that has one do not conflict."""
    text = """
class Box: pass
def scenario():
    a = Box()
    id(a)
    def one(): id(a); id(a)
    together(one, one)
"""
    assert check(text).schedules == 1


def test_a_set_of_threads_has_one_order(check: Check) -> None:
    """A pool joins the set of its workers: by their addresses, that order would be another one in each run."""
    text = """
from concurrent.futures import ThreadPoolExecutor
def scenario():
    found = []
    with ThreadPoolExecutor(3) as pool:
        for number in range(3): pool.submit(found.append, number)
    assert sorted(found) == [0, 1, 2]
"""
    assert check(text, max_schedules=40).status is Status.UNFINISHED


def test_the_number_of_a_thread_does_not_depend_on_what_others_make(check: Check) -> None:
    """Which of two makes its thread first makes no difference to either, nor to a set of both."""
    text = """
import threading
def scenario():
    made = []
    def make(): made.append(threading.Thread())
    together(make, make)
    first, second = sorted(made, key=hash)
    assert [first, second] == list({second, first}) and hash(first) != hash(second)
    assert made[0] is first
"""
    assert check(text).status is Status.REFUTED
    assert check(text.replace("    assert made[0] is first\n", "")).status is Status.VERIFIED


_SHAPES = """
import os, sys
from concur.check import Status, sample
from concur.check.analysis import shape
from concur.check.engine import Engine
run = Engine.run
def told(self, main):
    run(self, main)
    print([shape(op) for _, op in self.trace])
Engine.run = told
out, sys.stdout = sys.stdout, open(os.devnull, "w")
def print(*shapes): out.write(f"{shapes}\\n")
sample(f"{sys.argv[1]}::scenario", runs=2)
"""


def test_another_process_takes_the_same_steps(tmp_path: Path) -> None:
    """Also where one step touches many places, and hashes of texts are others: which comes first is told."""
    file = tmp_path / "program.py"
    file.write_text(
        TOGETHER
        + """
from collections import Counter
class Box: pass
def scenario():
    votes, box = Counter(a=1, b=2), Box()
    box.one = box.two = box.three = box.four = box.five = 1
    def count(): max(votes, key=votes.__getitem__); repr([box]); vars(box)
    together(count, count)
"""
    )
    found = []
    for seed in ("1", "2", "3"):
        done = subprocess.run(
            [sys.executable, "-c", _SHAPES, str(file)],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        )
        found.append(done.stdout)
    assert found[0].strip()
    assert found[0] == found[1] == found[2]


@pytest.mark.parametrize(
    "call", ["email.utils.formatdate()", "email.utils.make_msgid()", "statistics.NormalDist().samples(2)"]
)
def test_real_clocks_and_names_below_other_code_are_refused(check: Check, call: str) -> None:
    """A function that is not rewritten and reads what is not pinned is named with its line."""
    verdict = check(f"import email.utils, statistics\ndef scenario():\n    {call}\n")
    assert verdict.status is Status.UNCHECKABLE
    assert call.rpartition("(")[0].replace("()", "") in verdict.reason
    assert "program.py:13" in verdict.reason


def test_a_token_that_is_not_followed_tells_of_sets_of_texts(tmp_path: Path) -> None:
    """Their order differs between processes, and the message says what pins it."""
    file = tmp_path / "program.py"
    text = (
        TOGETHER
        + """
import os
class Box: n = 0
def scenario():
    box = Box()
    def add():
        for _ in range(int(os.environ["CONCUR_TEST_RUNS"])): box.n += 1
    together(add, add)
    assert box.n == 4
"""
    )
    file.write_text(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CONCUR_TEST_RUNS", "2")
        verdict = explore(f"{file}::scenario")
        assert verdict.failure is not None
        patch.setenv("CONCUR_TEST_RUNS", "1")
        with pytest.raises(TokenError, match=r"PYTHONHASHSEED=0"):
            replay(f"{file}::scenario", verdict.failure.token)
