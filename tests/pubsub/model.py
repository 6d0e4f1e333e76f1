"""A queue that is right, as a model of a few lines, and histories of random clients of it.

A step is data, so that hypothesis can shrink a history: which client does what, and how it ends. The model's bugs are
one-line changes, each of which a history can show.
"""

import random
from collections.abc import Callable, Sequence
from typing import Any

from hypothesis import strategies as st

from concur.pubsub.history import History, Row

PARTITIONS = (0, 1)
GROUP = ("m1", "m2", "m3")
Place = tuple[str, int | None, int | None, Any]

# A step: (what, who or where, how many).
Plan = list[tuple[str, int, int]]
WHATS = """send send send_all send_info send_fail answer poll poll assign seek failed_poll
    member_poll member_poll commit join leave crash expel""".split()
plans = st.lists(
    st.tuples(st.sampled_from(WHATS), st.integers(0, 5), st.integers(0, 4)), min_size=1, max_size=40
)


def plan_of(seed: int, steps: int) -> Plan:
    chance = random.Random(seed)
    return [(chance.choice(WHATS), chance.randrange(6), chance.randrange(5)) for _ in range(steps)]


def smallest(plan: Plan, shows: Callable[[Plan], bool]) -> Plan:
    """The plan without the steps that can be left out one after the other."""
    nth = 0
    while nth < len(plan):
        shorter = plan[:nth] + plan[nth + 1 :]
        if shows(shorter):
            plan = shorter
        else:
            nth += 1
    return plan


class Model:
    """Partitions, two producers, two assigned consumers, a group of up to three members that hold a partition each."""

    def __init__(self) -> None:
        self.history = History()
        self.logs: dict[int, list[Any]] = {partition: [] for partition in PARTITIONS}
        self.count = 0
        self.waiting: list[
            tuple[Row, int, int, Any]
        ] = []  # appended, not answered: row, partition, offset, value
        self.positions: dict[str, dict[int, int]] = {"c1": {}, "c2": {}}
        self.members: list[str] = []
        self.owner: dict[int, str | None] = dict.fromkeys(PARTITIONS)
        self.at: dict[int, int] = {}  # the position of the partition's owner
        self.committed: dict[int, int] = {}
        self.pending: list[Place] = []  # infos that may land later

    # What can be broken.

    def append(self, partition: int, value: Any) -> int:
        self.logs[partition].append(value)
        return len(self.logs[partition]) - 1

    def read(self, partition: int, offset: int, most: int) -> list[Place]:
        log = self.logs[partition]
        return [
            ("t", partition, at, log[at])
            for at in range(offset, min(len(log), offset + most))
            if log[at] is not None
        ]

    def position_of(self, partition: int) -> int:
        """Where a new owner begins."""
        return self.committed.get(partition, 0)

    def commit(self, partition: int, offset: int) -> None:
        self.committed[partition] = offset

    # Steps.

    def run(self, plan: Plan) -> History:
        for consumer in self.positions:
            self.assign(consumer, PARTITIONS)
        for what, who, many in plan:
            getattr(self, f"do_{what}")(who, many)
        self.finish()
        return self.history

    def value(self) -> str:
        self.count += 1
        return f"v{self.count}"

    def do_send(self, who: int, many: int) -> None:
        self.send(who, [many % 2], answered=many != 4)

    def do_send_all(self, who: int, many: int) -> None:
        self.send(who, [many % 2] * 2, answered=True)

    def send(self, who: int, partitions: list[int], answered: bool) -> None:
        process = f"p{who % 2}"
        values = [self.value() for _ in partitions]
        row = self.history.invoke(process, "send", [("t", None, None, value) for value in values])
        for partition, value in zip(partitions, values, strict=True):
            offset = self.append(partition, value)
            self.waiting.append((row, partition, offset, value))
        if answered:
            self.do_answer(0, 0)

    def do_answer(self, who: int, many: int) -> None:
        """All that wait are answered, in any order."""
        waiting, self.waiting = self.waiting, []
        for row, partition, offset, value in waiting if who % 2 else reversed(waiting):
            self.history.ok(row, [("t", partition, offset, value)])

    def do_send_info(self, who: int, many: int) -> None:
        value = self.value()
        row = self.history.invoke(f"p{who % 2}", "send", [("t", many % 2, None, value)])
        if who > 1:
            self.append(many % 2, value)
        if many < 3:
            self.history.info(row, "timed out")

    def do_send_fail(self, who: int, many: int) -> None:
        row = self.history.invoke(f"p{who % 2}", "send", [("t", many % 2, None, self.value())])
        self.history.fail(row, "not enough replicas")

    def assign(self, consumer: str, partitions: Sequence[int]) -> None:
        self.history.ok(self.history.invoke(consumer, "assign", [("t", at, None, None) for at in partitions]))
        positions = self.positions[consumer]
        self.positions[consumer] = {at: positions.get(at, 0) for at in partitions}

    def do_assign(self, who: int, many: int) -> None:
        self.assign(f"c{who % 2 + 1}", [PARTITIONS, PARTITIONS[:1], PARTITIONS[1:]][many % 3])

    def do_seek(self, who: int, many: int) -> None:
        consumer = f"c{who % 2 + 1}"
        for partition in self.positions[consumer]:
            self.history.note(consumer, "seek", [("t", partition, None, None)])
            self.positions[consumer][partition] = min(many, len(self.logs[partition]))

    def do_poll(self, who: int, many: int) -> None:
        consumer = f"c{who % 2 + 1}"
        self.poll(consumer, self.positions[consumer], many + 1, "ok")

    def do_failed_poll(self, who: int, many: int) -> None:
        """Records are handed out, and then the round fails: it goes on behind them, or does it again."""
        consumer = f"c{who % 2 + 1}"
        before = dict(self.positions[consumer])
        self.poll(consumer, self.positions[consumer], many + 1, "info")
        if many % 2:
            self.positions[consumer] = before

    def poll(self, process: str, positions: dict[int, int], most: int, how: str) -> list[Place]:
        row = self.history.invoke(process, "poll")
        given = []
        for partition, position in positions.items():
            records = self.read(partition, position, most)
            if records:
                positions[partition] = records[-1][2] + 1  # type: ignore[operator]
            given += records
        if how == "ok":
            self.history.ok(row, given)
        else:
            self.history.info(row, "interrupted", given)
        return given

    # The group.

    def rebalance(self, gone: str | None = None) -> None:
        """All give up what they hold; then it is dealt out. *gone* hears nothing."""
        for partition, owner in self.owner.items():
            if owner is not None and owner != gone:
                self.give_up(owner, partition)
            self.owner[partition] = None
        for nth, partition in enumerate(PARTITIONS):
            if self.members:
                owner = self.members[nth % len(self.members)]
                self.owner[partition] = owner
                self.at[partition] = self.position_of(partition)
                self.history.note(owner, "assigned", [("t", partition, None, None)])

    def give_up(self, owner: str, partition: int) -> None:
        self.history.note(owner, "revoked", [("t", partition, None, None)])

    def do_join(self, who: int, many: int) -> None:
        member = GROUP[who % 3]
        if member not in self.members:
            self.history.groups[member] = "g"
            self.history.ok(self.history.invoke(member, "subscribe", [("t", None, None, None)]))
            self.members.append(member)
            self.rebalance()

    def do_leave(self, who: int, many: int) -> None:
        member = GROUP[who % 3]
        if member in self.members:
            self.members.remove(member)
            self.rebalance()
            self.history.note(member, "close")

    def do_crash(self, who: int, many: int) -> None:
        member = GROUP[who % 3]
        if member in self.members:
            self.members.remove(member)
            self.history.note(member, "crash")
            self.rebalance(gone=member)

    def do_expel(self, who: int, many: int) -> None:
        """A member is too slow: the others go on, its commit is refused, and then it hears that it lost all."""
        member = GROUP[who % 3]
        if member not in self.members:
            return
        held = [partition for partition, owner in self.owner.items() if owner == member]
        self.members.remove(member)
        self.rebalance(gone=member)
        for partition in held:
            self.stale(member, partition)
        self.history.note(member, "lost", [("t", partition, None, None) for partition in held])

    def stale(self, member: str, partition: int) -> None:
        row = self.history.invoke(member, "commit", [("t", partition, 0, None)])
        self.history.fail(row, "IllegalGeneration")

    def do_member_poll(self, who: int, many: int) -> None:
        member = GROUP[who % 3]
        if member not in self.members:
            return
        mine = {partition: self.at[partition] for partition, owner in self.owner.items() if owner == member}
        given = self.poll(member, mine, many + 1, "ok")
        self.at.update(mine)
        self.process(member, given)

    def process(self, member: str, given: list[Place]) -> None:
        self.history.note(member, "process", given)

    def do_commit(self, who: int, many: int) -> None:
        member = GROUP[who % 3]
        held = {partition: self.at[partition] for partition, owner in self.owner.items() if owner == member}
        if member not in self.members or not held:
            return
        row = self.history.invoke(member, "commit", [("t", at, offset, None) for at, offset in held.items()])
        if many == 3:
            self.history.fail(row, "RebalanceInProgress")
            return
        for partition, offset in held.items():
            if many != 4 or who % 2:
                self.commit(partition, offset)
        if many == 4:
            self.history.info(row, "timed out")
        else:
            self.history.ok(row)

    def finish(self) -> None:
        """All answers come, and somebody reads everything."""
        self.do_answer(1, 0)
        drain = self.history.invoke("end", "drain", [("t", at, None, None) for at in PARTITIONS])
        self.history.ok(self.history.invoke("end", "assign", [("t", at, None, None) for at in PARTITIONS]))
        positions = dict.fromkeys(PARTITIONS, 0)
        for _ in range(self.count + 3):
            self.poll("end", positions, 3, "ok")
        self.history.ok(drain)


class Lossy(Model):
    """The third record of each partition is lost after it was acknowledged."""

    def append(self, partition: int, value: Any) -> int:
        offset = super().append(partition, value)
        if offset == 2:
            self.logs[partition][2] = None
        return offset


class Doubling(Model):
    """The second record of a partition is appended twice."""

    def append(self, partition: int, value: Any) -> int:
        offset = super().append(partition, value)
        if offset == 1:
            super().append(partition, value)
        return offset


class Swapping(Model):
    """The third record takes the second's place, and the second the third's, in answers and log alike."""

    def append(self, partition: int, value: Any) -> int:
        offset = super().append(partition, value)
        if offset == 2:
            log = self.logs[partition]
            log[1], log[2] = log[2], log[1]
            self.waiting = [
                (row, at, 2 if (at, place) == (partition, 1) else place, sent)
                for row, at, place, sent in self.waiting
            ]
            return 1
        return offset


class TwoFaced(Model):
    """Every other read of the first record gives another record."""

    turn = 0

    def read(self, partition: int, offset: int, most: int) -> list[Place]:
        records = super().read(partition, offset, most)
        if records and records[0][2] == 0:
            self.turn += 1
            if self.turn % 2 and len(self.logs[partition]) > 1:
                records[0] = (*records[0][:3], self.logs[partition][1])
        return records


class GoingBack(Model):
    """An assigned consumer that has come to offset 2 is given offset 1 again."""

    def read(self, partition: int, offset: int, most: int) -> list[Place]:
        return super().read(partition, offset - 1 if offset == 2 else offset, most)


class Skipping(Model):
    """Who comes to offset 2 is given offset 3 instead."""

    def read(self, partition: int, offset: int, most: int) -> list[Place]:
        return super().read(partition, offset + 1 if offset == 2 else offset, most)


class Aborting(Model):
    """What was refused is in the log all the same."""

    def do_send_fail(self, who: int, many: int) -> None:
        super().do_send_fail(who, many)
        self.append(many % 2, f"v{self.count}")


class Unfenced(Model):
    """The commit of a member that was expelled is accepted."""

    def stale(self, member: str, partition: int) -> None:
        row = self.history.invoke(member, "commit", [("t", partition, 0, None)])
        self.history.ok(row)


class CommitFirst(Model):
    """Members commit what they were given, and with a third record they crash before they process it."""

    def process(self, member: str, given: list[Place]) -> None:
        if not any(offset == 2 for _, _, offset, _ in given):
            super().process(member, given)
            return
        ends = {partition: self.at[partition] for _, partition, _, _ in given if partition is not None}
        row = self.history.invoke(member, "commit", [("t", at, offset, None) for at, offset in ends.items()])
        self.committed.update(ends)
        self.history.ok(row)
        self.do_crash(GROUP.index(member), 0)


class Forgetful(Model):
    """A new owner begins one record after the committed offset, and commits that."""

    def position_of(self, partition: int) -> int:
        return min(super().position_of(partition) + 1, len(self.logs[partition]))


class Amnesic(Model):
    """The group's last commit is forgotten when a member goes."""

    def position_of(self, partition: int) -> int:
        return max(0, super().position_of(partition) - 1)


class LateToLeave(Model):
    """A member hears that it lost a partition when the next one already has it."""

    def rebalance(self, gone: str | None = None) -> None:
        held = {partition: owner for partition, owner in self.owner.items() if owner not in (None, gone)}
        self.owner = dict.fromkeys(PARTITIONS)
        super().rebalance(gone)
        for partition, owner in held.items():
            if owner != self.owner[partition]:
                assert owner is not None
                self.history.note(owner, "revoked", [("t", partition, None, None)])


BUGS: dict[type[Model], set[str]] = {
    Lossy: {"lost-write", "unseen"},
    Doubling: {"duplicate"},
    Swapping: {"nonmonotonic-send", "int-nonmonotonic-send"},
    TwoFaced: {"inconsistent-offsets"},
    GoingBack: {"nonmonotonic-poll"},
    Skipping: {"poll-skip"},
    Aborting: {"aborted-read"},
    Unfenced: {"stale-commit"},
    CommitFirst: {"unprocessed"},
    Forgetful: {"commit-past", "unprocessed"},
    Amnesic: {"lost-commit"},
    LateToLeave: {"late-revoke"},
}
