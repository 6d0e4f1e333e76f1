"""Anomalies of groups that their members can see: in what they commit, and in how partitions change hands.

A member holds a partition from the moment its listener hears of it (``assigned``)
until it hears that it is gone (``revoked``, ``lost``), or crashes or closes. What
it was given counts from then on. A partition has one owner in a generation, so
what must hold within a generation is asked of the time in which one member holds
the partition.
"""

from bisect import bisect_left
from collections.abc import Iterator

from concur.pubsub.history.evidence import Evidence, Partition, named
from concur.pubsub.history.kinds import Anomaly
from concur.pubsub.history.places import in_order
from concur.pubsub.history.rows import Row, Seen

_POSITIONS = frozenset({"positions"})


class _Held:
    """A partition in the hands of a member."""

    __slots__ = ("asked", "committed", "committed_by", "given", "given_by", "since", "sought")

    def __init__(self, since: Row | None, asked: int = -1) -> None:
        self.since = since  # the row that said so; None if it was never told
        self.asked = asked  # the row in whose call it heard so
        self.given = -1  # the last record of it that this member was given
        self.given_by: Row | None = None
        self.committed = -1  # what it committed last
        self.committed_by: Row | None = None
        self.sought = False  # it went elsewhere on purpose


class _Groups:
    """Who holds what, in each group, as the history goes on."""

    def __init__(self, evidence: Evidence) -> None:
        self.evidence = evidence
        self.held: dict[str, dict[Partition, _Held]] = {}
        self.handed: dict[
            tuple[str, Partition], Row
        ] = {}  # the last time that a partition was given to a member
        self.furthest: dict[tuple[str, Partition], int] = {}  # the largest commit that may have happened
        # The accepted commits that were further than all before, in order; and the least that may have happened.
        self.accepted: dict[tuple[str, Partition], list[tuple[int, Row]]] = {}
        self.doubtful: dict[tuple[str, Partition], int] = {}
        self.asked: dict[str, int] = {}  # the poll that each member is in, by which it hears of partitions

    def of(self, row: Row) -> dict[Partition, _Held]:
        return self.held.setdefault(row.process, {})

    def hand(self, row: Row, at: Partition) -> None:
        self.handed[self.evidence.group_of(row.process), at] = row
        self.of(row)[at] = _Held(row, self.asked.get(row.process, row.index))

    def rival(self, row: Row, at: Partition, held: _Held) -> Row | None:
        """The row by which another member got the partition after this one did, if so."""
        last = self.handed.get((self.evidence.group_of(row.process), at))
        return None if held.since is None or last is held.since else last


def group_anomalies(evidence: Evidence) -> Iterator[Anomaly]:
    """commit-past, commit-back, lost-commit, stale-commit and late-revoke."""
    groups = _Groups(evidence)
    began: dict[int, dict[Partition, tuple[_Held, Row | None, int]]] = {}
    for row in evidence.rows:
        if row.f in ("poll", "subscribe"):
            if row.type == "invoke":
                groups.asked[row.process] = row.index
            else:
                groups.asked.pop(row.process, None)
        match row.f:
            case "assigned":
                for at in partitions(row.value):
                    groups.hand(row, at)
            case "assign" if row.type == "ok":
                mine = groups.of(row)
                groups.held[row.process] = {at: mine.get(at) or _Held(None) for at in partitions(row.value)}
            case "revoked" | "lost":
                for at in partitions(row.value):
                    held = groups.of(row).pop(at, None)
                    if held is not None and row.f == "revoked":
                        yield from _late(groups, row, at, held)
            case "subscribe" | "crash" | "close" if row.type != "invoke":
                groups.of(row).clear()
            case "seek":
                for at in partitions(row.value):
                    held = groups.of(row).get(at)
                    if held is not None:
                        held.sought = True
                        held.committed = held.given = -1
                        held.committed_by = held.given_by = None
            case "poll" if row.type != "invoke":
                yield from _give(groups, row)
            case "commit" if row.type == "invoke":
                began[row.index] = _state(groups, row)
            case "commit":
                state = began.pop(row.began.index, None) or _state(groups, row)
                if row.type == "ok":
                    yield from _commit(groups, row, state)
                for seen in row.value:
                    _note(groups, row, seen)
            case _:
                pass


def _give(groups: _Groups, row: Row) -> Iterator[Anomaly]:
    mine = groups.of(row)
    for topic, partition, offset, _ in row.value:
        assert partition is not None
        assert offset is not None
        at = (topic, partition)
        held = mine.get(at)
        if held is None:
            held = mine[at] = _Held(None)
        elif held.given_by is None and held.since is not None and not held.sought:
            yield from _beginning(groups, row, at, held, offset)
        if offset > held.given:
            held.given, held.given_by = offset, row


def _beginning(groups: _Groups, row: Row, at: Partition, held: _Held, first: int) -> Iterator[Anomaly]:
    """A member begins at *first*: below a commit that was accepted before it asked for the partition?"""
    key = (groups.evidence.group_of(row.process), at)
    accepted = groups.accepted.get(key, ())
    before = bisect_left(accepted, held.asked, key=lambda commit: commit[1].index)
    if before == 0 or groups.doubtful.get(key, first + 1) <= first:
        return
    committed, commit = accepted[before - 1]
    if committed > first and held.since is not None:
        yield Anomaly(
            "lost-commit",
            f"{row.process} was given {named(at)} and begins at offset {first}, although {commit.process} had"
            f" committed offset {committed} before",
            in_order(commit, held.since, row),
            _POSITIONS | {"clean"},
            named(at),
        )


def _state(groups: _Groups, row: Row) -> dict[Partition, tuple[_Held, Row | None, int]]:
    """For each partition of a commit that begins: who holds it, who else was given it, how far its member was."""
    mine = groups.of(row)
    state = {}
    for at in partitions(row.value):
        held = mine.get(at)
        if held is not None:
            state[at] = (held, groups.rival(row, at, held), held.given)
    return state


def _commit(
    groups: _Groups, row: Row, state: dict[Partition, tuple[_Held, Row | None, int]]
) -> Iterator[Anomaly]:
    for seen in row.value:
        at = (seen.topic, seen.partition if seen.partition is not None else -1)
        if at not in state or seen.offset is None:
            continue
        held, rival, given = state[at]
        if rival is not None and held.since is not None:
            yield Anomaly(
                "stale-commit",
                f"{row.process} committed offset {seen.offset} of {named(at)} and was not refused, although"
                f" {rival.process} had been given the partition before",
                in_order(held.since, rival, row),
                frozenset(),
                named(at),
            )
        yield from _past(groups, row, seen, at, held, given)
        if seen.offset < held.committed and held.committed_by is not None:
            yield Anomaly(
                "commit-back",
                f"{row.process} committed offset {seen.offset} of {named(at)} after offset {held.committed}",
                in_order(held.committed_by, row),
                _POSITIONS,
                named(at),
            )
        held.committed, held.committed_by = seen.offset, row


def _past(groups: _Groups, row: Row, seen: Seen, at: Partition, held: _Held, given: int) -> Iterator[Anomaly]:
    assert seen.offset is not None
    log = groups.evidence.log(at)
    if given < 0:
        # Given nothing, a member may commit the position it began at, which is the committed offset, if any.
        committed = groups.furthest.get((groups.evidence.group_of(row.process), at))
        if committed is None or held.sought:
            return
        skipped = log.skipped(committed - 1, seen.offset)
        was_given = f"nothing, and offset {committed} was committed before"
    else:
        skipped = log.skipped(given, seen.offset)
        was_given = f"nothing after offset {given}"
    if skipped is None:
        return
    rows = [found for found in (held.given_by, log.seen_by(skipped.witness)) if found is not None]
    yield Anomaly(
        "commit-past",
        f"{row.process} committed offset {seen.offset} of {named(at)}, of which it was given {was_given}:"
        f" {log.seen(skipped.witness)} is skipped",
        in_order(*rows, row),
        _POSITIONS | log.proof(skipped.witness),
        named(at),
    )


def _note(groups: _Groups, row: Row, seen: Seen) -> None:
    if seen.partition is None or seen.offset is None or row.type == "fail":
        return
    key = (groups.evidence.group_of(row.process), (seen.topic, seen.partition))
    groups.furthest[key] = max(seen.offset, groups.furthest.get(key, -1))
    if row.type == "info":
        groups.doubtful[key] = min(seen.offset, groups.doubtful.get(key, seen.offset))
        return
    accepted = groups.accepted.setdefault(key, [])
    if not accepted or seen.offset > accepted[-1][0]:
        accepted.append((seen.offset, row))


def _late(groups: _Groups, row: Row, at: Partition, held: _Held) -> Iterator[Anomaly]:
    rival = groups.rival(row, at, held)
    if rival is not None and held.since is not None:
        yield Anomaly(
            "late-revoke",
            f"{row.process} gave {named(at)} up after {rival.process} had been given it",
            in_order(held.since, rival, row),
            frozenset({"prompt"}),
            named(at),
        )


def partitions(value: tuple[Seen, ...]) -> list[Partition]:
    return [(seen.topic, seen.partition) for seen in value if seen.partition is not None]
