"""A history's anomalies as text: the verdict first, then each with the rows that show it."""

from collections import Counter
from collections.abc import Sequence

from concur.pubsub.history.kinds import PROMISES, Anomaly
from concur.pubsub.history.lag import Lag
from concur.pubsub.history.rows import Row, told

MOST_OF_A_KIND = 3


def report(
    anomalies: Sequence[Anomaly], promises: frozenset[str], rows: int, lag: Lag | None, since: float = 0.0
) -> str:
    """The text. Errors first, those with the fewest witnesses before the others; of each kind a few are shown.

    Args:
        anomalies: in the order in which they are to be shown.
        promises: what was promised, see ``promised``.
        rows: how many rows were looked at.
        lag: the worst there was, if any.
        since: the time, in seconds, that is shown as 0.
    """
    errors = [anomaly for anomaly in anomalies if anomaly.is_error(promises)]
    allowed = [anomaly for anomaly in anomalies if not anomaly.is_error(promises)]
    lines = [_verdict(errors, allowed, rows)]
    for kind, count in Counter(anomaly.kind for anomaly in errors).items():
        shown = [anomaly for anomaly in errors if anomaly.kind == kind][:MOST_OF_A_KIND]
        for anomaly in shown:
            lines += ["", *_told(anomaly, since)]
        if count > len(shown):
            lines += ["", f"  and {count - len(shown)} more of {kind}"]
    if allowed:
        lines += ["", "allowed by what was promised:"]
        for kind, count in Counter(anomaly.kind for anomaly in allowed).items():
            first = next(anomaly for anomaly in allowed if anomaly.kind == kind)
            missing = ", ".join(sorted(first.breaks - promises))
            lines.append(f"  {count} {kind}, for instance: {first.text} (not promised: {missing})")
    if lag is not None:
        lines += ["", f"worst lag: {lag}"]
    lines += ["", f"promised: {', '.join(word for word in PROMISES if word in promises) or 'nothing'}"]
    return "\n".join(lines)


def timeline(rows: Sequence[Row], since: float = 0.0) -> list[str]:
    """One line a row: its number, its time in seconds, who did what, and how it ended."""
    width = max((len(row.process) for row in rows), default=0)
    lines = []
    for row in rows:
        line = f"{row.index:>6}  {row.time - since:9.3f}  {row.process:<{width}}  {row.f:<9} {row.type:<6}"
        value = told(row.value)
        if row.error:
            value = f"{value}  {row.error}" if value else row.error
        lines.append(f"{line}  {value}".rstrip())
    return lines


def _verdict(errors: Sequence[Anomaly], allowed: Sequence[Anomaly], rows: int) -> str:
    if not errors:
        more = f"; {len(allowed)} anomalies that were not promised away" if allowed else ""
        return f"no error in {rows} rows{more}"
    kinds = ", ".join(f"{count} {kind}" for kind, count in Counter(found.kind for found in errors).items())
    more = f"; {len(allowed)} more are allowed" if allowed else ""
    return f"refuted: {kinds} in {rows} rows{more}"


def _told(anomaly: Anomaly, since: float) -> list[str]:
    where = f"  {anomaly.where}" if anomaly.where else ""
    return [f"{anomaly.kind}{where}", f"  {anomaly.text}", *timeline(anomaly.witnesses, since)]
