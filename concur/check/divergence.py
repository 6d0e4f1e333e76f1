"""Say how a run left its schedule: the step that was expected, the one that came, and what may be the cause."""

import linecache
import re
from typing import Any

from concur.check.engine import Engine
from concur.check.ops import ITERATOR, KIND_NAMES, LOCK, THREAD, Op

# What is visible on a line -> why that can differ from run to run.
_CAUSES = (
    (r"\bset\(|\bfrozenset\(|\{[^{}:]+\}|\.(union|intersection|difference)\(",
     "the order of a set of objects follows their addresses"),
    (r"\bhash\(|__hash__", "a hash made from an address differs"),
    (r"\brepr\(|\bstr\(|!r\}|\bsorted\(", "the default text of an object holds its address"),
    (r"\bopen\(|\.(read|write)(_text|_bytes|lines?)?\(|\blistdir\(|\bglob\(|\biterdir\(", "files outlive a run"),
    (r"\bos\.(environ|getenv|putenv)", "the environment outlives a run"),
    (r"\brandom\b|\brandbytes\(|\brng\b", "random numbers of a package that is not rewritten are not pinned"),
    (r"\bnow\(|\btoday\(|\btime\(", "a clock that is not rewritten is not virtual"),
)  # fmt: skip
_ANYTHING = (
    "look for the order of a set, addresses in texts, files, or state kept between runs, as in os.environ"
    " or in a module that is not rewritten"
)


def describe(engine: Engine, number: int, expected_tid: int, expected: Any) -> str:
    """The message for step `number` (from 1), which had been of that thread and shape."""
    thread = engine.threads[expected_tid] if expected_tid < len(engine.threads) else None
    name = f"thread '{thread.name}'" if thread is not None else f"thread {expected_tid}"
    before = f"{_step(expected[0], expected[2], expected[1])} by {name}" if expected else f"one by {name}"
    sites = [expected[1]] if expected else []
    if thread is None:
        now = "that thread was not started"
    elif thread.op is None or thread.done:
        now = "that thread had ended"
    else:
        op: Op = thread.op
        now = f"it was {_step(op[0], op[1][1] if type(op[1]) is tuple else op[1], op[3])}"
        if not engine.enabled(thread):
            now += ", which has to wait"
        sites.append(op[3])
    return (
        f"the program is not deterministic: under the same schedule, step {number} was {before} in an earlier run,"
        f" and in a later one {now}; {cause_at(sites)}"
    )


def _step(kind: int, name: Any, site: Any) -> str:
    what = {"[]": "a container", LOCK: "a lock", THREAD: "a thread", ITERATOR: "an iterator"}.get(name, name)
    where = f" at {site[0]}:{site[1]}" if site else ""
    return f"{KIND_NAMES[kind]}{f' {what}' if what else ''}{where}"


def cause_at(sites: list[Any]) -> str:
    """The most likely cause that can be seen on these lines, else what to look for."""
    for site in sites:
        line = linecache.getline(*site) if site else ""
        for pattern, cause in _CAUSES:
            if re.search(pattern, line):
                return f"at {site[0]}:{site[1]}, {cause}"
    return _ANYTHING
