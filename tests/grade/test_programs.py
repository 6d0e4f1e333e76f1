"""The marker and the fixture ``explore`` in a programmer's own suite."""

import re
from textwrap import dedent

import pytest

pytest_plugins = ["pytester"]

PROGRAM = """
from threading import Lock

class Counter:
    def __init__(self):
        self.value = 0

    def add(self):
        self.value += 1

class Locked(Counter):
    def __init__(self):
        super().__init__()
        self.lock = Lock()

    def add(self):
        with self.lock:
            super().add()
"""

HELPERS = """
import pytest
from threading import Thread

def together(*functions):
    threads = [Thread(target=function) for function in functions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

@pytest.fixture
def box():
    return []
"""

TESTS = """
import pytest
from program import Counter, Locked
from conftest import together
"""

LOST = """
@pytest.mark.explore
def test_lost():
    counter = Counter()
    print("hello")
    together(counter.add, counter.add)
    assert counter.value == 2
"""

KEPT = """
@pytest.mark.explore{options}
def test_kept():
    counter = Locked()
    together(counter.add, counter.add)
    assert counter.value == 2
"""


@pytest.fixture
def suite(pytester, monkeypatch):
    """A project: a program in src, helpers and tests in tests; returns what pytest makes of a test file."""
    monkeypatch.setenv("COLUMNS", "80")
    pytester.makeini("[pytest]\npythonpath = src tests\naddopts = --strict-markers -p no:cacheprovider\n")
    for name, text in (("src/program.py", PROGRAM), ("tests/conftest.py", HELPERS)):
        path = pytester.path / name
        path.parent.mkdir()
        path.write_text(text)

    def run(tests: str, *options: str, head: str = TESTS, apart: bool = False):
        (pytester.path / "tests" / "test_it.py").write_text(head + dedent(tests))
        return (pytester.runpytest_subprocess if apart else pytester.runpytest)(*options)

    return run


@pytest.mark.parametrize("mode", ["prepend", "append", "importlib"])
def test_verified_passes_and_refuted_fails(suite, mode: str) -> None:
    """The program in src is run under the checker, however pytest imports the test."""
    result = suite(LOST + KEPT.format(options=""), f"--import-mode={mode}")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        [
            "test_lost: refuted by schedule *: assertion, 4 context switches",
            "*An update was lost: *",
            "again: pytest tests/test_it.py::test_lost --concur-replay c1.*",
            "*Captured stdout call*",
            "hello",
            "concur: 1 test verified (* schedules), 1 refuted (* schedules)",
        ]
    )


def test_a_suite_without_scenarios_has_no_summary(suite) -> None:
    assert "concur: " not in suite("def test_plain(): pass\n").stdout.str()


@pytest.mark.parametrize("backend", [[], ["--concur-backend=threads"]])
def test_the_line_that_is_printed_replays_the_failure(suite, backend: list[str]) -> None:
    found = re.search(r"--concur-replay (\S+)", suite(LOST).stdout.str())
    assert found is not None
    result = suite(LOST, "--concur-replay", found[1], *backend)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*An update was lost: *", "concur: 1 test refuted (1 schedule)"])


def test_a_token_of_another_test_is_refused(suite) -> None:
    found = re.search(r"--concur-replay (\S+)", suite(LOST).stdout.str())
    assert found is not None
    result = suite(KEPT.format(options=""), "--concur-replay", found[1])
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*the source has changed since this token was printed*"])


def test_a_backend_without_a_token_is_wrong_usage(suite) -> None:
    suite(LOST, "--concur-backend=threads").stderr.fnmatch_lines(["*--concur-backend needs --concur-replay"])


@pytest.mark.parametrize(
    ("options", "passed", "said"),
    [
        ("(max_schedules=1)", 0, "*unfinished after 1 schedule*"),
        ("(max_schedules=1, allow_unfinished=True)", 1, "concur: 1 test unfinished (1 schedule)"),
        ("(sample=7, seed=3)", 1, "concur: 1 test sampled (7 schedules)"),
        ("(sample=7, seed=3, jobs=2)", 1, "concur: 1 test sampled (7 schedules)"),
        ("(notify='any', spurious_wakeups=True)", 1, "concur: 1 test verified *"),
    ],
)
def test_options(suite, options: str, passed: int, said: str) -> None:
    result = suite(KEPT.format(options=options))
    result.assert_outcomes(passed=passed, failed=1 - passed)
    result.stdout.fnmatch_lines([said])


@pytest.mark.parametrize(
    ("marker", "said"),
    [
        ("(max_schedule=3)", "has no option max_schedule; did you mean max_schedules?"),
        ("(notify='some')", "notify is 'fifo' or 'any', not 'some'"),
        ("(seed=3)", "seed needs sample"),
        ("(sample=3, max_schedules=3)", "max_schedules does not go with sample"),
        ("(max_schedules=0)", "max_schedules is a number above 0"),
        ("(3)", "takes options by name only"),
    ],
)
def test_a_wrong_option_is_an_error_before_anything_runs(suite, marker: str, said: str) -> None:
    result = suite(KEPT.format(options=marker))
    assert said in result.stderr.str()
    assert result.ret == pytest.ExitCode.USAGE_ERROR


@pytest.mark.parametrize(
    ("tests", "said"),
    [
        ("@pytest.mark.explore\nasync def test_a(): yield", "it is an asynchronous generator"),
        (
            "import unittest\nclass TestA(unittest.TestCase):\n    @pytest.mark.explore\n    def test_a(self): ...",
            "not those of unittest.TestCase",
        ),
        (
            "class Base:\n    @pytest.mark.explore\n    def test_a(self): ...\nclass TestA(Base): ...",
            "it is inherited by TestA",
        ),
        (
            "class TestA:\n    def setup_method(self): ...\n    @pytest.mark.explore\n    def test_a(self): ...",
            "TestA has setup_method",
        ),
    ],
)
def test_what_cannot_be_a_scenario_is_named(suite, tests: str, said: str) -> None:
    assert said in suite(tests).stderr.str()


def test_a_fixture_in_a_scenario_is_named(suite) -> None:
    result = suite("@pytest.mark.explore\ndef test_a(box): ...")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["test_a is a scenario, so it cannot use the fixture 'box'*"])


def test_parameters_may_be_values_and_classes(suite) -> None:
    """Each is a scenario; a class is the rewritten one, so the lost update of Counter is found."""
    result = suite(
        """
        @pytest.mark.explore
        @pytest.mark.parametrize("number", [1, 2])
        @pytest.mark.parametrize("make", [Counter, Locked])
        def test_it(number, make):
            counter = make()
            together(*[counter.add] * number)
            assert counter.value == number
        """
    )
    result.assert_outcomes(passed=3, failed=1)
    result.stdout.fnmatch_lines(["again: pytest 'tests/test_it.py::test_it*Counter*' --concur-replay *"])


def test_a_mutable_parameter_is_named(suite) -> None:
    result = suite("@pytest.mark.explore\n@pytest.mark.parametrize('items', [[1]])\ndef test_a(items): ...\n")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*test_a is given 'items', a list*"])


def test_each_run_of_a_method_has_its_own_instance(suite) -> None:
    result = suite(
        """
        class TestIt:
            @pytest.mark.explore
            def test_method(self):
                assert not hasattr(self, "counter")
                self.counter = Locked()
                together(self.add, self.add)
                assert self.counter.value == 2

            def add(self):
                self.counter.add()
        """
    )
    result.assert_outcomes(passed=1)


def test_xfail_and_skip_work(suite) -> None:
    tests = LOST.replace("def", "@pytest.mark.xfail(strict=True)\ndef")
    tests += "\n@pytest.mark.explore\n@pytest.mark.skip\ndef test_b(): assert 0\n"
    tests += "\n@pytest.mark.explore\ndef test_c(): pytest.skip('not here')\n"
    suite(tests).assert_outcomes(xfailed=1, skipped=2)


def test_a_test_in_a_package_may_import_relatively(suite, pytester) -> None:
    (pytester.path / "tests" / "__init__.py").touch()
    head = TESTS.replace("from conftest", "from .conftest")
    # In a process of its own: this one has a package called tests already.
    result = suite(LOST + KEPT.format(options=""), head=head, apart=True)
    result.assert_outcomes(passed=1, failed=1)


FIXTURE = """
def test_with_the_fixture(explore):
    def scenario():
        counter = {counter}()
        together(counter.add, counter.add)
        assert counter.value == 2

    assert explore(scenario, notify="any").schedules > 0
    assert explore.sample(scenario, runs=3, seed=1).schedules == 3
"""


def test_the_fixture_explores_and_samples(suite) -> None:
    suite(FIXTURE.format(counter="Locked")).assert_outcomes(passed=1)


def test_the_fixture_fails_a_refuted_test_and_replays_it(suite) -> None:
    tests = FIXTURE.format(counter="Counter")
    found = re.search(r"test_with_the_fixture --concur-replay (\S+)", suite(tests).stdout.str())
    assert found is not None
    suite(tests, "--concur-replay", found[1]).stdout.fnmatch_lines(["concur: 1 test refuted (1 schedule)"])


def test_the_fixture_takes_a_file_beside_the_test(suite, pytester) -> None:
    (pytester.path / "tests" / "other.py").write_text("def scenario(): assert 0\n")
    result = suite("def test_named(explore): explore('other.py::scenario')\n")
    result.stdout.fnmatch_lines(["scenario: refuted by schedule 1*"])


def test_a_wrong_use_of_the_fixture_shows_the_line_of_the_test(suite) -> None:
    result = suite("def test_wrong(explore): explore('other.py::scenario', notif='any')\n")
    result.stdout.fnmatch_lines([">*explore('other.py::scenario', notif='any')", "E *other.py*"])
    assert "programs.py" not in result.stdout.str()
