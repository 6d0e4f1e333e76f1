"""The pool and its futures under every interleaving, their own code visible; and what refutes them if one line changes.

Two threads of two calls and three of one, the threads of the pool among them.
"""

from concurrent.futures import CancelledError, InvalidStateError
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from concur.check import Status, linearizable
from concur.check.exploration import sample
from concur.sync import Future
from tests.sync.verifying import HOME, Scenario, in_one_file, together, verdict_of


def outcome(call: Any, *args: Any) -> Any:
    try:
        return call(*args)
    except (CancelledError, InvalidStateError, TimeoutError, RuntimeError) as error:
        return type(error).__name__


# The future


def future_two_by_two(module: ModuleType) -> None:
    future, got = module.Future(), []

    def make() -> None:
        assert future.set_running_or_notify_cancel()
        future.set_result("result")

    def ask() -> None:
        got.append(future.result())
        got.append(future.exception())

    together(make, ask)
    assert got == ["result", None]


def future_two_ask(module: ModuleType) -> None:
    future, got = module.Future(), []
    together(*[lambda: got.append(future.result())] * 2, lambda: future.set_result("result"))
    assert got == ["result", "result"]


def future_is_cancelled(module: ModuleType) -> None:
    """Either the call is made, or it is cancelled, and everybody knows the same."""
    future, made, ends = module.Future(), [], []

    def make() -> None:
        if future.set_running_or_notify_cancel():
            made.append("made")
            future.set_result("result")

    together(make, lambda: ends.append(future.cancel()), lambda: ends.append(outcome(future.result)))
    assert made == ([] if True in ends else ["made"])
    assert ("CancelledError" in ends) is (True in ends)


def future_calls_back(module: ModuleType) -> None:
    """A callback is called once, whether it comes before or after the result."""
    future, called = module.Future(), []
    together(
        lambda: future.add_done_callback(lambda ended: called.append(ended.result())),
        lambda: future.set_result("result"),
    )
    assert called == ["result"]


def future_ends_once(module: ModuleType) -> None:
    future, ends = module.Future(), []
    together(lambda: ends.append(outcome(future.set_result, 1)), lambda: ends.append(outcome(future.cancel)))
    assert sorted(ends, key=str) in ([False, None], ["InvalidStateError", True])


def future_in_time(module: ModuleType) -> None:
    future, got = module.Future(), []
    together(lambda: got.append(outcome(future.result, 1)), lambda: future.set_result("result"))
    assert got[0] in ("result", "TimeoutError")
    assert future.result(0) == "result"


class Model:
    """A future for one thread, which does not wait."""

    def __init__(self) -> None:
        self.state = "pending"
        self.value: Any = None

    def set_running_or_notify_cancel(self) -> bool:
        if self.state == "pending":
            self.state = "running"
        return self.state == "running"

    def set_result(self, result: Any) -> None:
        if self.state not in ("pending", "running"):
            raise InvalidStateError(f"a call ends once, and this one is {self.state}")
        self.state, self.value = "finished", result

    def cancel(self) -> bool:
        if self.state == "pending":
            self.state = "cancelled"
        return self.state == "cancelled"

    def done(self) -> bool:
        return self.state in ("finished", "cancelled")

    def result(self, timeout: float) -> Any:
        if self.state == "cancelled":
            raise CancelledError
        if self.state != "finished":
            raise TimeoutError
        return self.value


def future_steps(module: ModuleType) -> None:
    future = linearizable(Model, module.Future())

    def make() -> None:
        if future.set_running_or_notify_cancel():
            outcome(future.set_result, 1)

    def look() -> None:
        future.cancel()
        future.done()

    together(make, look)
    outcome(future.result, 0)


def future_steps_three(module: ModuleType) -> None:
    future = linearizable(Model, module.Future())
    together(lambda: outcome(future.set_result, 1), future.cancel, lambda: outcome(future.result, 0))
    future.done()


# The pool


def pool_two_tasks(module: ModuleType) -> None:
    with module.ThreadPool(1) as pool:
        futures = [pool.submit(pow, 2, n) for n in range(2)]
        assert [future.result() for future in futures] == [1, 2]
    assert outcome(pool.submit, int) == "RuntimeError"


def pool_two_submit(module: ModuleType) -> None:
    pool, got = module.ThreadPool(1), []
    together(*[lambda: got.append(pool.submit(pow, 2, 2).result())] * 2)
    pool.shutdown()
    assert got == [4, 4]


def pool_of_two(module: ModuleType) -> None:
    """Two tasks that wait for each other are done by two threads at a time."""
    with module.ThreadPool(2) as pool:
        signal: Any = module.Future()
        first = pool.submit(signal.result)
        pool.submit(signal.set_result, "met")
        assert first.result() == "met"


def pool_shut_down(module: ModuleType) -> None:
    """What was submitted is done when shutdown() returns, and what was not is refused."""
    pool = module.ThreadPool(1)
    done: list[Any] = []
    ends: list[Any] = []
    seen: list[Any] = []

    def shut_down() -> None:
        pool.shutdown()
        seen.extend(done)

    together(lambda: ends.append(outcome(pool.submit, done.append, "done")), shut_down)
    pool.shutdown()
    assert seen == done == ([] if ends == ["RuntimeError"] else ["done"])


def pool_cancels(module: ModuleType) -> None:
    pool = module.ThreadPool(1)
    done: list[Any] = []
    future = pool.submit(done.append, "done")
    pool.shutdown(cancel_futures=True)
    assert done == ([] if future.cancelled() else ["done"])
    assert future.done()


def pool_that_cannot_begin(module: ModuleType) -> None:
    """Every task that was accepted fails."""

    def begin() -> None:
        raise KeyError

    def ignore(args: object) -> None: ...

    module.threading.excepthook = ignore
    pool = module.ThreadPool(1, initializer=begin)
    first, second = pool.submit(int), outcome(pool.submit, int)
    assert outcome(first.result) == "BrokenThreadPool"
    assert second == "BrokenThreadPool" or outcome(second.result) == "BrokenThreadPool"
    pool.shutdown()


def pool_with_backpressure(module: ModuleType) -> None:
    pool = module.ThreadPool(1, max_waiting=1)
    done: list[Any] = []
    for n in range(3):
        pool.submit(done.append, n)
    pool.shutdown()
    assert done == [0, 1, 2]


SCENARIOS: dict[str, list[Scenario]] = {
    "future": [
        future_two_by_two,
        future_two_ask,
        future_is_cancelled,
        future_calls_back,
        future_ends_once,
        future_in_time,
        future_steps,
        future_steps_three,
    ],
    "pool": [
        pool_two_tasks,
        pool_two_submit,
        pool_of_two,
        pool_shut_down,
        pool_cancels,
        pool_that_cannot_begin,
        pool_with_backpressure,
    ],
}


@pytest.mark.parametrize(
    ("file", "scenario"),
    [
        pytest.param(file, scenario, marks=[pytest.mark.slow] if scenario is pool_of_two else [])
        for file, scenarios in SCENARIOS.items()
        for scenario in scenarios
    ],
    ids=lambda value: getattr(value, "__name__", value),
)
def test_verified(file: str, scenario: Scenario) -> None:
    """Under every interleaving the claim holds."""
    verdict = verdict_of(scenario, HOME / f"{file}.py")
    assert verdict.status is Status.VERIFIED, str(verdict)


# One step or many: a future whose calls are one step has the same outcomes.

OUTCOMES: tuple[Any, ...] = (
    ("RUN", False, 1),
    ("RUN", False, "TimeoutError"),
    ("SKIP", True, "CancelledError"),
    ("SKIP", True, "TimeoutError"),
)


def run_cancel_ask(module: ModuleType) -> Any:
    future, ends = module.Future(), {}

    def make() -> None:
        ends["make"] = "RUN" if future.set_running_or_notify_cancel() else "SKIP"
        if ends["make"] == "RUN":
            future.set_result(1)

    together(
        make,
        lambda: ends.update(cancel=future.cancel()),
        lambda: ends.update(ask=outcome(future.result, 0)),
    )
    return ends["make"], ends["cancel"], ends["ask"]


def other_than(possible: tuple[Any, ...]) -> Scenario:
    def never(module: ModuleType) -> None:
        assert run_cancel_ask(module) != possible

    return never


@pytest.mark.parametrize("one_step", [False, True], ids=["code visible", "one step"])
def test_outcomes(one_step: bool) -> None:
    """These outcomes there are, and no others, whether the code is visible or each call is one step."""
    options: dict[str, Any] = {"atomic": [Future]} if one_step else {}

    def always(module: ModuleType) -> None:
        assert run_cancel_ask(module) in OUTCOMES

    verdict = verdict_of(always, HOME / "future.py", **options)
    assert verdict.status is Status.VERIFIED, str(verdict)
    for possible in OUTCOMES:
        verdict = verdict_of(other_than(possible), HOME / "future.py", **options)
        assert verdict.status is Status.REFUTED, possible


def larger(module: ModuleType) -> None:
    pool = module.ThreadPool(2, max_waiting=1)
    done: list[Any] = []

    def submit(me: int) -> None:
        futures = [pool.submit(done.append, (me, n)) for n in range(3)]
        assert [future.result() for future in futures] == [None] * 3

    together(lambda: submit(1), lambda: submit(2))
    pool.shutdown()
    assert sorted(done) == [(me, n) for me in (1, 2) for n in range(3)]


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_sampled() -> None:
    """Ten thousand schedules of two who submit three tasks each to two threads: all are done."""
    verdict = sample(larger, attempt=str(HOME / "pool.py"), runs=10_000)
    assert verdict.failure is None, str(verdict)
    assert verdict.schedules >= 10_000


# The same with one line changed. Each entry: the file, what is changed into what, and who notices.
MUTANTS: dict[str, tuple[str, str, str, Scenario]] = {
    "nobody is told of the end": (
        "future",
        "        self._condition.notify_all()\n",
        "",
        future_two_ask,
    ),
    "one is told of the end": (
        "future",
        "        self._condition.notify_all()\n",
        "        self._condition.notify()\n",
        future_two_ask,
    ),
    "what runs is cancelled": (
        "future",
        "            if self._state in (RUNNING, FINISHED):\n",
        "            if self._state == FINISHED:\n",
        future_is_cancelled,
    ),
    "what was cancelled is made": (
        "future",
        "            if self._state == CANCELLED:\n                return False\n",
        "",
        future_is_cancelled,
    ),
    "a callback is added without the lock": (
        "future",
        """        with self._condition:
            if not self._is_over():
                self._callbacks.append(fn)
                return
""",
        """        if not self._is_over():
            self._callbacks.append(fn)
            return
""",
        future_calls_back,
    ),
    "it ends twice": (
        "future",
        """            self._check_not_over()
            self._result = result
""",
        """            self._result = result
""",
        future_ends_once,
    ),
    "the lock is not taken to begin": (
        "future",
        """        with self._condition:
            if self._state == CANCELLED:
                return False
            if self._state != PENDING:""",
        """        if True:
            if self._state == CANCELLED:
                return False
            if self._state != PENDING:""",
        future_is_cancelled,
    ),
    "a task is put down quietly": (
        "pool",
        "                self._work.notify()\n",
        "                pass\n",
        pool_two_tasks,
    ),
    "a thread looks once for work": (
        "pool",
        "            while not self._tasks:\n",
        "            if not self._tasks:\n",
        pool_two_tasks,
    ),
    "idle threads are not told of the end": (
        "pool",
        """            self._work.notify_all()
            self._room.notify_all()
            threads =""",
        """            self._room.notify_all()
            threads =""",
        pool_two_tasks,
    ),
    "a thread that is idle is taken for two": (
        "pool",
        "if len(self._tasks) >= self._idle and",
        "if not self._idle and not self._threads and",
        pool_of_two,
    ),
    "the pool is shut between look and submit": (
        "pool",
        "        with self._lock:\n            self._check_open()\n            while",
        "        self._check_open()\n        with self._lock:\n            while",
        pool_shut_down,
    ),
    "what is cancelled is told nobody": (
        "pool",
        "        for future, *_ in cancelled:\n            future.cancel()\n",
        "",
        pool_cancels,
    ),
    "what waits is forgotten when the pool breaks": (
        "pool",
        "            if future.set_running_or_notify_cancel():\n                future.set_exception(",
        "            if False:\n                future.set_exception(",
        pool_that_cannot_begin,
    ),
    "room is not told of": (
        "pool",
        "                self._room.notify()\n",
        "                pass\n",
        pool_with_backpressure,
    ),
}

PARTS = {
    "future": ("_parking", "mutex", "condition", "future"),
    "pool": ("_parking", "mutex", "condition", "future", "pool"),
}


@pytest.mark.parametrize("mutant", MUTANTS)
def test_mutant_refuted(mutant: str, tmp_path: Path) -> None:
    """The scenarios notice a wrong line."""
    file, right, wrong, scenario = MUTANTS[mutant]
    module = tmp_path / "mutant.py"
    module.write_text(in_one_file(PARTS[file], file, right, wrong), encoding="utf-8")
    verdict = verdict_of(scenario, module)
    assert verdict.status is Status.REFUTED, str(verdict)


@pytest.mark.parametrize("file", PARTS)
def test_in_one_file_verified(file: str, tmp_path: Path) -> None:
    """What refutes a mutant is the change, not the way in which it was written down."""
    module = tmp_path / "unchanged.py"
    module.write_text(in_one_file(PARTS[file]), encoding="utf-8")
    scenario = {"future": future_two_ask, "pool": pool_two_tasks}[file]
    verdict = verdict_of(scenario, module)
    assert verdict.status is Status.VERIFIED, str(verdict)
