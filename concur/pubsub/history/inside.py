"""What must hold inside a cluster, over plain data that any engine can hand out.

Clients cannot see all of it: two replicas may disagree about a record that
nobody has read yet. Each function takes snapshots and returns the anomalies in
them, every one an error, or only with ``clean`` election where that is said.

    >>> from concur.pubsub.history.inside import replicas_disagree
    >>> one = ReplicaLog("broker-1", 2, [(0, 1, b"tea"), (1, 1, b"milk")])
    >>> two = ReplicaLog("broker-2", 2, [(0, 1, b"tea"), (1, 2, b"rum")])
    >>> for anomaly in replicas_disagree("orders-0", [one, two]):
    ...     print(anomaly.text)
    at orders-0:1, broker-1 has 'milk' of epoch 1 and broker-2 has 'rum' of epoch 2
"""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import NamedTuple

from concur.pubsub.history.kinds import Anomaly
from concur.pubsub.history.rows import shown

Entry = tuple[int, int, Hashable]  # offset, leader epoch, value

_CLEAN = frozenset({"clean"})
_ALWAYS: frozenset[str] = frozenset()


class ReplicaLog(NamedTuple):
    """The log of one replica: its broker, its high watermark, and its records in order from its start on."""

    broker: str
    watermark: int
    entries: Sequence[Entry]
    start: int = 0

    @property
    def end(self) -> int:
        return self.entries[-1][0] + 1 if self.entries else self.start


class LeaderState(NamedTuple):
    """A leader at one moment: its epoch, its high watermark, and the log ends of the replicas in sync.

    Of these there are to be as many as *least* says (``min.insync.replicas``) before anything is committed. They are
    those that the controller has named by its change number *version* (the partition epoch); -1: not known.
    """

    leader: str
    epoch: int
    watermark: int
    ends: Mapping[str, int]
    least: int = 1
    version: int = -1


def replicas_disagree(where: str, logs: Iterable[ReplicaLog]) -> list[Anomaly]:
    """Offsets at which two replicas differ, below the high watermarks of both. At most one a pair of brokers.

    A replica's watermark never passes its own log's end, so a record that is missing below it is a difference too.
    Offsets that no replica has are gaps, which are legal; what lies below a replica's start it may have deleted.

    Args:
        where: the partition's name.
        logs: the replicas, at one moment, or at several: what is below a watermark stays.
    """
    found: list[Anomaly] = []
    told: set[tuple[str, str]] = set()
    first: dict[int, tuple[ReplicaLog, int, Hashable]] = {}  # by offset: who has it, its epoch and value
    every = list(logs)
    for log in every:
        for offset, epoch, value in log.entries:
            if offset >= log.watermark:
                break
            known = first.setdefault(offset, (log, epoch, value))
            if known[1:] == (epoch, value):
                continue
            other, other_epoch, other_value = known
            if (other.broker, log.broker) not in told:
                told.add((other.broker, log.broker))
                text = (
                    f"at {where}:{offset}, {other.broker} has {shown(other_value)} of epoch {other_epoch}"
                    f" and {log.broker} has {shown(value)} of epoch {epoch}"
                )
                found.append(Anomaly("replicas-disagree", text, (), _CLEAN, where))
    known_offsets = sorted(first)
    for log in every:
        mine = {offset for offset, _, _ in log.entries}
        for offset in known_offsets:
            if log.start <= offset < log.watermark and offset not in mine:
                other, epoch, value = first[offset]
                text = (
                    f"at {where}:{offset}, {other.broker} has {shown(value)} of epoch {epoch} and {log.broker} has"
                    f" nothing, below its high watermark {log.watermark}"
                )
                found.append(Anomaly("replicas-disagree", text, (), _CLEAN, where))
                break
    return found


def watermark_errors(where: str, states: Iterable[LeaderState]) -> list[Anomaly]:
    """High watermarks that went back under one leader, are above the end of a replica in sync, or rose while there
    were too few of these.

    Args:
        where: the partition's name.
        states: moments in the order of time. Those of different epochs are not compared: a new leader may not know
            yet how far its predecessor was.
    """
    found: list[Anomaly] = []
    last: dict[int, LeaderState] = {}
    for state in states:
        before = last.get(state.epoch)
        if before is not None and state.watermark < before.watermark:
            text = (
                f"the high watermark of {where} went from {before.watermark} to {state.watermark} under"
                f" {state.leader}, leader of epoch {state.epoch}"
            )
            found.append(Anomaly("watermark-back", text, (), _ALWAYS, where))
        if before is not None and state.watermark > before.watermark and _stayed_too_few(before, state):
            text = (
                f"the high watermark of {where} rose from {before.watermark} to {state.watermark} with"
                f" {len(state.ends)} in sync, of {state.least} that there must be (leader {state.leader}, epoch"
                f" {state.epoch})"
            )
            found.append(Anomaly("watermark-under-min", text, (), _ALWAYS, where))
        last[state.epoch] = state
        if state.ends:
            slowest = min(state.ends, key=lambda broker: (state.ends[broker], broker))
            if state.watermark > state.ends[slowest]:
                text = (
                    f"the high watermark of {where} is {state.watermark}, but {slowest}, which is in sync, ends at"
                    f" {state.ends[slowest]} (leader {state.leader}, epoch {state.epoch})"
                )
                found.append(Anomaly("watermark-ahead", text, (), _ALWAYS, where))
    return found


def _stayed_too_few(before: LeaderState, state: LeaderState) -> bool:
    """Whether too few were in sync at both moments, and all the time between."""
    return len(state.ends) < state.least and 0 <= state.version == before.version


def two_leaders(where: str, claims: Iterable[tuple[int, str]]) -> list[Anomaly]:
    """Epochs with two leaders.

    Args:
        where: the partition's name.
        claims: (epoch, broker) whenever a broker acted as the leader of an epoch.
    """
    found: list[Anomaly] = []
    leaders: dict[int, list[str]] = {}
    for epoch, broker in claims:
        mine = leaders.setdefault(epoch, [])
        if broker in mine:
            continue
        mine.append(broker)
        if len(mine) > 1:
            text = f"{mine[0]} and {broker} both led {where} in epoch {epoch}"
            found.append(Anomaly("two-leaders", text, (), _ALWAYS, where))
    return found


def two_owners(group: str, assignments: Mapping[int, Mapping[str, Iterable[object]]]) -> list[Anomaly]:
    """Partitions that two members of a group had in one generation.

    Args:
        group: its name.
        assignments: by generation, what each member was assigned.
    """
    found: list[Anomaly] = []
    for generation, members in sorted(assignments.items()):
        owners: dict[object, str] = {}
        for member, partitions in members.items():
            for partition in partitions:
                other = owners.setdefault(partition, member)
                if other != member:
                    text = f"{other} and {member} both had {partition} in generation {generation} of group {group}"
                    found.append(Anomaly("two-owners", text, (), _ALWAYS, str(partition)))
    return found


def stale_commits(group: str, accepted: Iterable[tuple[str, int, int]]) -> list[Anomaly]:
    """Commits that were accepted although the group was in another generation than the member.

    Args:
        group: its name.
        accepted: (member, the generation it gave, the generation the group was in) of each accepted commit.
    """
    return [
        Anomaly(
            "stale-commit",
            f"{member} committed in generation {given} of group {group}, which was in generation {current}",
            (),
            _ALWAYS,
        )
        for member, given, current in accepted
        if given != current
    ]


def committed_lost(where: str, before: ReplicaLog, after: ReplicaLog) -> list[Anomaly]:
    """The first record below the watermark of *before* that *after*, a later leader, does not have as it was.

    What was deleted from the start of *after* is not missed. An unclean election may lose records.
    """
    later = {offset: (epoch, value) for offset, epoch, value in after.entries}
    for offset, epoch, value in before.entries:
        if offset >= before.watermark:
            break
        if offset < after.start or later.get(offset) == (epoch, value):
            continue
        now = later.get(offset)
        instead = "has nothing there" if now is None else f"has {shown(now[1])} of epoch {now[0]}"
        text = (
            f"{shown(value)} of epoch {epoch} was committed at {where}:{offset} on {before.broker};"
            f" {after.broker}, which leads later, {instead}"
        )
        return [Anomaly("committed-lost", text, (), _CLEAN, where)]
    return []
