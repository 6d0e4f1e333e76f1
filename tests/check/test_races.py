"""Data races: found whatever the outcome, with both lines and how much they matter."""

import ast
import json
import textwrap
from pathlib import Path
from typing import Any

import pytest

from concur.check import Race, Status, explore, replay, sample
from concur.check.options import Options
from concur.check.races import Finder
from concur.check.sample import RandomWalk
from concur.check.scenario import Scenario
from concur.check.verdict import Verdict
from concur.check.work import Work

from .conftest import TOGETHER, Check

ROOT = Path(__file__).resolve().parent.parent.parent


def kinds(verdict: Verdict) -> list[tuple[str, str, str]]:
    assert verdict.status in (Status.VERIFIED, Status.UNFINISHED), str(verdict)
    return [
        (f"{race.severity}: {race.kind}", race.first.source, race.second.source) for race in verdict.races
    ]


def severities(verdict: Verdict) -> set[str]:
    return {race.severity for race in verdict.races}


COUNTER = """
class Counter:
    def __init__(self):
        self.value = 0
    def increment(self):
        self.value += 1

def scenario():
    counter = Counter()
    together(counter.increment, counter.increment)
"""

# name -> the program, and what is found: severity and kind, the first line, the second line
FOUND: dict[str, tuple[str, list[tuple[str, str, str]]]] = {
    "an update on one line": (COUNTER, [("race: read-modify-write", "self.value += 1", "self.value += 1")]),
    "an update over two lines": (
        """
        class C: pass
        def scenario():
            c = C()
            c.n = 0
            def work():
                seen = c.n
                c.n = seen + 1
            together(work, work)
        """,
        [("race: read-modify-write", "seen = c.n", "c.n = seen + 1")],
    ),
    "an update of a variable against a store": (
        """
        n = 0
        def add():
            global n
            n = n + 1
        def clear():
            global n
            n = 0
        def scenario():
            together(add, clear)
        """,
        [("race: read-modify-write", "n = n + 1", "n = 0")],
    ),
    "an item": (
        """
        def scenario():
            d = {"a": 0}
            def work():
                d["a"] = d.get("a", 0) + 1
            together(work, work)
        """,
        [("race: read-modify-write", 'd["a"] = d.get("a", 0) + 1', 'd["a"] = d.get("a", 0) + 1')],
    ),
    "a key tested and set": (
        """
        def scenario():
            d = {}
            def work():
                if 1 not in d:
                    d[1] = 2
            together(work, work)
        """,
        [("race: check-then-act", "if 1 not in d:", "d[1] = 2")],
    ),
    "a key tested, and set behind the return": (
        """
        def scenario():
            d = {}
            def work():
                known = d.get(1)
                if known is not None:
                    return known
                d[1] = 2
            together(work, work)
        """,
        [("race: check-then-act", "known = d.get(1)", "d[1] = 2")],
    ),
    "an object made once": (
        """
        class C: pass
        def scenario():
            c = C()
            c.made = None
            def work():
                if c.made is None:
                    c.made = 1
            together(work, work)
        """,
        [("race: check-then-act", "if c.made is None:", "c.made = 1")],
    ),
    "an emptiness test": (
        """
        def scenario():
            items = [1, 2]
            def work():
                if items:
                    items.pop()
            together(work, work)
        """,
        [("race: check-then-act", "if items:", "items.pop()")],
    ),
    "an emptiness test, and a removal behind it": (
        """
        def scenario():
            items = [1, 2]
            def work():
                if not items:
                    print("none")
                items.pop()
            together(work, work)
        """,
        [("race: check-then-act", "if not items:", "items.pop()")],
    ),
    "a torn pair": (
        """
        class Point: pass
        def scenario():
            p = Point()
            p.x = p.y = 0
            def move():
                p.x = 1
                p.y = 1
            def look():
                return (p.x, p.y)
            together(move, look)
        """,
        [("race: torn pair", "p.x = 1", "return (p.x, p.y)")],
    ),
    "a flag": (
        """
        class C: pass
        def scenario():
            c = C()
            c.stop = False
            def end():
                c.stop = True
            def look():
                return c.stop
            together(end, look)
        """,
        [("note: single accesses", "c.stop = True", "return c.stop")],
    ),
    "an append": (
        """
        def scenario():
            got = []
            def work():
                got.append(1)
            together(work, work)
        """,
        [("note: container operations", "got.append(1)", "got.append(1)")],
    ),
    "a private field": (
        """
        class C:
            def __init__(self):
                self.__n = 0
            def work(self):
                self.__n += 1
        def scenario():
            c = C()
            together(c.work, c.work)
        """,
        [("race: read-modify-write", "self.__n += 1", "self.__n += 1")],
    ),
}


@pytest.mark.parametrize("name", FOUND)
def test_what_is_found(check: Check, name: str) -> None:
    """Each kind, with its severity and its lines, and nothing else."""
    program, expected = FOUND[name]
    assert kinds(check(program)) == expected


# Programs in which everything is ordered.
ORDERED = {
    "a lock": """
        lock = threading.Lock()
        def work():
            with lock: c.n += 1
        together(work, work)
        """,
    "a lock, tried until it is there": """
        lock = threading.Lock()
        def work():
            if lock.acquire(False):
                c.n += 1
                lock.release()
        together(work, work)
        """,
    "a lock taken with a time-out": """
        lock = threading.Lock()
        def work():
            if lock.acquire(timeout=1):
                c.n += 1
                lock.release()
        together(work, work)
        """,
    "an rlock taken twice": """
        lock = threading.RLock()
        def work():
            with lock, lock: c.n += 1
        together(work, work)
        """,
    "joins": """
        def work(): c.n += 1
        def outer():
            c.n += 1
            t = threading.Thread(target=work); t.start(); t.join()
            c.n += 1
        together(outer, lambda: None)
        """,
    "a thread seen dead": """
        def work(): c.n += 1
        t = threading.Thread(target=work)
        def look():
            if not t.is_alive(): c.n += 1
        t.start()
        look()
        t.join()
        """,
    "a condition": """
        ready = threading.Condition()
        def put():
            with ready:
                c.n = 1
                ready.notify()
        def take():
            with ready:
                while not c.n: ready.wait()
            c.n += 1
        together(put, take)
        """,
    "an event": """
        event = threading.Event()
        def put():
            c.n += 1
            event.set()
        def take():
            event.wait()
            c.n += 1
        together(put, take)
        """,
    "a semaphore": """
        semaphore = threading.Semaphore(0)
        def put():
            c.n += 1
            semaphore.release()
        def take():
            semaphore.acquire()
            c.n += 1
        together(put, take)
        """,
    "a queue": """
        q = queue.Queue()
        def put():
            c.n += 1
            q.put(1)
        def take():
            q.get()
            c.n += 1
        together(put, take)
        """,
}


@pytest.mark.parametrize("name", ORDERED)
def test_what_orders(check: Check, name: str) -> None:
    """Whatever synchronises orders, and then there is nothing to report."""
    body = textwrap.indent(textwrap.dedent(ORDERED[name]), "    ")
    program = f"import queue, threading\nclass C: pass\ndef scenario():\n    c = C()\n    c.n = 0\n{body}"
    assert kinds(check(program)) == []


@pytest.mark.parametrize("name", ["a lock", "a condition", "an event", "a semaphore", "a queue", "joins"])
def test_without_the_order_there_is_a_race(check: Check, name: str) -> None:
    """The same programs with what orders them taken out."""
    body = textwrap.indent(textwrap.dedent(ORDERED[name]), "    ")
    for old, new in (
        ("with lock: ", ""), ("while not c.n: ready.wait()", "pass"), ("event.wait()", "event.is_set"),
        ("semaphore.acquire()", "semaphore.acquire(False)"), ("q.get()", "q.empty"), ("t.join()", "t.join"),
    ):  # fmt: skip
        body = body.replace(old, new)
    program = f"import queue, threading\nclass C: pass\ndef scenario():\n    c = C()\n    c.n = 0\n{body}"
    assert "race" in severities(check(program))


PETERSON = """
class Peterson:
    def __init__(self):
        self.wants = [False, False]
        self.turn = 0
    def lock(self, me):
        other = 1 - me
        self.wants[me] = True
        self.turn = other
        while self.wants[other] and self.turn == other:
            pass
    def unlock(self, me):
        self.wants[me] = False

class C: pass

def scenario():
    lock, c = Peterson(), C()
    c.n = 0
    def work(me):
        for _ in range(2):
            lock.lock(me)
            c.n += 1
            lock.unlock(me)
    def zero(): work(0)
    def one(): work(1)
    together(zero, one)
    assert c.n == 4
"""

DEKKER = """
class C: pass

def scenario():
    c = C()
    c.turn = c.n = 0
    wants = [False, False]
    def work(me):
        other = 1 - me
        for _ in range(2):
            wants[me] = True
            while wants[other]:
                if c.turn != me:
                    wants[me] = False
                    while c.turn != me:
                        pass
                    wants[me] = True
            c.n += 1
            c.turn = other
            wants[me] = False
    def zero(): work(0)
    def one(): work(1)
    together(zero, one)
    assert c.n == 4
"""

MESSAGE = """
class C: pass

def scenario():
    c = C()
    c.ready, c.data = False, 0
    def send():
        c.data = 42
        c.ready = True
    def receive():
        while not c.ready:
            pass
        assert c.data == 42
        c.data += 1
        c.ready = False
    together(send, receive)
"""


def sampled(folder: Path, text: str) -> Verdict:
    file = folder / "program.py"
    file.write_text(TOGETHER + text)
    return sample(f"{file}::scenario", runs=60, strategy="random")


@pytest.mark.parametrize("program", [PETERSON, DEKKER, MESSAGE], ids=["peterson", "dekker", "message"])
def test_algorithms_on_flags_have_notes_only(tmp_path: Path, program: str) -> None:
    """What a flag protects is ordered by the flag, and the accesses of the flag are notes."""
    assert severities(sampled(tmp_path, program)) == {"note"}


def test_a_broken_peterson_has_a_race(tmp_path: Path) -> None:
    """With the test of the turn the wrong way round, the counter is not protected."""
    broken = PETERSON.replace("self.turn == other", "self.turn == me").replace("assert c.n == 4", "")
    verdict = sampled(tmp_path, broken)
    assert "C.n" in {race.place for race in verdict.races if race.severity == "race"}, str(verdict)


HELD = """
class C: pass

def scenario():
    c = C()
    c.held = False
    def work():
        while c.held:
            pass
        c.held = True
        c.held = False
    together(work, work)
"""


def test_a_lock_that_two_can_claim(tmp_path: Path) -> None:
    """A loop that waits for a flag, and sets it: two threads can come through before either sets it."""
    races = [race for race in sampled(tmp_path, HELD).races if race.severity == "race"]
    assert ("check-then-act", "while c.held:", "c.held = True") in [
        (race.kind, race.first.source, race.second.source) for race in races
    ]


def test_a_run_in_which_threads_take_turns_shows_the_race(check: Check) -> None:
    """One run, the first, in which one thread is over before the other begins."""
    verdict = check(COUNTER, max_schedules=1)
    assert (verdict.schedules, severities(verdict)) == (1, {"race"})


def test_a_try_that_failed_orders_nothing(check: Check) -> None:
    """In the one run, the lock was released before, and is held by another at the moment of the try."""
    verdict = check(
        """
        from threading import Lock
        class C: pass
        def scenario():
            c, lock = C(), Lock()
            c.n = 0
            def first():
                with lock:
                    c.n = 1
            def second():
                lock.acquire()
            def third():
                lock.acquire(False)
                c.n = 2
            together(first, second, third)
        """,
        max_schedules=1,
    )
    assert kinds(verdict) == [("note: single accesses", "c.n = 1", "c.n = 2")]


def test_what_a_skipped_run_shares_with_the_next_is_looked_at(tmp_path: Path) -> None:
    """A run that the search gave up is skipped, and its steps count as new in the next."""
    file = tmp_path / "program.py"
    file.write_text(TOGETHER + COUNTER)
    work = Work(Scenario(f"{file}::scenario"), Options())
    with work.running():
        engine = work.run(RandomWalk(0), full=True)
    for skipped, found in ((len(engine.trace), False), (0, True)):
        finder = Finder()
        finder.look(engine)
        assert finder.pairs
        finder.pairs.clear()
        finder.known.clear()
        finder.skip(skipped)
        finder.look(engine, len(engine.trace))
        assert bool(finder.pairs) is found


def scenarios(tests: Path) -> list[str]:
    """The scenarios of a graded test file."""
    return [
        f"{test.name}.<locals>.{inner.name}"
        for test in ast.walk(ast.parse(tests.read_text()))
        if isinstance(test, ast.FunctionDef)
        for inner in test.body
        if isinstance(inner, ast.FunctionDef) and inner.name.startswith("scenario")
    ]


RIGHT = [*sorted((ROOT / "solutions").rglob("*.py")), *sorted((ROOT / "tests" / "right").rglob("*.py"))]


@pytest.mark.parametrize("path", RIGHT, ids=lambda path: path.stem)
def test_right_answers_have_no_race(path: Path) -> None:
    """Model answers and other right ones: at most a note, as for a single load without the lock."""
    (tests,) = (ROOT / "exercises" / path.parent.name).glob("test_*.py")
    for name in scenarios(tests):
        verdict = explore(f"{tests}::{name}", attempt=path, max_schedules=40, max_seconds=None)
        assert severities(verdict) <= {"note"}, str(verdict)


def test_sampling_finds_the_same(check: Check, tmp_path: Path) -> None:
    """The races of a sample, in which more is announced, are those of the search."""
    verdict = check(COUNTER)
    assert sample(f"{tmp_path / 'program.py'}::scenario", runs=5).races == verdict.races


def test_races_that_are_not_looked_for(check: Check) -> None:
    """races="off" finds none."""
    assert check(COUNTER, races="off").races == ()


def test_a_race_fails(check: Check, tmp_path: Path) -> None:
    """races="fail": the race refutes, and its token replays to the same failure."""
    verdict = check(FOUND["an update of a variable against a store"][0], races="fail")
    assert verdict.status is Status.REFUTED
    failure = verdict.failure
    assert failure is not None
    assert (failure.kind, verdict.schedules, failure.token[:4]) == ("race", 1, "c1r.")
    assert [step.thread for step in failure.steps] == ["add", "add", "clear"]
    assert failure.steps[-1].source == "n = 0"
    assert "one lock over both" in failure.why
    again = replay(f"{tmp_path / 'program.py'}::scenario", failure.token)
    assert again.failure == failure
    assert replay(f"{tmp_path / 'program.py'}::scenario", failure.token.replace("c1r", "c1")).failure is None


def test_a_note_does_not_fail(check: Check) -> None:
    """races="fail" is about races, not about notes."""
    assert check(FOUND["an append"][0], races="fail").status is Status.VERIFIED


def test_one_entry_for_each_two_lines(check: Check) -> None:
    """Three threads, six updates: one race, told of the first two threads, in whatever order they start."""
    program = COUNTER.replace("together(counter.increment, counter.increment)", "{}").replace(
        "value", "total"
    )
    texts = []
    for order in ("ABC", "CAB"):
        threads = "\n".join(
            f"    {name} = Thread(target=counter.increment, name={name!r}); {name}.start()" for name in order
        )
        joins = "\n".join(f"    {name}.join()" for name in order)
        verdict = check(program.replace("    {}", f"{threads}\n{joins}"))
        (race,) = verdict.races
        texts.append(race.message.partition(" at ")[0] + race.message.rpartition(", '")[2])
        assert (race.first.thread, race.second.thread) == ("A", "B")
    assert texts[0] == texts[1]


def test_the_insides_of_libraries_are_left_out(check: Check) -> None:
    """`threading` and `concur.sync` read without a lock on purpose."""
    verdict = check("""
        from concur import Semaphore
        import threading
        def scenario():
            s, e = Semaphore(0), threading.Event()
            def give(): s.release(); e.set()
            def take(): e.is_set(); repr(s); s.acquire()
            together(give, take)
    """)
    assert kinds(verdict) == []


def test_at_most_twenty(check: Check) -> None:
    """A verdict keeps twenty, and says how many more there were."""
    lines = "\n".join(f"    c.f{number} += 1" for number in range(25))
    verdict = check(
        f"class C: pass\nc = C()\n{'c.'}{' = c.'.join(f'f{n}' for n in range(25))} = 0\n"
        f"def work():\n{lines}\ndef scenario():\n    together(work, work)\n",
        max_schedules=1,
    )
    assert (len(verdict.races), verdict.races_left_out) == (20, 5)
    assert "and 5 more" in str(verdict)


def test_as_json(check: Check) -> None:
    """Both sides are there, with their lines."""
    document: Any = json.loads(json.dumps(check(COUNTER).to_json()))
    (race,) = document["races"]
    assert (race["severity"], race["kind"], race["place"]) == ("race", "read-modify-write", "Counter.value")
    assert race["first"]["source"] == race["second"]["source"] == "self.value += 1"
    assert race["first"]["line"] == race["second"]["line"] > 0
    assert race["message"].endswith("and no lock orders them")


def test_as_text(check: Check) -> None:
    """The report under a verified verdict."""
    text = str(check(COUNTER))
    number = TOGETHER.count("\n") + 6
    assert text.splitlines()[1:] == [
        "",
        "  race (read-modify-write): 'increment' reads and writes value at",
        f"    program.py:{number}, 'increment' writes it at program.py:{number}, and no lock orders",
        "    them",
        f"      program.py:{number}  self.value += 1",
    ]


def test_notes_do_not_drown_a_verdict(check: Check) -> None:
    """Three notes are told, the others counted."""
    lines = "\n".join(f"    got.append({number})" for number in range(3))
    verdict = check(f"got = []\ndef work():\n{lines}\ndef scenario():\n    together(work, work)\n")
    assert len(verdict.races) == 6
    assert str(verdict).count("note (") == 3
    assert "and 3 more" in str(verdict)


def test_a_race_is_a_record() -> None:
    """It can be compared and kept in a set."""
    assert Race.__dataclass_params__.frozen  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", ["locked_counter.py", "queue_of_one.py"])
def test_the_examples_have_no_race(name: str) -> None:
    """What the docs show as right is."""
    verdict = explore(f"{ROOT / 'docs' / 'examples' / name}::scenario", max_seconds=None)
    assert "race" not in severities(verdict), str(verdict)
