"""Scenarios of the group "kitchen": a late commit, a program that fails at work, a member that lets go late.

See ``scenarios.py``. With two members the partition is new's: range gives it to the first by the alphabet.
"""

from collections.abc import Callable
from typing import Any

from concur.pubsub.embedded.coordinator import GroupCoordinator
from concur.pubsub.history.clients import RecordedConsumer
from concur.pubsub.membership import Membership, Phase
from tests.pubsub.mutants.stage import ORDERS, Stage
from tests.sync.conftest import spin_until


def a_commit_comes_late(stage: Stage) -> None:
    """old reads two records and commits them; the commit arrives when new has the partition and has committed four."""
    stage.sent("p", "a", "b", "c", "d")
    old = stage.member("old")
    read_to(old, 2)
    answers: list[Any] = []

    def is_old(coordinator: object, group: str, member: str, *_: object) -> bool:
        return member.startswith("old")

    with stage.held(GroupCoordinator, "commit_offsets", is_old) as held:
        old.commit_async(callback=lambda *answer: answers.append(answer))
        assert held.wait(60)
        old.pause([ORDERS])
        new = stage.member("new")
        while not new.assignment():
            old.poll(0.01)
            new.poll(0.01)
        read_to(new, 4)
        new.commit()
    while not answers:
        old.poll(0.01)
    new.close()
    while not old.assignment():
        old.poll(0.01)
    read_to(old, 4)
    old.close()
    stage.finish()


def work(consumer: RecordedConsumer, process: Callable[[Any], None]) -> None:
    """The program: what it does with each poll."""
    records = consumer.poll(0.01)
    process(records)
    consumer.commit()


def a_program_fails_at_work(stage: Stage) -> None:
    """one processes a and b, fails at c, and is closed; two goes on."""
    stage.sent("p", "a", "b", "c")

    class Spilt(Exception):
        pass

    def serve(name: str) -> None:
        consumer = stage.member(name)

        def process(records: Any) -> None:
            if name == "one" and any(record.value == b"c" for record in records):
                raise Spilt
            stage.history.processed(name, records)

        try:
            while not consumer.assignment() or consumer.position(ORDERS) < 3:
                work(consumer, process)
        except Spilt:
            pass
        consumer.close()

    serve("one")
    serve("two")
    stage.finish()


def a_member_lets_go_late(stage: Stage) -> None:
    """new comes, and old takes part in the rebalance; when new has read everything, old commits what it has read."""
    stage.sent("p", "a", "b", "c", "d")
    joins: list[str] = []
    stage.after(Membership, "join", lambda _, membership, *__: joins.append(membership._name))
    old = stage.member("old")
    read_to(old, 2)
    old.pause([ORDERS])
    new = stage.member("new")
    while joins.count("old") < 2:
        new.poll(0)
        old.poll(0)
    while not new.assignment():
        new.poll(0.01)
    read_to(new, 4)
    spin_until(lambda: old._membership.phase is Phase.IN)
    stage.look()
    old.commit()
    old.poll(0)
    new.close()
    old.close()
    stage.finish()


def read_to(member: RecordedConsumer, position: int) -> None:
    """Poll until *member* is given the partition, and has read so far."""
    while not member.assignment() or member.position(ORDERS) < position:
        member.poll(0.01)
