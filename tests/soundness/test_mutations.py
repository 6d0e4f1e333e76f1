"""The soundness test is no empty one: with any rule of the search switched off, it finds a program that shows it.

These are mutation tests of the checker. Each rule is one that a search was once
written without, and reported "verified" for a program that fails.
"""

from pathlib import Path
from typing import Any

import pytest

from concur.check import dpor
from concur.check.options import Options

from .enumeration import Enumeration, outcomes
from .programs import source

# rule -> the bodies of the threads, what the main thread does, and how time passes
WITNESSES: dict[str, tuple[Any, str]] = {
    # A blocked thread races too: what it had announced at a deadlock comes next.
    "pending": ((["locks[1].acquire()"], ["locks[1].acquire()"], ["G = 1"]), "any"),
    # The racing step itself begins what leads to it only if nothing in between depends on it.
    "initials": ((["o.x += 1"], ["with locks[0]: r = r * 5 + o.x"], ["r = r * 5 + o.x"], []), "any"),
    # A try-lock that failed did not take the lock.
    "failed-try": (
        (
            ["locks[0].acquire()", "r = r * 5 + locks[0].acquire(False)"],
            ["with locks[0]:", "    o.x += 1"],
            [],
        ),
        "any",
    ),
    # A sleeping thread wakes as soon as something that it depends on is done.
    "sleep-wakes": ((["o.x += 1"], ["o.x += 2"], []), "any"),
    # A lock is reversed against the step that took it, not against the one that released it.
    "opener": ((["r = r * 5 + locks[0].locked()"], ["with locks[0]: r = r * 5 + o.x"], []), "any"),
    # A write races with every read since the last write.
    "readers": ((["r = r * 5 + o.x"], ["o.x = 1"], []), "any"),
}


def differs(tmp_path: Path, rule: str, program: Any, timeouts: Any) -> bool:
    """Whether the search without the rule gives other outcomes than the reference."""
    file = tmp_path / "program.py"
    names = "ABC"[: len(program) - 1]
    file.write_text(source(program, names))
    reference, _ = outcomes(
        file, lambda: Enumeration(lifecycle=False), options=Options(timeouts=timeouts, max_steps=300)
    )
    assert outcomes(file, options=Options(timeouts=timeouts, max_steps=300))[0] == reference
    broken = type("Broken", (dpor.Search,), {"rules": dpor.Search.rules - {rule}})
    return outcomes(file, broken, options=Options(timeouts=timeouts, max_steps=300))[0] != reference


@pytest.mark.parametrize("rule", sorted(WITNESSES))
def test_a_search_without_the_rule_loses_outcomes(tmp_path: Path, rule: str) -> None:
    """Without the rule, an outcome of this program is not found."""
    program, timeouts = WITNESSES[rule]
    assert differs(tmp_path, rule, program, timeouts)


def test_every_rule_has_a_witness() -> None:
    """No rule can be switched off without a program that notices."""
    assert set(WITNESSES) == dpor.Search.rules
