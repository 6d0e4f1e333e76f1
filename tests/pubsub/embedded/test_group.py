"""A group of consumers under every interleaving, in virtual time; and what refutes it with one line changed.

Time passes only when nobody can run (``timeouts="idle"``), so a scenario that takes no time has waited for nothing that
did not happen.
"""

# sleeps: time is virtual in all scenarios

import time
from pathlib import Path
from threading import Thread
from types import ModuleType
from typing import Any

import pytest
from loguru import logger

from concur.check import Status, explore
from concur.pubsub.assignors import Subscription, range_assign
from concur.pubsub.connection import Joined
from concur.pubsub.embedded import group as file_of_group
from concur.pubsub.errors import (
    IllegalGeneration,
    InconsistentGroupProtocol,
    MemberIdRequired,
    NotCoordinator,
    PubSubError,
    RebalanceInProgress,
    UnknownMemberId,
)
from concur.pubsub.records import OffsetAndMetadata, TopicPartition

FILE = Path(file_of_group.__file__)

A0, A1 = TopicPartition("a", 0), TopicPartition("a", 1)
AT5, AT10 = OffsetAndMetadata(5), OffsetAndMetadata(10)
LIKES = {"range": Subscription(("a",))}


def together(*calls: Any) -> None:
    threads = [Thread(target=call) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def invited(group: Any) -> str:
    """The id of a member that may join."""
    try:
        group.join("", "c", 10_000, 60_000, LIKES)
    except MemberIdRequired as invitation:
        return invitation.member_id
    raise AssertionError("nobody joins without an id")


def join(group: Any, member: str) -> Joined:
    joined: Joined = group.join(member, "c", 10_000, 60_000, LIKES)
    return joined


def sync(group: Any, joined: Joined) -> tuple[TopicPartition, ...]:
    """The member's share, worked out if it is the leader."""
    shares = range_assign({"a": 2}, joined.members)
    share: tuple[TopicPartition, ...] = group.sync(joined.member_id, joined.generation, shares)
    return share


def outcome(call: Any, *args: Any) -> Any:
    """What came of a call: its result, or the name of its error."""
    try:
        return call(*args)
    except PubSubError as error:
        return type(error).__name__


def two_members(module: ModuleType) -> tuple[Any, list[str]]:
    """A stable group in generation 1, whose first member leads and owns a-0, the other one a-1."""
    group = module.Group("billing", 3.0)
    members = [invited(group), invited(group)]
    shares = {}

    def take_part(member: str) -> None:
        mine = join(group, member)
        if mine.leader != member:
            time.sleep(1)  # the leader is through by then
        shares[member] = sync(group, mine)

    first = Thread(target=take_part, args=(members[0],))
    first.start()
    time.sleep(1)  # it waits by then
    take_part(members[1])
    first.join()
    assert shares == {members[0]: (A0,), members[1]: (A1,)}
    return group, members


# Scenarios, on the module that has the Group


def first_round(module: ModuleType) -> None:
    """Two that come to an empty group are one generation, and share out everything."""
    group = module.Group("billing", 3.0)
    members = [invited(group), invited(group)]
    joined: list[Joined] = []
    shares: list[TopicPartition] = []

    def take_part(member: str) -> None:
        mine = join(group, member)
        joined.append(mine)
        shares.extend(sync(group, mine))

    together(*(lambda member=member: take_part(member) for member in members))
    assert {(mine.generation, mine.leader, mine.protocol) for mine in joined} == {
        (1, joined[0].leader, "range")
    }
    assert sorted(sorted(mine.members) for mine in joined) == [[], sorted(members)]
    assert sorted(shares) == [A0, A1]
    assert time.monotonic() - begin <= 3.0


def late(module: ModuleType) -> None:
    """The first round waits a little for more members, and again for each that comes meanwhile."""
    group = module.Group("billing", 3.0)
    joined = []
    first = invited(group)
    thread = Thread(target=lambda: joined.append(join(group, first)))
    thread.start()
    time.sleep(1)
    joined.append(join(group, invited(group)))
    thread.join()
    assert [mine.generation for mine in joined] == [1, 1]
    assert time.monotonic() - begin == 4


def one_more(module: ModuleType) -> None:
    """All members of a group join again when one more has come, and none goes on before that."""
    group = module.Group("billing")
    leader, other = invited(group), ""
    sync(group, join(group, leader))
    other = invited(group)
    joined = []
    together(lambda: joined.append(join(group, leader)), lambda: joined.append(join(group, other)))
    assert {mine.generation for mine in joined} == {2}
    assert {name for mine in joined for name in mine.members} == {leader, other}
    assert time.monotonic() == begin


def zombie(module: ModuleType) -> None:
    """What a member did before it joined again does not undo what it did afterwards."""
    group = module.Group("billing")
    member = invited(group)
    sync(group, join(group, member))
    results = []

    def come_again() -> None:
        mine = join(group, member)
        sync(group, mine)
        group.commit(member, mine.generation, {A0: AT10})

    together(lambda: results.append(outcome(group.commit, member, 1, {A0: AT5})), come_again)
    assert results[0] in (None, "IllegalGeneration")
    assert group.committed([A0]) == {A0: AT10}


def leaves(module: ModuleType) -> None:
    """Nobody waits for who has left."""
    group, (leader, other) = two_members(module)
    started = time.monotonic()
    joined = []
    together(lambda: joined.append(join(group, leader)), lambda: group.leave(other))
    assert list(joined[0].members) == [leader]
    assert time.monotonic() == started


def sessions(module: ModuleType) -> None:
    """Who is silent for its session is out; who lives joins again, and gets everything."""
    group, (leader, other) = two_members(module)
    time.sleep(6)
    group.heartbeat(leader, 1)
    time.sleep(6)
    assert outcome(group.heartbeat, leader, 1) == "RebalanceInProgress"
    group.commit(leader, 1, {A0: AT5})  # still its own
    mine = join(group, leader)
    assert mine.generation == 2
    assert outcome(group.commit, leader, 2, {A0: AT10}) == "RebalanceInProgress"
    assert sync(group, mine) == (A0, A1)
    assert outcome(group.heartbeat, other, 1) == "UnknownMemberId"
    assert outcome(group.commit, other, 1, {A1: AT10}) == "UnknownMemberId"
    assert outcome(group.commit, leader, 1, {A0: AT10}) == "IllegalGeneration"
    assert outcome(group.commit, "", -1, {A0: AT10}) == "UnknownMemberId"
    assert group.committed() == {A0: AT5}
    time.sleep(10)
    group.expire()
    assert group.describe() == ("billing", "Empty", 3, "", "", {})
    group.commit("", -1, {A0: AT10})
    assert group.committed() == {A0: AT10}


def waits_only_so_long(module: ModuleType) -> None:
    """A round waits for who does not join again, though he lives, for the time that he asked for."""
    group = module.Group("billing")
    first, second = invited(group), ""
    sync(group, group.join(first, "c", 10_000, 12_000, LIKES))
    second = invited(group)
    heard = []

    def live() -> None:
        for _ in range(3):
            time.sleep(5)
            heard.append(outcome(group.heartbeat, first, 1))

    thread = Thread(target=live)
    thread.start()
    mine = group.join(second, "c", 10_000, 12_000, LIKES)
    assert time.monotonic() - begin == 12
    assert (mine.generation, list(mine.members)) == (2, [second])
    thread.join()
    assert heard == ["RebalanceInProgress", "RebalanceInProgress", "UnknownMemberId"]


def leader_without_shares(module: ModuleType) -> None:
    """Who waits for the shares of a leader that is gone joins again without it."""
    group, members = two_members(module)
    joined: dict[str, Joined] = {}

    def take_part(member: str, owned: TopicPartition) -> None:
        news = {"range": Subscription(("a",), (owned,), 1)}
        joined[member] = group.join(member, "c", 10_000, 60_000, news)

    together(lambda: take_part(members[0], A0), lambda: take_part(members[1], A1))
    leader, other = members
    assert joined[other].leader == leader
    started = time.monotonic()
    assert outcome(sync, group, joined[other]) == "RebalanceInProgress"
    assert time.monotonic() == started + 10  # the session of the leader
    mine = join(group, other)
    assert (mine.generation, mine.leader, list(mine.members)) == (3, other, [other])


def leader_that_only_lives(module: ModuleType) -> None:
    """A leader that does not hand in the shares in time is out, heartbeats or not."""
    group = module.Group("billing")
    leader = invited(group)
    for generation in (1, 2):
        mine = group.join(leader, "c", 10_000, 12_000, LIKES)
        assert mine.generation == generation
        assert group.describe().members == {leader: ()}
        if generation == 1:
            sync(group, mine)
    started = time.monotonic()
    while outcome(group.heartbeat, leader, 2) is None:
        time.sleep(1)
    assert time.monotonic() - started == 12
    assert group.describe().state == "Empty"


def moves_slowly(module: ModuleType) -> None:
    """Members survive a time without a coordinator, however long."""
    group = module.Group("billing", 3.0)
    member = invited(group)
    results = []
    thread = Thread(target=lambda: results.append(outcome(join, group, member)))
    thread.start()
    time.sleep(1)
    group.close()
    thread.join()
    assert results == ["NotCoordinator"]
    time.sleep(100)
    group.reopen()
    mine = join(group, member)
    assert (mine.generation, sync(group, mine)) == (1, (A0, A1))


def moves(module: ModuleType) -> None:
    """Who waits at a coordinator that is gone is told so, even if another has already taken over."""
    group = module.Group("billing", 3.0)
    member = invited(group)
    results, waited = [], []

    def move() -> None:
        waited.append(bool(group.describe().members))
        group.close()
        group.reopen()

    together(lambda: results.append(outcome(join, group, member)), move)
    assert results[0] == "NotCoordinator" or (results[0].generation == 1 and not waited[0])
    mine = join(group, member)  # the member has survived, and so has its invitation
    assert mine.members == {member: LIKES["range"]}
    assert sync(group, mine) == (A0, A1)
    assert group.describe().state == "Stable"


begin = time.monotonic()

SCENARIOS = {
    scenario.__name__: scenario
    for scenario in (
        first_round, one_more, zombie, leaves, sessions, waits_only_so_long, leader_without_shares, late,
        leader_that_only_lives, moves, moves_slowly,
    )
}  # fmt: skip


def verdict_of(scenario: Any, module: Path) -> Any:
    return explore(
        scenario, attempt=str(module), timeouts="idle", max_schedules=1000, max_seconds=None, races="off"
    )


@pytest.mark.parametrize("name", SCENARIOS)
def test_verified(name: str) -> None:
    """Each scenario holds under every interleaving."""
    verdict = verdict_of(SCENARIOS[name], FILE)
    assert verdict.status is Status.VERIFIED, verdict


# scenario, the line, what it becomes
MUTANTS = {
    "a round ends before all have joined": (
        one_more,
        "if (missing or self._invited) and now < self._ends and self._members:",
        "if not self._members:",
    ),
    "a round does not wait for who has been invited": (one_more, "(missing or self._invited)", "missing"),
    "a first round waits for nobody": (
        late,
        "min(now + self._initial_delay, self._ends) if was_empty else now",
        "now",
    ),
    "a first round waits just once": (late, "if is_new and now < self._opens:", "if False:"),
    "the generation is not looked at": (zombie, "if generation != self._generation:", "if False:"),
    "the generation stays": (zombie, "self._generation += 1", "self._generation = 1"),
    "shares wake nobody": (
        first_round,
        "                self._changed.notify_all()\n            self._wait_for_shares",
        "            self._wait_for_shares",
    ),
    "shares stay": (
        leader_that_only_lives,
        "member.joined, member.synced, member.share = False, False, ()",
        "pass",
    ),
    "everybody may commit before the shares are known": (
        sessions,
        "if self._state is State.COMPLETING:\n                # Its",
        "if False:\n                # Its",
    ),
    "who is outside may commit": (sessions, "elif self._state is not State.EMPTY:", "elif False:"),
    "a heartbeat does not count": (
        sessions,
        'generation, "heartbeat")\n            member.deadline = now + member.session',
        'generation, "heartbeat")',
    ),
    "who waits may expire": (
        waits_only_so_long,
        "if not member.waits and member.deadline <= now\n",
        "if member.deadline <= now\n",
    ),
    "who waits for another's session sleeps through it": (
        leader_without_shares,
        "due = [member.deadline for member in self._members.values() if not member.waits]",
        "due = []",
    ),
    "a new coordinator is not noticed": (moves, "if tenure != self._tenure:", "if False:"),
    "a new coordinator is in a hurry": (
        moves_slowly,
        "            self._ends = now + self._longest_rebalance()\n\n    # Rounds",
        "\n    # Rounds",
    ),
}


@pytest.mark.parametrize("name", MUTANTS)
def test_refuted(name: str, tmp_path: Path) -> None:
    """With one line changed, the scenario that is about it fails."""
    scenario, right, wrong = MUTANTS[name]
    text = FILE.read_text(encoding="utf-8")
    assert text.count(right) == 1, "the mutant does not fit the file"
    mutant = tmp_path / "group.py"
    mutant.write_text(text.replace(right, wrong), encoding="utf-8")
    verdict = verdict_of(scenario, mutant)
    assert verdict.status is Status.REFUTED, verdict


# What needs no second thread


def test_no_assignor_in_common() -> None:
    """Members that cannot use one assignor are turned away, with what the others can."""
    group = file_of_group.Group("billing")
    member, other = invited(group), invited(group)
    likes = {"roundrobin": Subscription(("a",)), "range": Subscription(("a",))}
    group.leave(other)
    assert group.join(member, "c", 10_000, 60_000, likes).protocol == "roundrobin"
    late = invited(group)
    with pytest.raises(
        InconsistentGroupProtocol, match=r"can use cooperative-sticky, and .* range, roundrobin"
    ):
        group.join(late, "c", 10_000, 60_000, {"cooperative-sticky": Subscription(("a",))})
    with pytest.raises(InconsistentGroupProtocol, match="can use no assignor"):
        group.join(late, "c", 10_000, 60_000, {})


def test_an_answer_that_was_lost_comes_again() -> None:
    """Who joins again in the same words, before anything has changed, gets the same answer and no rebalance."""
    group = file_of_group.Group("billing")
    member = invited(group)
    mine = join(group, member)
    assert join(group, member) is mine
    assert sync(group, mine) == sync(group, mine) == (A0, A1)
    assert join(group, member).generation == 2  # the leader: it has seen new partitions


def test_an_interrupted_call_is_not_waited_for(monkeypatch) -> None:
    """Ctrl-C in a call that waits leaves the member where it was before; it can join again."""
    group = file_of_group.Group("billing")
    member = invited(group)
    mine = join(group, member)
    sync(group, mine)
    other = invited(group)

    class Struck(type(group._changed)):  # type: ignore[misc]
        def wait(self, timeout: float | None = None) -> bool:
            raise KeyboardInterrupt

    monkeypatch.setattr(group, "_changed", Struck())
    with pytest.raises(KeyboardInterrupt):
        join(group, other)
    with pytest.raises(KeyboardInterrupt):
        join(group, member)  # the other one has to come again: nobody is there for its answer
    assert group.describe().state == "PreparingRebalance"
    with pytest.raises(RebalanceInProgress):
        group.heartbeat(member, 1)
    group.leave(other)
    mine = join(group, member)
    assert (mine.generation, list(mine.members)) == (2, [member])


def test_the_last_one_leaves() -> None:
    """A group that all have left is empty at once, and its next generation is a new one."""
    group = file_of_group.Group("billing")
    join(group, member := invited(group))
    group.leave(member)
    assert group.describe() == ("billing", "Empty", 2, "", "", {})
    assert join(group, invited(group)).generation == 3


def test_what_happens_is_logged() -> None:
    """One line an event, subject first; who is refused is named with both generations."""
    lines: list[str] = []
    logger.enable("concur")
    sink = logger.add(lines.append, format="{level} {message}", level="DEBUG")
    try:
        group = file_of_group.Group("billing")
        mine = join(group, invited(group))
        sync(group, mine)
        with pytest.raises(IllegalGeneration):
            group.commit(mine.member_id, 7, {})
        group.leave(mine.member_id)
    finally:
        logger.remove(sink)
        logger.disable("concur")
    assert [line.rstrip() for line in lines] == [
        "DEBUG group billing rebalance: c-1 joined",
        "DEBUG group billing generation 0 -> 1: c-1",
        "DEBUG group billing generation 1: a-0 -> c-1, a-1 -> c-1",
        "INFO group billing commit of c-1 refused: generation 7, the group is in 1",
        "INFO group billing member c-1 left",
        "DEBUG group billing rebalance: c-1 left",
        "DEBUG group billing generation 1 -> 2: nobody",
    ]


def test_who_never_came_is_told_so() -> None:
    """Errors name the group, the member, and what to do."""
    group = file_of_group.Group("billing")
    for call in (
        lambda: join(group, "c-9"),
        lambda: group.heartbeat("c-9", 1),
        lambda: group.leave("c-9"),
        lambda: group.sync("c-9", 1, {}),
        lambda: group.commit("c-9", 1, {}),
    ):
        with pytest.raises(
            UnknownMemberId, match=r"group 'billing' has no member 'c-9'.* join again as a new one"
        ):
            call()
    member = invited(group)
    join(group, member)
    with pytest.raises(
        IllegalGeneration, match=r"is in generation 1, and 'c-1' comes from 7.* has to join again"
    ):
        group.heartbeat(member, 7)
    group.close()
    with pytest.raises(NotCoordinator, match="the coordinator of group 'billing' has moved"):
        group.heartbeat(member, 1)
    assert group.describe().state == "Dead"
    group.expire()
