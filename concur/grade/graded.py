"""The pytest plugin behind graded tests: each claims one property and is worth points.

::

    @graded(points=3)
    def test_no_update_is_lost(explore):
        \"\"\"Two threads that add at the same time both count.\"\"\"
        def scenario(attempt):
            counter = attempt.Counter()
            together(counter.increment, counter.increment)
            assert counter.value == 2

        explore(scenario)

``explore`` checks a scenario with the student's file; ``attempt`` is the student's module for
tests that need no checker. The file is the one beside the test (``test_counter.py`` grades
``counter.py``), or the one that ``--attempt`` names. In a test that is not graded, ``explore`` and
the marker of that name are those of `concur.grade.programs`, loaded when a suite uses them.
"""

import contextlib
import faulthandler
import os
import sys
from collections.abc import Callable, Generator, Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, TypeVar, cast

import pytest

from concur.check.verdict import Failure, Status
from concur.errors import UsageError
from concur.grade.attempt import loaded, one_line, plain_words, said_by_tests
from concur.grade.course import fault, title_of
from concur.grade.explore import Explore
from concur.grade.outcome import Journal, Outcome

if TYPE_CHECKING:
    from concur.grade.programs import Explorations

Test = TypeVar("Test", bound=Callable[..., None])

EXPLORE = pytest.StashKey[Explore]()
JOURNAL = pytest.StashKey[Journal]()
UNUSABLE = pytest.StashKey[str]()  # why the attempt cannot be imported, or ""

RAN = "concur-explored"  # the property of a report that says what `concur.grade.programs` ran
IMPORT_SECONDS = 10  # a fuse for an import that hangs


def graded(points: int) -> Callable[[Test], Test]:
    """Mark a test as one property of an exercise, worth *points*; its docstring is the claim."""
    return cast(Callable[[Test], Test], pytest.mark.graded(points=points))


@pytest.fixture
def attempt(request: pytest.FixtureRequest) -> Iterator[ModuleType]:
    """The student's module, loaded afresh for each test."""
    explore = _explore_of(request.node)
    try:
        with loaded(explore.attempt) as module:
            yield module
    except UsageError as error:
        explore.reason = str(error)
        pytest.fail(explore.reason, pytrace=False)


@pytest.fixture
def explore(request: pytest.FixtureRequest) -> "Iterator[Explore | Explorations]":
    """Check a scenario under every interleaving: in a graded test one with the student's file."""
    if request.node.get_closest_marker("graded") is not None:
        yield _explore_of(request.node)
        return
    from concur.grade.programs import Explorations

    explorations = Explorations(request.node)
    yield explorations
    if explorations.foreign:
        pytest.fail(explorations.foreign, pytrace=False)


def _explore_of(item: pytest.Item) -> Explore:
    if EXPLORE not in item.stash:
        tests = item.path
        given = item.config.getoption("--attempt")
        attempt = Path(given).resolve() if given else tests.with_name(tests.name.removeprefix("test_"))
        token = item.config.getoption("--concur-replay")
        item.stash[EXPLORE] = Explore(attempt, tests, item.config.stash[JOURNAL], token)
    return item.stash[EXPLORE]


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("concur", "graded tests")
    group.addoption("--attempt", metavar="FILE", help="grade this file, not the one beside the tests")
    group.addoption("--concur-replay", metavar="TOKEN", help="replay this schedule and no other")
    group.addoption(
        "--concur-backend",
        choices=["greenlets", "threads"],
        help="what a replay runs on: threads for a debugger",
    )
    group.addoption("--concur-results", metavar="FILE", help="append what happened, as JSON lines")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "graded(points): claims one property of an exercise")
    config.addinivalue_line(
        "markers", "explore(max_schedules=20_000, ...): run the test under every interleaving of its threads"
    )
    config.stash[JOURNAL] = Journal(config.getoption("--concur-results"))
    given = config.getoption("--attempt")
    if given and not Path(given).is_file():
        raise pytest.UsageError(f"--attempt {given}: there is no such file")
    if config.getoption("--concur-backend") and not config.getoption("--concur-replay"):
        raise pytest.UsageError("--concur-backend needs --concur-replay")


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    if report.failed:
        collector.config.stash[JOURNAL].write("trouble", report.longreprtext)
    return report


def pytest_collection_modifyitems(items: Sequence[pytest.Item]) -> None:
    for item in items:
        mark = item.get_closest_marker("graded")
        if mark is None or not isinstance(item, pytest.Function):
            continue
        points = mark.kwargs.get("points", mark.args[0] if mark.args else None)
        wrong = fault(title_of(item.function.__doc__), points)
        if item.name != item.function.__name__ or item.cls is not None:
            wrong = "is graded, so it must be a plain function, not parametrized and in no class"
        if wrong:
            raise pytest.UsageError(f"{item.path}: {item.function.__name__} {wrong}")


@pytest.hookimpl(trylast=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    marked = [item for item in session.items if item.get_closest_marker("explore") is not None]
    if marked:
        from concur.grade.programs import ProgramsPlugin

        session.config.pluginmanager.register(ProgramsPlugin(marked), "concur-programs")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    # Where tests run in other processes, as with pytest-xdist, the reports are all that comes back.
    ran = [
        (report.nodeid, *value)
        for reports in terminalreporter.stats.values()
        for report in reports
        for name, value in getattr(report, "user_properties", ())
        if name == RAN and getattr(report, "when", "") == "call"
    ]
    if ran:
        from concur.grade.programs import summary

        terminalreporter.write_line(summary(ran))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("graded") is None:
        return
    if item.config.getoption("--concur-results"):
        explore = _explore_of(item)
        if UNUSABLE not in item.config.stash:
            item.config.stash[UNUSABLE] = _import_once(explore.attempt, item.config.stash[JOURNAL])
        explore.reason = item.config.stash[UNUSABLE]
        if explore.reason:
            pytest.fail(explore.reason, pytrace=False)
    item.config.stash[JOURNAL].write("start", item.name)


def _import_once(attempt: Path, journal: Journal) -> str:
    """Import the file before anything is judged; returns why it cannot be, or ``""``.

    An import that hangs ends the process. It is told apart from an exploration, which may take long.
    """
    journal.write("import", IMPORT_SECONDS)
    with Path(os.devnull).open("w") as nowhere:
        faulthandler.dump_traceback_later(IMPORT_SECONDS, exit=True, file=nowhere)
        try:
            with loaded(attempt):
                return ""
        except UsageError as error:
            return str(error)
        finally:
            faulthandler.cancel_dump_traceback_later()
            journal.write("imported", None)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if item.get_closest_marker("graded") is None or report.when == "teardown":
        return report
    if report.when == "setup" and report.passed:
        return report
    outcome = _outcome(_explore_of(item), item.name, report, call)
    if outcome.reason and report.failed:
        report.longrepr = outcome.reason
    report.user_properties.append(("concur", outcome.to_json()))
    item.config.stash[JOURNAL].write("outcome", outcome.to_json())
    return report


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    if session.config.getoption("--concur-results"):
        # All is written down; a thread that the attempt left running would hold the process for ever.
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(Exception):
                stream.flush()
        os._exit(0)


def _outcome(explore: Explore, name: str, report: pytest.TestReport, call: pytest.CallInfo[None]) -> Outcome:
    if report.passed:
        status = Status.UNFINISHED if explore.sampled else Status.VERIFIED
        return Outcome(name, True, status, explore.schedules, None, explore.sampled, "", explore.output)
    if explore.failure is not None:
        return Outcome(
            name,
            False,
            Status.REFUTED,
            explore.schedules,
            explore.failure,
            explore.reason,
            explore.report,
            explore.output,
        )
    if report.skipped:
        return Outcome(name, False, Status.UNCHECKABLE, reason="the test was skipped")
    if explore.reason:
        return Outcome(name, False, explore.status, explore.schedules, reason=explore.reason)
    # The test failed by itself: it asserted without the checker, or did something after it.
    assert call.excinfo is not None
    error = call.excinfo.value
    message = one_line(error, explore.attempt)
    kind = "assertion" if isinstance(error, AssertionError) else "exception"
    failure = Failure(kind, message, "", "", ())
    words = plain_words(message, explore.attempt, explore.tests) or said_by_tests(error)
    return Outcome(name, False, Status.REFUTED, explore.schedules, failure, words, report.longreprtext)
