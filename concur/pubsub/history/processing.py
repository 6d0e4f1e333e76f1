"""Records that nobody processed although the group has committed past them: commit first, then crash."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator

from concur.pubsub.history.evidence import Evidence, Partition, named
from concur.pubsub.history.kinds import Anomaly
from concur.pubsub.history.places import in_order
from concur.pubsub.history.rows import Row


class _Group:
    """What one group has committed, was given and has processed."""

    def __init__(self) -> None:
        self.commits: dict[Partition, list[tuple[int, Row]]] = {}
        self.given: dict[Partition, dict[int, Row]] = {}  # by offset, who was given it last
        self.processed: dict[Partition, set[int]] = {}
        self.tells = False  # whether its members say what they process


def unprocessed(evidence: Evidence) -> Iterator[Anomaly]:
    """Records below an accepted commit of a group that none of its members has processed.

    If no member of the group says what it processes, whatever poll returned counts as processed. What a member was
    given by its last poll it may still process, unless it has crashed or closed since.
    """
    groups, last_poll, gone = _groups(evidence)
    for name, group in groups.items():
        for at, commits in group.commits.items():
            commits.sort(key=lambda commit: commit[0])
            offsets = [offset for offset, _ in commits]
            log = evidence.log(at)
            given = group.given.get(at, {})
            done = group.processed.get(at, set()) if group.tells else given.keys()
            first = min(given, default=None)
            known = log.offsets
            for offset in known[: bisect_left(known, offsets[-1])]:
                if offset in done:
                    continue
                last = given.get(offset)
                if last is not None and last_poll.get(last.process) is last and last.process not in gone:
                    continue  # it may be at it
                commit = commits[bisect_right(offsets, offset)][1]
                breaks = {"processed-first"} | log.proof(offset)
                if first is None or offset < first:
                    breaks.add("earliest")  # the group may have begun later
                yield Anomaly(
                    "unprocessed",
                    f"{commit.process} committed past {log.seen(offset)}, {_fate(name, last, gone)}",
                    in_order(
                        *(row for row in (last or log.seen_by(offset), commit, _end(last, gone)) if row)
                    ),
                    frozenset(breaks),
                    named(at),
                )


def _groups(evidence: Evidence) -> tuple[dict[str, _Group], dict[str, Row], dict[str, Row]]:
    """The groups; the last poll of each process; and the ends of those that have ended."""
    groups: dict[str, _Group] = {}
    last_poll: dict[str, Row] = {}
    gone: dict[str, Row] = {}
    for row in evidence.rows:
        name = evidence.group_of(row.process)
        group = groups.get(name)
        if group is None:
            group = groups[name] = _Group()
        match row.f:
            case "poll" if row.type == "invoke":
                pass
            case "poll":
                last_poll[row.process] = row
                gone.pop(row.process, None)  # another of that name
                for topic, partition, offset, _ in row.value:
                    assert partition is not None
                    assert offset is not None
                    group.given.setdefault((topic, partition), {})[offset] = row
            case "process":
                group.tells = True
                for seen in row.value:
                    if seen.partition is not None and seen.offset is not None:
                        group.processed.setdefault((seen.topic, seen.partition), set()).add(seen.offset)
            case "commit" if row.type == "ok":
                for seen in row.value:
                    if seen.partition is not None and seen.offset is not None:
                        at = (seen.topic, seen.partition)
                        group.commits.setdefault(at, []).append((seen.offset, row))
            case "crash" | "close":
                gone[row.process] = row
            case _:
                pass
    return groups, last_poll, gone


def _end(last: Row | None, gone: dict[str, Row]) -> Row | None:
    return None if last is None else gone.get(last.process)


def _fate(group: str, last: Row | None, gone: dict[str, Row]) -> str:
    of = f" of group {group}" if group else ""
    if last is None:
        return f"which no member{of} was given"
    end = gone.get(last.process)
    how = "" if end is None else {"crash": " and crashed", "close": " and closed"}[end.f]
    return f"which no member{of} has processed: {last.process} was given it{how}"
