"""Histories as text, one call a line, so that a test shows what it judges.

::

    p1 send a@0          sent, and told that it is at offset 0 of t-0
    p1 send a@1:0        the same of t-1
    p1 send? b           may have happened
    p1 send! c           did not happen
    p1 send ( d          begins;  p1 send ) d@1 ends it (and ?, ! as above)
    c1 poll a@0 b@1      was given these
    c1 commit @2         committed offset 2 of t-0
    c1 assigned @0: @1:  was given the partitions t-0 and t-1
    c1 crash
"""

import re

from concur.pubsub.history import History, Row
from concur.pubsub.history.rows import CALLS


def history_of(text: str, **groups: str) -> History:
    """The history; *groups* are those of the processes: "g" if they are not given, and "G" of those with a capital."""
    history = History()
    open_calls: dict[tuple[str, str], list[Row]] = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        process, f, *items = line.split()
        history.groups.setdefault(process, groups.get(process, "G" if process.isupper() else "g"))
        f, how = re.fullmatch(r"(\w+)([?!]?)", f).groups()  # type: ignore[union-attr]
        step = items.pop(0) if items and items[0] in "()" else ""
        value = [_item(item) for item in items]
        if f not in CALLS:
            history.note(process, f, value)
            continue
        waiting = open_calls.setdefault((process, f), [])
        if step == ")":
            ended = {item[3] for item in value}
            row = next((row for row in waiting if set(_names(row)) & ended), waiting[-1])
        else:
            unplaced = [(topic, None, None, name) if f == "send" else (topic, partition, offset, name)
                        for topic, partition, offset, name in value]  # fmt: skip
            row = history.invoke(process, f, [] if f == "poll" else unplaced)
            waiting.append(row)
        if step == "(":
            continue
        if how == "":
            history.ok(row, value or None)
        elif how == "?":
            history.info(row, "as told", value or None)
        else:
            history.fail(row, "as told", value or None)
    return history


def _names(row: Row) -> list[object]:
    return [seen.value for seen in row.value]


def _item(text: str) -> tuple[str, int | None, int | None, str | None]:
    name, at, place = text.partition("@")
    if not at:
        return ("t", None, None, name)
    partition, colon, offset = place.rpartition(":")
    return ("t", int(partition) if colon else 0, int(offset) if offset else None, name or None)


def kinds(text: str, **groups: str) -> list[str]:
    """The kinds of anomalies in a history, in order of the alphabet."""
    return sorted(found.kind for found in history_of(text, **groups).anomalies())
