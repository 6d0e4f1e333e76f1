"""Why no order of the calls fits: the history as a table, the longest order that fits, and where it ends."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from concur.check.history import Answer, Call, History

_WIDTH = 78  # a report of 80 columns indents the reason by two
_LEAST = 12  # columns for a call


@dataclass(frozen=True, slots=True)
class Misfit:
    """A history that is not linearizable."""

    message: str
    why: str


def explain(
    history: History,
    calls: Sequence[Call],
    before: Sequence[int],
    order: list[Call],
    answer: Callable[[Call], Answer],
) -> Misfit:
    """The message and the reason.

    Args:
        history: what was recorded.
        calls: its calls.
        before: for each call the set, as bits, of those that had ended when it began.
        order: one that fits, such that none that fits holds more of the calls that returned.
        answer: what the model answers to a call after that order.
    """
    name, model = history.object_name, history.model_name
    listed = sorted(calls, key=lambda call: call.began)
    numbers = {id(call): str(number) for number, call in enumerate(listed, start=1)}
    lines = _table(listed, numbers)
    lines.append(f"An order fits if the answers are those of {model}, one call at a time, and if calls that")
    lines[-1] += " do not overlap keep their order."
    if order:
        lines.append(f"The longest that fits is {' '.join(numbers[id(call)] for call in order)}. After it:")
    else:
        lines.append("No call fits as the first:")
    done = sum(1 << index for index, call in enumerate(calls) if call in order)
    for call in listed:
        index = next(place for place, other in enumerate(calls) if other is call)
        if done >> index & 1 or before[index] & ~done:
            continue
        if call.ended is None or call.answer is None:
            lines.append(
                f"- {numbers[id(call)]} {call} never returned; with it or without it none goes further"
            )
        else:
            other = answer(call)
            lines.append(
                f"- {numbers[id(call)]} {call} {call.answer.verb()} {call.answer},"
                f" but {model} would have {other.verb()} {other}"
            )
    message = f"{name} is not linearizable: no order of its {len(calls)} calls fits {model}"
    return Misfit(message, "\n".join(lines))


def _table(calls: Sequence[Call], numbers: dict[int, str]) -> list[str]:
    rows = [("", "thread", "call", "overlaps")]
    for call in calls:
        overlapping = [numbers[id(other)] for other in calls if other is not call and _overlap(call, other)]
        thread = "main" if call.thread == "MainThread" else call.thread
        rows.append((numbers[id(call)], thread, call.told(), " ".join(overlapping) or "-"))
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    widths[3] = min(widths[3], 24)
    widths[1] = min(widths[1], 20)
    room = _WIDTH - widths[0] - widths[1] - widths[3] - 6
    widths[2] = min(widths[2], max(room, _LEAST))
    rows[0] = ("#", *rows[0][1:])
    return [
        "  ".join(_cut(cell, width).ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def _overlap(first: Call, second: Call) -> bool:
    return not _precedes(first, second) and not _precedes(second, first)


def _precedes(first: Call, second: Call) -> bool:
    return first.ended is not None and first.ended < second.began


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 2] + ".."
