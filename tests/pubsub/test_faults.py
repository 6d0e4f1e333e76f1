"""Plans of faults: made from a seed, printed and read back, carried out in order, and always mended."""

import re
from collections.abc import Collection
from threading import Event
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from concur.check import Status, explore
from concur.errors import UsageError
from concur.pubsub.faults import KINDS, Choice, Node, Plan, Step, plan, plan_of, run, running
from tests.pubsub.plans import fault_plans


class Recorder:
    """A cluster that keeps a list of what it suffered."""

    def __init__(self) -> None:
        self.log: list[tuple[Any, ...]] = []
        self.raises: dict[int, BaseException] = {}

    def _note(self, *what: Any) -> None:
        self.log.append(what)
        error = self.raises.get(len(self.log))
        if error is not None:
            raise error

    def kill(self, broker: int) -> None:
        self._note("kill", broker)

    def restart(self, broker: int) -> None:
        self._note("restart", broker)

    def pause(self, broker: int) -> None:
        self._note("pause", broker)

    def resume(self, broker: int) -> None:
        self._note("resume", broker)

    def cut(self, one: Collection[Node], other: Collection[Node]) -> None:
        self._note("cut", one, other)

    def heal(self) -> None:
        self._note("heal")

    def delay(self, one: Collection[Node], other: Collection[Node], seconds: float) -> None:
        self._note("delay", one, other, seconds)

    def drop(self, broker: int, answers: int) -> None:
        self._note("drop", broker, answers)


ALL = """\
at 0 ms kill 1
at 10 ms restart 1
after 5 acks pause 2
at 20 ms resume 2
at 20 ms cut 1 2 | 3 clients
at 30 ms delay 1 | p-1 by 40 ms
after 9 acks drop 3 x 2
at 40 ms heal"""


class Clock:
    """time.monotonic and time.sleep of a test: sleeping takes no time."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 100.0
        self.slept: list[float] = []
        monkeypatch.setattr(running, "time", SimpleNamespace(monotonic=lambda: self.now, sleep=self.sleep))

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


# As text.


def test_every_step_as_text() -> None:
    parsed = Plan.parse(ALL)
    assert str(parsed) == ALL
    assert {step.what for step in parsed.steps} == set(KINDS)
    assert parsed.steps[2] == Step("pause", after_acks=5, one=(2,))
    assert parsed.steps[4] == Step("cut", 20, one=(1, 2), other=(3, "clients"))
    assert parsed.steps[5] == Step("delay", 30, one=(1,), other=("p-1",), amount=40)
    assert parsed.steps[6] == Step("drop", after_acks=9, one=(3,), amount=2)


def test_text_may_be_untidy() -> None:
    text = "  # a comment\n at 1 ms   kill 2 ;at 2 ms restart 2 # back\n\n"
    assert str(Plan.parse(text)) == "at 1 ms kill 2\nat 2 ms restart 2"
    assert Plan.parse("") == Plan(())


@pytest.mark.parametrize(
    "text",
    [
        "at 1 ms", "kill 1", "at 1 s kill 1", "at 1 ms kill", "at 1 ms kill 1 2", "at 1 ms kill p", "at 1 ms melt 1",
        "at 1 ms cut 1", "at 1 ms cut | 2", "at 1 ms cut 1 |", "at 1 ms heal 1", "at 1 ms drop 1", "at 1 ms kill 1 | 2",
        "at 1 ms delay 1 | 2", "at 1 ms delay 1 | 2 x 3", "at 1 ms drop 1 by 2 ms", "at 1 ms kill 1 x 2",
        "at 1 ms kill 01",
    ],
)  # fmt: skip
def test_text_that_is_no_plan(text: str) -> None:
    with pytest.raises(UsageError, match=f"{re.escape(repr(text))} is no step of a plan"):
        Plan.parse(f"at 0 ms kill 1\n{text}")


@given(fault_plans(acks=20, most_down=None))
def test_printed_and_read_back(made: Plan) -> None:
    assert Plan.parse(str(made)) == made
    assert Plan.parse(str(made).replace("\n", "; ")) == made


# Made from a seed, or by hypothesis.


def test_a_seed_is_a_plan() -> None:
    """The same on every machine, so that a seed in a report is enough."""
    assert plan(7) == plan(7)
    assert len({plan(seed) for seed in range(50)}) > 45
    assert str(plan(3, steps=4, milliseconds=1000)) == SEED_3


SEED_3 = """\
at 121 ms pause 2
at 430 ms drop 3 x 5
at 463 ms kill 2
at 745 ms heal
at 745 ms restart 2"""


@pytest.mark.parametrize("most_down", [0, 1, 2, None])
def test_never_too_many_down(most_down: int | None) -> None:
    plans = [plan(seed, steps=20, most_down=most_down, acks=100) for seed in range(200)]
    assert max(made.most_down for made in plans) == (3 if most_down is None else most_down)


@given(fault_plans(steps=20, most_down=1))
def test_never_too_many_down_of_hypothesis(made: Plan) -> None:
    assert made.most_down <= 1


@given(fault_plans(steps=20, most_down=None))
def test_ends_with_everything_mended(made: Plan) -> None:
    assert made.left_broken() == []


@given(fault_plans(steps=20, most_down=None, acks=3))
def test_steps_make_sense(made: Plan) -> None:
    """Times and numbers grow; nobody dead is killed, paused or resumed; nothing whole is mended."""
    dead: set[Node] = set()
    paused: set[Node] = set()
    whole = True
    for step in made.steps:
        broker = step.one[0] if step.one else 0
        match step.what:
            case "kill":
                assert broker not in dead
                dead.add(broker)
                paused.discard(broker)
            case "restart":
                dead.remove(broker)
            case "pause":
                assert broker not in dead | paused
                paused.add(broker)
            case "resume":
                paused.remove(broker)
            case "heal":
                assert not whole
                whole = True
            case _:
                whole = False
    assert (dead, paused, whole) == (set(), set(), True)
    times = [step.at_ms for step in made.steps if step.after_acks is None]
    assert times == sorted(times)
    acks = [step.after_acks for step in made.steps if step.after_acks is not None]
    assert acks == sorted(acks)


def test_every_kind_is_used() -> None:
    used = {step.what for seed in range(50) for step in plan(seed, acks=50).steps}
    assert used == set(KINDS)
    assert {step.what for seed in range(50) for step in plan(seed, kinds=["pause"]).steps} == {
        "pause",
        "resume",
    }
    assert any(step.after_acks is not None for step in plan(1, acks=50).steps)
    assert all(step.after_acks is None for seed in range(50) for step in plan(seed).steps)


def test_bad_plans() -> None:
    with pytest.raises(UsageError, match=r"not \['melt'\]"):
        plan(1, kinds=["melt"])
    with pytest.raises(UsageError, match="at least one broker"):
        plan_of([Choice(1, 1, 1, 1)], brokers=())
    with pytest.raises(UsageError, match="at least one broker"):
        plan(1, kinds=[])


def test_one_broker_has_no_other_side() -> None:
    """With one broker there is no cut between brokers."""
    assert plan_of([Choice(0, 0, 0, 1)], brokers=[5], kinds=["cut"]) == Plan(())
    assert (
        str(plan_of([Choice(0, 0, 0, 2)], brokers=[5], kinds=["cut"]))
        == "at 0 ms cut 5 | clients\nat 0 ms heal"
    )


@pytest.mark.parametrize(
    ("text", "most"),
    [
        ("", 0),
        ("at 0 ms kill 1; at 0 ms pause 1", 1),
        ("at 0 ms kill 1; at 0 ms pause 2", 2),
        ("at 0 ms kill 1; at 0 ms restart 1; at 0 ms kill 2", 1),
        ("at 0 ms cut 1 2 | 3", 1),
        ("at 0 ms cut 1 2 | clients", 2),
        ("at 0 ms cut p | 1 2", 2),
        ("at 0 ms cut 1 | 2 3; at 0 ms heal; at 0 ms pause 2", 1),
        ("at 0 ms cut 1 | 2 3; at 0 ms pause 2", 2),
        ("at 0 ms delay 1 | 2 by 5 ms; at 0 ms drop 1 x 2", 0),
        ("at 0 ms pause 1; at 0 ms resume 1; at 0 ms pause 2", 1),
    ],
)
def test_how_many_are_down(text: str, most: int) -> None:
    assert Plan.parse(text).most_down == most


# Carried out.


def test_run(clock: Clock) -> None:
    """Each step happens when it is due, with its operands; steps that are late follow at once."""
    cluster, acked = Recorder(), iter([0, 4, 5, 9])
    done = run(Plan.parse(ALL), cluster, acked=lambda: next(acked))
    assert cluster.log == [
        ("kill", 1),
        ("restart", 1),
        ("pause", 2),
        ("resume", 2),
        ("cut", (1, 2), (3, "clients")),
        ("delay", (1,), ("p-1",), 0.04),
        ("drop", 3, 2),
        ("heal",),
    ]
    assert done == list(Plan.parse(ALL).steps)
    assert clock.slept == pytest.approx([0.010, 0.005, 0.005, 0.010, 0.010])


def test_run_gives_up_waiting_for_acks(clock: Clock) -> None:
    """A step that waits for sends which the faults before it prevent comes all the same."""
    cluster = Recorder()
    run(Plan.parse("at 0 ms pause 1; after 9 acks resume 1"), cluster, acked=lambda: 3, patience_ms=1000)
    assert cluster.log == [("pause", 1), ("resume", 1)]
    assert clock.now == pytest.approx(101.0, abs=0.01)


def test_run_mends_what_the_plan_leaves(clock: Clock) -> None:
    cluster = Recorder()
    text = "at 0 ms kill 1; at 0 ms pause 2; at 0 ms pause 3; at 0 ms kill 3; at 0 ms cut 1 | 2"
    done = run(Plan.parse(text), cluster)
    assert cluster.log[5:] == [("heal",), ("resume", 2), ("restart", 1), ("restart", 3)]
    assert [str(step) for step in done[5:]] == [
        "at 0 ms heal",
        "at 0 ms resume 2",
        "at 0 ms restart 1",
        "at 0 ms restart 3",
    ]


def test_run_mends_when_a_fault_raises(clock: Clock) -> None:
    """The fault that raised may have happened, so it is mended too; what fails then does not hide the first error."""
    cluster = Recorder()
    cluster.raises = {2: ValueError("no such broker"), 3: ValueError("and this")}
    with pytest.raises(ValueError, match="no such broker"):
        run(Plan.parse("at 0 ms kill 1; at 0 ms pause 2; at 0 ms kill 3"), cluster)
    assert cluster.log == [("kill", 1), ("pause", 2), ("resume", 2), ("restart", 1)]


def test_run_says_what_could_not_be_mended(clock: Clock) -> None:
    cluster = Recorder()
    cluster.raises = {2: ValueError("it stays dead")}
    with pytest.raises(ValueError, match="it stays dead"):
        run(Plan.parse("at 0 ms kill 1"), cluster)


def test_run_mends_on_ctrl_c(clock: Clock) -> None:
    cluster = Recorder()
    cluster.raises = {1: KeyboardInterrupt()}
    with pytest.raises(KeyboardInterrupt):
        run(Plan.parse("at 0 ms kill 1"), cluster)
    assert cluster.log == [("kill", 1), ("restart", 1)]


def test_run_until() -> None:
    """Once the event is set, the rest is left out and everything mended, whatever the step waits for."""
    cluster, over = Recorder(), Event()

    def acked() -> int:
        over.set()
        return 0

    assert len(run(Plan.parse("at 0 ms kill 1; after 9 acks kill 2"), cluster, acked=acked, until=over)) == 2
    assert cluster.log == [("kill", 1), ("restart", 1)]
    assert run(Plan.parse("at 999999 ms kill 1"), cluster, until=over) == []


def test_run_needs_to_know_the_acks() -> None:
    cluster = Recorder()
    with pytest.raises(UsageError, match="waits for acknowledged sends"):
        run(Plan.parse("at 0 ms kill 1; after 1 acks restart 1"), cluster)
    assert cluster.log == []


def scenario() -> None:
    import threading
    import time

    from concur.pubsub.faults import Plan, run

    log = []

    class Cluster:
        def pause(self, broker):
            log.append(("pause", time.monotonic() - began))

        def resume(self, broker):
            log.append(("resume", time.monotonic() - began))

    began = time.monotonic()
    plan = Plan.parse("at 250 ms pause 1; after 2 acks resume 1")
    thread = threading.Thread(target=run, args=(plan, Cluster()), kwargs={"acked": lambda: 2})
    thread.start()
    thread.join()
    assert [what for what, _ in log] == ["pause", "resume"]
    assert all(when >= 0.25 for _, when in log)


def test_virtual_time() -> None:
    """Under the checker a plan takes place in virtual time."""
    verdict = explore(scenario, timeouts="idle", max_seconds=None, max_schedules=100)
    assert verdict.status is Status.VERIFIED, verdict


@given(st.lists(st.builds(Choice, *[st.integers(-5, 1000)] * 4), max_size=10))
def test_any_numbers_are_a_plan(choices: list[Choice]) -> None:
    made = plan_of(choices)
    assert Plan.parse(str(made)) == made
