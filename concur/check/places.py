"""Where threads can meet: which steps may race with a step of another thread, learnt from runs.

A place at which only one thread ever is, or that nobody changes, cannot tell in
which order threads come to it, so nothing is lost by not switching there: a
thread that goes on to its next shared step before it is interrupted leads to
an equivalent run. `sample` and `shrink` use that.

Objects have other addresses in every run. So what is learnt of a place is
noted under the shapes of the steps that touched it: kind, line, and name. Two
places that look alike are shared as soon as one of them is.
"""

from collections.abc import Iterable
from typing import Any

from concur.check import ops
from concur.check.analysis import shape
from concur.check.engine import Engine
from concur.check.ops import Op


class Places:
    """What the runs so far have shown; what is shared only grows."""

    def __init__(self) -> None:
        self.seen: set[Any] = set()  # shapes of steps
        self.shared: set[Any] = set()  # those of a place that two threads touched and one changed

    def learn_from(self, engine: Engine) -> None:
        """Take in a run that is over; what a thread waits for in vain is shared too."""
        self.learn([*engine.trace, *((thread.tid, op) for thread, op in engine.pending)])

    def learn(self, trace: Iterable[tuple[int, Op]]) -> None:
        """Take in the steps of one run, each with its thread."""
        threads: dict[Any, set[int]] = {}
        decisive: set[Any] = set()
        shapes: dict[Any, set[Any]] = {}
        for tid, op in trace:
            form = shape(op)
            self.seen.add(form)
            for place, mode in ops.accesses(op):
                threads.setdefault(place, set()).add(tid)
                shapes.setdefault(place, set()).add(form)
                if _is_thread(place):  # starting, ending, joining come in one order, unless somebody looks
                    matters = op[0] in (ops.READ, ops.TIMED_JOIN)
                else:
                    matters = mode != ops.READ
                if matters:
                    decisive.add(place)
        for place in decisive:
            if len(threads[place]) > 1:
                self.shared |= shapes[place]

    def quiet(self, op: Op) -> bool:
        """Whether no other thread can tell when this step comes, as far as is known; an unknown one is not."""
        form = shape(op)
        return form in self.seen and form not in self.shared


def _is_thread(place: Any) -> bool:
    return type(place) is tuple and place[1] == ops.THREAD
