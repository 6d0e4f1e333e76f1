"""Linearizability: what is refuted and what is not, what is said about it, and what is wrong usage."""

import threading
from pathlib import Path
from typing import Any

import pytest

from concur.check import Status, explore, linear, linearizable, replay, sample
from concur.check.linear import check as check_now
from concur.errors import NotLinearizableError, UsageError

from .conftest import TOGETHER, Check

COUNTER = """
from threading import Lock
from concur import linearizable

class Model:
    def __init__(self):
        self.value = 0
    def increment(self):
        self.value += 1
        return self.value

class Racy(Model):
    pass

class Locked(Model):
    def __init__(self):
        self.value = 0
        self.lock = Lock()
    def increment(self):
        with self.lock:
            self.value += 1
            return self.value
"""

QUEUE = """
from collections import deque
from threading import Lock
from concur import linearizable

class Empty(Exception):
    pass

class Queue:
    def __init__(self):
        self.items = deque()
        self.lock = Lock()
    def put(self, item):
        with self.lock:
            self.items.append(item)
    def get(self):
        with self.lock:
            if not self.items:
                raise Empty("nothing here")
            return self.items.popleft()

class Stack(Queue):
    def get(self):
        with self.lock:
            if not self.items:
                raise Empty("nothing here")
            return self.items.pop()

def both(queue):
    def putter():
        queue.put(1)
        queue.put(2)
    def getter():
        try:
            queue.get()
        except Exception:
            pass
    together(putter, getter)
"""

RACY = """
def scenario():
    counter = linearizable(Model, Racy())
    together(counter.increment, counter.increment)
"""


def test_a_counter_with_a_lock_is_verified(check: Check) -> None:
    """Calls and fields behave as those of the object, and every history fits."""
    verdict = check(
        f"""{COUNTER}
def scenario():
    counter = linearizable(Model, Locked())
    together(counter.increment, counter.increment)
    assert counter.value == 2
"""
    )
    assert verdict.status is Status.VERIFIED, str(verdict)
    assert verdict.schedules > 2  # as many as the two orders of the lock: beginnings and ends were tried too


def test_a_racy_counter_is_refuted_without_an_assertion(check: Check) -> None:
    """The histories alone refute it, and the report has the calls and the reason."""
    verdict = check(COUNTER + RACY)
    assert verdict.status is Status.REFUTED
    assert verdict.failure is not None
    assert verdict.failure.kind == "not-linearizable"
    assert verdict.failure.message == "Racy is not linearizable: no order of its 2 calls fits Model"
    assert verdict.failure.why == (
        "#  thread     call              overlaps\n"
        "1  increment  increment() -> 2  2\n"
        "2  increment  increment() -> 2  1\n"
        "An order fits if the answers are those of Model, one call at a time, and if calls that do not overlap"
        " keep their order.\n"
        "No call fits as the first:\n"
        "- 1 increment() returned 2, but Model would have returned 1\n"
        "- 2 increment() returned 2, but Model would have returned 1"
    )
    assert all(len(line) <= 80 for line in str(verdict).splitlines()[1:]), str(verdict)


def test_a_refutation_is_replayed(tmp_path: Path) -> None:
    """The token gives the same failure again, on greenlets and on threads of the system."""
    file = tmp_path / "program.py"
    file.write_text(TOGETHER + COUNTER + RACY)
    failure = explore(f"{file}::scenario").failure
    assert failure is not None
    for backend in ("greenlets", "threads"):
        again = replay(f"{file}::scenario", failure.token, backend=backend)
        assert again.failure == failure


def test_sampling_refutes_too(tmp_path: Path) -> None:
    """Random schedules are judged as well."""
    file = tmp_path / "program.py"
    file.write_text(TOGETHER + COUNTER + RACY)
    failure = sample(f"{file}::scenario", runs=200).failure
    assert failure is not None
    assert failure.kind == "not-linearizable"


def test_an_assertion_that_fails_comes_first(check: Check) -> None:
    """A run that fails by itself is reported as that; without the assertion its history refutes it."""
    program = f"{COUNTER}{RACY}    value = counter.value\n"
    silent = program.replace("return self.value", "pass")
    assert getattr(check(silent).failure, "kind", "") == "not-linearizable"
    assert getattr(check(f"{silent}    assert value == 2\n").failure, "kind", "") == "assertion"


def test_a_queue_is_one_and_a_stack_is_none(check: Check) -> None:
    """First in, first out: the same program, with the model of a queue."""
    plain = f"{QUEUE}\ndef scenario():\n    both(linearizable(Queue, "
    assert check(f"{plain}Queue()))\n").status is Status.VERIFIED
    refuted = check(f"{plain}Stack()))\n").failure
    assert refuted is not None
    assert refuted.why.endswith(
        "The longest that fits is 1 2. After it:\n- 3 get() returned 2, but Queue would have returned 1"
    ), refuted.why


STALE = """
from concur import linearizable

class Register:
    def __init__(self):
        self.value = 0
    def write(self, value):
        self.value = value
    def read(self):
        return self.value
    def sync(self):
        pass

class Cached(Register):
    def __init__(self):
        self.value = self.cached = 0
    def read(self):
        return self.cached
    def sync(self):
        self.cached = self.value

def scenario():
    register = linearizable(Register, Cached())
    def writer():
        register.write(1)
        {after}
    def reader():
        {before}
        register.read()
    together({threads})
"""


def test_a_stale_read_is_refuted(check: Check) -> None:
    """Each thread's own order could be kept; what refutes is that the write had returned before the read began."""
    verdict = check(STALE.format(after="register.sync()", before="pass", threads="writer, reader"))
    assert verdict.failure is not None
    assert "read() returned 0, but Register would have returned 1" in verdict.failure.why
    assert verdict.failure.kind == "not-linearizable"


@pytest.mark.parametrize("threads", ["writer, reader", "reader, writer"])
def test_a_cache_is_refuted_by_the_order_of_time_alone(check: Check, threads: str) -> None:
    """The threads touch no common field: only the beginning and the end of calls tell that the read was late."""
    verdict = check(STALE.format(after="pass", before="pass", threads=threads))
    assert verdict.failure is not None
    assert verdict.failure.kind == "not-linearizable"


def test_a_call_that_never_returns_may_have_taken_effect(check: Check) -> None:
    """A daemon waits for ever inside add(): the others see its effect or not, but not an effect that nobody had."""
    program = """
    from threading import Event, Thread
    from concur import linearizable

    class Model:
        def __init__(self):
            self.value = 0
        def add(self, amount):
            self.value += amount
        def read(self):
            return self.value

    class Hanging(Model):
        def __init__(self):
            super().__init__()
            self.never = Event()
        def add(self, amount):
            {effect}
            self.never.wait()

    def scenario():
        counter = linearizable(Model, Hanging())
        Thread(target=counter.add, args=(5,), daemon=True).start()
        together(counter.read)
        counter.read()
    """
    assert check(program.format(effect="self.value += amount")).status is Status.VERIFIED
    assert check(program.format(effect="pass")).status is Status.VERIFIED
    failure = check(program.format(effect="self.value += 3")).failure
    assert failure is not None
    assert "add(5), never returned" in failure.why
    assert "add(5) never returned; with it or without it none goes further" in failure.why


def test_a_deadlock_stays_a_deadlock(check: Check) -> None:
    """Calls that wait for ever are a failure by themselves."""
    program = f"""{COUNTER}
def scenario():
    locked = Locked()
    counter = linearizable(Model, locked)
    locked.lock.acquire()
    together(counter.increment)
"""
    assert getattr(check(program).failure, "kind", "") == "deadlock"


@pytest.mark.parametrize(
    ("raised", "fits"),
    [("Empty('nothing here')", True), ("Empty('nothing')", False), ("LookupError('nothing here')", False)],
)
def test_exceptions_are_answers(check: Check, raised: str, fits: bool) -> None:
    """They are compared by the name of the class and by the arguments; the model's class is another object."""
    verdict = check(
        f"""{QUEUE}
def make():
    class Empty(Exception):
        pass
    Empty.__qualname__ = "Empty"
    class Model:
        def __init__(self):
            self.items = []
        def put(self, item):
            self.items.append(item)
        def get(self):
            if self.items:
                return self.items.pop(0)
            raise {raised}
    return Model()

def scenario():
    both(linearizable(make, Queue()))
"""
    )
    assert verdict.status is (Status.VERIFIED if fits else Status.REFUTED), str(verdict)


def test_what_is_recorded_does_not_change_later(check: Check) -> None:
    """A list that was returned, and grows afterwards, is compared as it was."""
    verdict = check(
        """
    from threading import Lock
    from concur import linearizable

    class Model:
        def __init__(self):
            self.items = []
        def add(self, item):
            self.items.append(item)
        def all(self):
            return list(self.items)

    class Leaky(Model):
        def __init__(self):
            super().__init__()
            self.lock = Lock()
        def all(self):
            return self.items

    def scenario():
        bag = linearizable(Model, Leaky())
        together(lambda: bag.add(1))
        bag.all()
        bag.add(2)
    """
    )
    assert verdict.status is Status.VERIFIED, str(verdict)


def test_objects_without_eq_keep_their_identity(check: Check) -> None:
    """What was put is what is got: neither the record nor the model copies it."""
    verdict = check(f"{QUEUE}\ndef scenario():\n    queue = linearizable(Queue, Queue())\n    job = object()\n"
                    "    queue.put([job])\n    together(queue.get)\n")  # fmt: skip
    assert verdict.status is Status.VERIFIED, str(verdict)


MANY_WAYS = """
from threading import Lock, RLock
from concur import linearizable

class Model:
    limit = 3
    def __init__(self):
        self.items, self.size = [], 0
    def __len__(self):
        return len(self.items)
    def __contains__(self, item):
        return item in self.items
    def __iadd__(self, item):
        self.items.append(item)
        return self
    def __enter__(self):
        return self
    def __exit__(self, *error):
        pass
    @property
    def first(self):
        return self.items[0] if self.items else None

class Bag(Model):
    pass

def scenario():
    raw = Bag()
    bag = linearizable(Model, raw)
    def use():
        nonlocal bag
        bag._mark = 1
        bag += 1
        with bag as inside:
            inside.size = 4
            assert inside._mark == 1
    together(use)
    assert (len(bag), 1 in bag, bag.first, bag.size, bag.limit) == (1, True, 1, 4, 3)
    assert not hasattr(bag, "last")
    {last}
"""


def test_operators_properties_and_fields_are_calls(check: Check) -> None:
    """They behave as those of the object, and each is recorded; private names are passed on unrecorded."""
    assert check(MANY_WAYS.format(last="pass")).status is Status.VERIFIED
    failure = check(MANY_WAYS.format(last="raw.size = 9; bag.size")).failure
    assert failure is not None
    assert failure.why.splitlines()[1:11] == [
        "1   use     iadd(1) -> itself               -",
        "2   use     enter() -> itself               -",
        "3   use     size = 4                        -",
        "4   use     exit(None, None, None) -> None  -",
        "5   main    len() -> 1                      -",
        "6   main    contains(1) -> True             -",
        "7   main    first -> 1                      -",
        "8   main    size -> 4                       -",
        "9   main    limit -> 3                      -",
        "10  main    size -> 9                       -",
    ]
    assert failure.why.endswith("- 10 size returned 9, but Model would have returned 4")


def test_the_attempt_of_a_student(tmp_path: Path) -> None:
    """As graded tests use it: the model is the test's, the object the student's."""
    attempt = tmp_path / "attempt.py"
    attempt.write_text(COUNTER)
    file = tmp_path / "tests.py"
    file.write_text(
        f"""{TOGETHER}
from concur import linearizable

class Model:
    value = 0
    def increment(self):
        self.value += 1
        return self.value

def scenario(attempt):
    counter = linearizable(Model, attempt.Racy())
    together(counter.increment, counter.increment)
"""
    )
    verdict = explore(f"{file}::scenario", attempt=attempt)
    assert verdict.failure is not None
    assert verdict.failure.kind == "not-linearizable"
    assert replay(f"{file}::scenario", verdict.failure.token, attempt=attempt).failure == verdict.failure


MISUSES: dict[str, tuple[str, tuple[str, ...]]] = {
    "no method": (
        "c = linearizable(object, Locked()); together(c.increment)",
        ("the model object has no 'increment'", "Locked"),
    ),
    "no class": ("c = linearizable(3, Locked())", ("the model comes first", "int")),
    "needs arguments": ("c = linearizable(lambda x: x, Locked())", ("makes no model", "TypeError")),
    "too late": (
        "t = Thread(target=Locked().increment); t.start(); c = linearizable(Model, Locked())",
        ("before the threads that use it are started",),
    ),
    "generator": ("c = linearizable(Steps, Steps()); c.steps()", ("returned a generator", "return a list")),
    "iteration": ("c = linearizable(list, [1]); [x for x in c]", ("list_iterator", "return a list")),
    "no copy": ("c = linearizable(Steps, Locked()); together(c.increment)", ("Steps cannot be copied",)),
    "waits": ("c = linearizable(Waits, Locked()); together(c.increment)", ("Waits waits in increment()",)),
    "too many": (
        "c = linearizable(Model, Locked())\n    for _ in range(65): c.increment()",
        ("more than 64 calls", "keep the scenario small"),
    ),
    "swallowed": (
        "c = linearizable(object, Locked())\n    try: c.increment()\n    except Exception: pass",
        ("the model object has no 'increment'",),
    ),
}


@pytest.mark.parametrize("name", MISUSES)
def test_wrong_usage(check: Check, name: str) -> None:
    """It is an error of the check, not a verdict, and one line says what to do."""
    body, words = MISUSES[name]
    with pytest.raises(UsageError) as caught:
        check(
            f"""{COUNTER}
class Steps(Model):
    def __init__(self):
        super().__init__()
        self.generator = (x for x in ())
    def steps(self):
        yield 1

class Waits(Model):
    def increment(self):
        lock = Lock()
        lock.acquire()
        lock.acquire()

def scenario():
    {body}
"""
        )
    message = str(caught.value)
    assert message.startswith("linearizable: ")
    assert "\n" not in message
    assert all(word in message for word in words), message


class Stack:
    """Of a program on real threads."""

    def __init__(self) -> None:
        self.items: list[Any] = []

    def put(self, item: Any) -> None:
        self.items.append(item)

    def get(self) -> Any:
        return self.items.pop()

    def __len__(self) -> int:
        return len(self.items)


class Queue(Stack):
    def get(self) -> Any:
        return self.items.pop(0)


def test_without_the_checker() -> None:
    """On real threads calls are recorded too, and compared on demand, with the same text."""
    stack = linearizable(Stack, Stack())
    threads = [threading.Thread(target=stack.put, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(stack) == 3
    check_now(stack)

    other = linearizable(Queue, Stack())
    other.put(1)
    other.put(2)
    assert other.get() == 2
    with pytest.raises(NotLinearizableError, match="Stack is not linearizable") as caught:
        check_now(other)
    assert isinstance(caught.value, AssertionError)
    assert "- 3 get() returned 2, but Queue would have returned 1" in str(caught.value)
    with pytest.raises(UsageError, match="was not made by linearizable"):
        check_now(Stack())


def test_histories_are_judged_once(check: Check, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs with the same history share one search."""
    judged = []
    examine = linear._examine

    def counted(history: Any) -> Any:
        judged.append(history)
        return examine(history)

    monkeypatch.setattr(linear, "_examine", counted)
    verdict = check(
        f"""{COUNTER}
class Twice(Locked):
    def increment(self):
        with self.lock:
            pass
        return super().increment()

def scenario():
    counter = linearizable(Model, Twice())
    together(counter.increment, counter.increment)
"""
    )
    assert verdict.status is Status.VERIFIED
    assert (
        0 < len(judged) <= 4 < verdict.schedules
    )  # in either order without overlap, or overlapping with either result
