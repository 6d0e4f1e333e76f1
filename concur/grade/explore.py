"""The fixture ``explore`` of graded tests: the checker, with the budget of the course."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from concur import check
from concur.check import report as pictures
from concur.check.verdict import Failure, Status, Verdict
from concur.errors import TokenError, UsageError
from concur.grade.attempt import plain_words
from concur.grade.course import Exercise, replay_command
from concur.grade.outcome import Journal

BUDGET = 20_000  # schedules an exploration may run
SAMPLES = 1_000  # schedules that are sampled, with fixed seeds, when the budget did not suffice
_WIDTH = 73  # of a failing run, which is shown indented


class Explore:
    """The fixture: check a scenario under every interleaving, within a budget of schedules."""

    def __init__(self, attempt: Path, tests: Path, journal: Journal, token: str | None) -> None:
        self.attempt = attempt
        self.tests = tests
        self._journal = journal
        self._token = token
        self._pulse_at = 0.0  # when the judge was last told, in seconds of the monotonic clock
        self.schedules = 0
        self.sampled = ""  # why not every schedule was run, when the rest was sampled
        self.failure: Failure | None = None
        self.status = Status.UNCHECKABLE  # of a test that fails without a failing run
        self.reason = ""  # why nothing could be said, or the failure in plain words
        self.report = ""
        self.output = ""

    def __call__(
        self,
        scenario: Callable[[Any], None],
        *,
        max_schedules: int = BUDGET,
        samples: int = SAMPLES,
        **options: Any,
    ) -> Verdict:
        """Check *scenario*, a function of the student's module; fail the test if it is refuted.

        When the budget ends first, *samples* random schedules with a fixed seed are tried; if they
        find nothing the property counts as unfinished, and earns its points.

        Args:
            scenario: takes one parameter, the module, which is loaded afresh for each run.
            max_schedules: the budget. Never seconds: a verdict is the same on every machine.
            samples: how many schedules to sample when the budget did not suffice.
            options: as for :func:`concur.explore`: ``timeouts``.

        Returns:
            The verdict: verified or unfinished.
        """
        self._journal.write("explore", scenario.__name__)
        try:
            verdict = self._run(scenario, max_schedules, samples, options)
        except UsageError as error:
            self.reason = str(error)
            pytest.fail(self.reason, pytrace=False)
        self.schedules += verdict.schedules
        self.output = self.output or verdict.output
        if verdict.status is Status.REFUTED and verdict.failure is not None:
            self.failure = verdict.failure
            self.reason = plain_words(verdict.failure.message, self.attempt, self.tests)
            self.report = pictures.text(verdict, width=_WIDTH)
            pytest.fail(self.reason or f"{self.report}\n{self._again(verdict.failure.token)}", pytrace=False)
        if verdict.status is Status.UNCHECKABLE or (verdict.status is Status.UNFINISHED and not self.sampled):
            # Unfinished with budget left: a run had no end, as in a loop that waits for nothing.
            self.status, self.reason = verdict.status, verdict.reason
            pytest.fail(f"{verdict.status}: {verdict.reason}", pytrace=False)
        return verdict

    def _run(
        self, scenario: Callable[[Any], None], budget: int, samples: int, options: dict[str, Any]
    ) -> Verdict:
        attempt = str(self.attempt)
        if self._token is not None:
            try:
                return check.replay(scenario, self._token, attempt=attempt)
            except TokenError as error:
                # Another exploration of the test may be meant: go on to it.
                self._journal.write("foreign", str(error))
                self.sampled = str(error)
                return Verdict(scenario.__name__, Status.UNFINISHED, 0, 0.0, "", reason=str(error))
        options = {"timeouts": "any", **options, "attempt": attempt, "progress": self._pulse}
        verdict = check.explore(scenario, max_schedules=budget, max_seconds=None, **options)
        if verdict.status is Status.UNFINISHED and verdict.schedules >= budget:
            self.schedules += verdict.schedules
            self.sampled = verdict.reason
            return check.sample(scenario, runs=samples, seed=0, **options)
        return verdict

    def _pulse(self, schedules: int) -> None:
        """Tell the judge once a second that the exploration goes on."""
        now = time.monotonic()
        if now - self._pulse_at >= 1:
            self._pulse_at = now
            self._journal.write("alive", schedules)

    def _again(self, token: str) -> str:
        exercise = Exercise(self.tests.parent)
        attempt = None if self.attempt == exercise.attempt else self.attempt
        return "again: " + replay_command(exercise, attempt, token)
