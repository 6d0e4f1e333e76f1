"""A mutant need not be refuted by the shortest schedule: the search for it takes most of the time."""

import functools

import pytest

from concur.check import work
from concur.check.shrink import shrink


@pytest.fixture
def any_schedule_will_do(monkeypatch):
    monkeypatch.setattr(work, "shrink", functools.partial(shrink, max_runs=1))
