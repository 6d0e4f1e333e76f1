"""The readers-writer lock beside the two of readerwriterlock.

RWLockRead prefers readers and can starve a writer; RWLockWrite, like ours, lets no reader pass a writer who waits. A
handle may be used again, as ours always is, or be made each time; it may be taken by calls or by `with`.
"""

from typing import Any

from pairs import Bench, Statement, main
from readerwriterlock.rwlock import RWLockRead, RWLockWrite

from concur.sync import ReadWriteLock

TRACKED = (
    "ours knows the threads inside, by which it refuses to deadlock with itself and lets reads nest; that is two"
    " calls of get_ident and a list's append and remove. Two empty Python methods take 40 % of our time by calls,"
    " and a threading.Lock in a `with` statement is itself no more than 6 to 7 times as fast as RWLockRead"
)
WRITES = "RWLockRead's writer takes one lock, knows no owner and can be starved: a plain threading.Lock is the limit"


def measure(bench: Bench) -> None:
    for theirs in (RWLockRead, RWLockWrite):
        starving = theirs is RWLockRead
        for what, ours_side, their_side, target, note in (
            ("read", "read", "gen_rlock", 8.0, TRACKED),
            ("write", "write", "gen_wlock", 4.0, WRITES if starving else TRACKED),
        ):

            def pair(title: str, code: str, ours: dict[str, Any], their: dict[str, Any]) -> None:
                bench.pair(
                    f"{what}, {title}",  # noqa: B023  # called at once
                    against=theirs.__name__,  # noqa: B023
                    ours=Statement(code.replace("SIDE", ours_side), **ours),  # noqa: B023
                    theirs=Statement(code.replace("SIDE", their_side), **their),  # noqa: B023
                    target=target,  # noqa: B023
                    note=note,  # noqa: B023
                )

            our_side = getattr(ReadWriteLock(), ours_side)()
            side = getattr(theirs(), their_side)()
            pair("handle used again, calls", "s.acquire(); s.release()", {"s": our_side}, {"s": side})
            pair("handle used again, with", "with s:\n    pass", {"s": our_side}, {"s": side})
            whole, their_whole = {"lock": ReadWriteLock()}, {"lock": theirs()}
            pair("new handle, calls", "s = lock.SIDE(); s.acquire(); s.release()", whole, their_whole)
            pair("new handle, with", "with lock.SIDE():\n    pass", whole, their_whole)


if __name__ == "__main__":
    main(measure)
