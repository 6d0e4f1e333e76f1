"""The checker: it controls the scheduler, so that a verdict does not rest on luck.

`explore` runs a scenario under every schedule that could make a difference,
`sample` under random ones, `replay` under one that a report printed.
"""

from concur.check.exploration import explore, replay, sample
from concur.check.linear import linearizable
from concur.check.scenario import scenarios_in
from concur.check.verdict import Failure, Race, Status, Step, Verdict

__all__ = [
    "Failure",
    "Race",
    "Status",
    "Step",
    "Verdict",
    "explore",
    "linearizable",
    "replay",
    "sample",
    "scenarios_in",
]
