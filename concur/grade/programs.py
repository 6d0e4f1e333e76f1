"""Scenarios in a programmer's own pytest suite: the marker ``explore`` and the fixture of that name.

::

    @pytest.mark.explore
    def test_no_update_is_lost():
        counter = Counter()
        ...

    def test_of_a_named_scenario(explore):
        explore("counter.py::scenario", notify="any")

A marked test is itself the scenario: pytest never calls it, the checker does, once for each
schedule, in a file that is loaded afresh. Fixtures live outside those runs and cannot be used in it.
"""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal

import pytest

from concur import check
from concur.check import report as pictures
from concur.check.scenario import Scenario
from concur.check.verdict import Status, Verdict
from concur.errors import TokenError, UsageError
from concur.grade.graded import RAN
from concur.grade.settings import Settings, again, check_item, own_folders, settings_of


class Explorations:
    """What one test explores; the fixture ``explore`` of tests that are not graded."""

    def __init__(self, item: pytest.Function) -> None:
        self._item = item
        self._token: str | None = item.config.getoption("--concur-replay")
        self._backend: Literal["greenlets", "threads"] = (
            item.config.getoption("--concur-backend") or "greenlets"
        )
        self.foreign = ""  # why the token belongs to none of the explorations so far
        self._replayed = False

    def __call__(self, scenario: Callable[[], object] | str | Path, **options: Any) -> Verdict:
        """Run *scenario* under every schedule; fail the test unless it is verified.

        Args:
            scenario: a function without parameters, or ``"file.py::name"``, where a file beside the
                test comes first.
            options: those of the marker.

        Returns:
            The verdict.
        """
        __tracebackhide__ = True  # the line of the test is what its author wants to see
        try:
            return self._run(self._scenario(scenario), Settings.of("explore()", options))
        except UsageError as error:
            problem = str(error)
        pytest.fail(problem)  # outside the handler: our own traceback is of no use to its author

    def sample(
        self, scenario: Callable[[], object] | str | Path, runs: int = 1000, seed: int = 0, **options: Any
    ) -> Verdict:
        """Run *scenario* under random schedules; fail the test if one refutes it.

        Returns:
            The verdict: unfinished, since sampling never verifies.
        """
        __tracebackhide__ = True
        try:
            settings = Settings.of("explore.sample()", {**options, "sample": runs, "seed": seed})
            return self._run(self._scenario(scenario), settings)
        except UsageError as error:
            problem = str(error)
        pytest.fail(problem)

    def run_test(self, settings: Settings) -> None:
        """Run the test itself as the scenario."""
        item = self._item
        arguments = {name: item.funcargs[name] for name in item._fixtureinfo.argnames}
        given = item.callspec.params if hasattr(item, "callspec") else {}
        for name, value in arguments.items():
            if name not in given or given[name] is not value:
                pytest.fail(
                    f"{item.name} is a scenario, so it cannot use the fixture '{name}', which is made once while the"
                    f" scenario runs many times. Make what it needs inside the test; or drop the marker, take the"
                    " fixture explore, and call explore(scenario) with a function that is defined in the test.",
                    pytrace=False,
                )
        try:
            folders = own_folders(item.config.rootpath)
            scenario = Scenario(
                item.function, arguments=arguments, folders=folders, method=item.cls is not None
            )
            self._run(scenario, settings)
        except UsageError as error:
            pytest.fail(str(error), pytrace=False)
        if self.foreign:
            pytest.fail(self.foreign, pytrace=False)

    def _scenario(self, given: Callable[[], object] | str | Path) -> Scenario:
        if not callable(given):
            file, colons, name = str(given).rpartition("::")
            beside = self._item.path.parent / file
            given = f"{beside}{colons}{name}" if file and beside.is_file() else str(given)
        return Scenario(given, folders=own_folders(self._item.config.rootpath))

    def _run(self, scenario: Scenario, settings: Settings) -> Verdict:
        if self._token is not None:
            return self._replay(scenario, self._token)
        if settings.sample:
            verdict = check.sample(scenario, runs=settings.sample, seed=settings.seed, **settings.sampling)
            word = "sampled"
        else:
            verdict = check.explore(scenario, **settings.exploring)
            word = str(verdict.status)
        self._note(word if verdict.failure is None else str(verdict.status), verdict)
        if verdict.status is Status.VERIFIED:
            return verdict
        if verdict.status is Status.UNFINISHED and (settings.sample or settings.allow_unfinished):
            return verdict
        raise self._failed(verdict, settings)

    def _replay(self, scenario: Scenario, token: str) -> Verdict:
        if self._replayed:
            return Verdict(scenario.name, Status.UNFINISHED, 0, 0.0, "", reason="another was replayed")
        try:
            verdict = check.replay(scenario, token, backend=self._backend)
        except TokenError as error:
            self.foreign = str(error)  # another exploration of the test may be meant: go on to it
            return Verdict(scenario.name, Status.UNFINISHED, 0, 0.0, "", reason=str(error))
        self._replayed, self.foreign = True, ""
        self._note("replayed" if verdict.failure is None else str(verdict.status), verdict)
        if verdict.status is Status.UNFINISHED:
            return verdict
        raise self._failed(verdict, None)

    def _note(self, word: str, verdict: Verdict) -> None:
        """Keep it for the summary, and let pytest show what the run printed as it shows all output."""
        error = verdict.failure.error if verdict.failure is not None else None
        if isinstance(error, (pytest.skip.Exception, pytest.xfail.Exception)):
            raise error
        self._item.user_properties.append((RAN, [word, verdict.schedules]))
        sys.stdout.write(verdict.output)

    def _failed(self, verdict: Verdict, settings: Settings | None) -> BaseException:
        config = self._item.config
        error = verdict.failure.error if verdict.failure is not None else None
        lines = [pictures.text(verdict, width=width(config))]
        if verdict.status is Status.UNFINISHED and settings is not None:
            lines.append(settings.what_to_do())
        if verdict.failure is not None and verdict.failure.token:
            lines.append(again(self._item, verdict.failure.token))
        failed = pytest.fail.Exception("\n".join(lines), pytrace=False)
        # With the traceback of the scenario, --pdb stops where the scenario failed.
        return failed.with_traceback(error.__traceback__ if error is not None else None)


def width(config: pytest.Config) -> int:
    """The columns of the terminal; 80 when there is none, as in CI."""
    terminal = config.pluginmanager.get_plugin("terminalreporter")
    return config.get_terminal_writer().fullwidth if getattr(terminal, "isatty", False) else 80


class ProgramsPlugin:
    """The hooks of marked tests; registered when a suite has one."""

    def __init__(self, marked: Sequence[pytest.Item]) -> None:
        for item in marked:
            try:
                check_item(item)
            except UsageError as error:
                raise pytest.UsageError(f"{item.path}: {error}") from None

    @pytest.hookimpl(tryfirst=True)
    def pytest_pyfunc_call(self, pyfuncitem: pytest.Function) -> object:
        if pyfuncitem.get_closest_marker("explore") is None:
            return None
        Explorations(pyfuncitem).run_test(settings_of(pyfuncitem))
        return True


def summary(ran: Sequence[tuple[str, str, int]]) -> str:
    """One line about all explorations: the test, what came out, and of how many schedules.

    >>> summary([("a", "verified", 20), ("b", "verified", 1), ("b", "verified", 2), ("c", "sampled", 9)])
    'concur: 2 tests verified (23 schedules), 1 sampled (9 schedules)'
    """
    weakest = ("refuted", "uncheckable", "unfinished", "sampled", "replayed", "verified")
    words: dict[str, str] = {}
    schedules: dict[str, int] = {}
    for test, word, count in ran:
        words[test] = min(word, words.get(test, word), key=weakest.index)
        schedules[test] = schedules.get(test, 0) + count
    parts: list[str] = []
    for word in reversed(weakest):
        tests = [test for test in words if words[test] == word]
        if tests:
            number = sum(schedules[test] for test in tests)
            noun = ("test " if len(tests) == 1 else "tests ") if not parts else ""
            parts.append(f"{len(tests)} {noun}{word} ({number:,} schedule{'' if number == 1 else 's'})")
    return f"concur: {', '.join(parts)}"
