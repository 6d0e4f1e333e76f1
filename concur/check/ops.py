"""What a visible operation is, and when two of them depend on each other.

An operation is announced before it happens. It is a plain tuple, since
hundreds of thousands are made in an exploration::

    (kind, location, object, site, more)

``location`` is what the operation touches: ``(id(owner), name)`` for a field,
``(id(container), "[]")`` for the content of a container, a text for a variable.
``object`` keeps the owner alive, so that an id is not used twice in a run.
``site`` is ``(file, line)``, or None where finding it out would cost time.
``more`` is None or further ``(location, mode)`` pairs, for one atomic
operation that touches several places, as ``a.extend(b)`` does.

Two operations of different threads are *dependent* when they touch one
location and at least one of them changes it; independent ones commute, which
is what the search uses (Godefroid, "Partial-Order Methods", 1996).
"""

from typing import Any

Op = tuple[int, Any, Any, Any, Any]

# Kinds. Those from ACQUIRE on may be disabled: they wait for a state.
READ, WRITE, TRY, RELEASE, ADVANCE, ACQUIRE, JOIN, SLEEP, TIMED_ACQUIRE, TIMED_JOIN, SPIN = range(11)
# Steps on an event loop, see aio/: of a task or of the loop's callbacks, and of a timer.
RESUME, FIRE = 11, 12

KIND_NAMES = (
    "read",
    "write",
    "try to acquire",
    "release",
    "advance the clock",
    "acquire",
    "join",
    "sleep",
    "acquire with a time-out",
    "join with a time-out",
    "wait for a change",
    "go on",
    "fire",
)

# The mode in which a kind touches its location: two READs commute, and so do two ADVANCEs. A place is either
# read and written, or, as the clock and a history are, read and advanced.
# A TIMED_JOIN and a JOIN only look at the thread; a SPIN looks at all that its loop has read.
MODES = (READ, WRITE, WRITE, WRITE, ADVANCE, WRITE, READ, READ, WRITE, READ, READ, WRITE, WRITE)

CLOCK = "the clock"
HISTORY = "the history"  # of calls, in (id(history), HISTORY): a call begins as a READ and ends as an ADVANCE
# Second parts of places that are no field, and cannot be taken for one.
LOCK, THREAD, ITERATOR = "<lock>", "<thread>", "<iterator>"
ATOMIC = "<call>"  # in (id(object), ATOMIC): a call of the object is taken as one step, see sections.py
FIELDS = "<fields>"  # which fields an object has; in steps of classes that code not rewritten looks at
# Of an event loop: whether it goes round; in the place of a task, that it can go on.
GATE, READY = "<gate>", "<ready>"
ELSEWHERE = "the world outside the program"


def modes_conflict(first: int, second: int) -> bool:
    """Whether two accesses of one location in these modes do not commute."""
    return first != second or first == WRITE


def accesses(op: Op) -> list[tuple[Any, int]]:
    """Every location that the operation touches, with the mode."""
    found = [] if op[1] is None else [(op[1], MODES[op[0]])]
    if op[4] is not None:
        found += op[4]
    return found


def dependent(p: Op, q: Op) -> bool:
    """Whether two operations of different threads may not be swapped."""
    if p[4] is None and q[4] is None:
        return p[1] is not None and p[1] == q[1] and modes_conflict(MODES[p[0]], MODES[q[0]])
    return any(
        place == other and modes_conflict(mode, other_mode)
        for place, mode in accesses(p)
        for other, other_mode in accesses(q)
    )
