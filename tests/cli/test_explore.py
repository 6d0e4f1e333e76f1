"""``concur explore``: verdicts, exit codes, JSON, and wrong usage in one line."""

import json

import pytest

RACE = """
from threading import Thread

class Box:
    n = 0

def scenario():
    box = Box()
    def add():
        box.n += 1
    threads = [Thread(target=add) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert box.n == 2
"""

LOCKED = (
    RACE.replace("import Thread", "import Lock, Thread")
    .replace("        box.n += 1", "        with lock:\n            box.n += 1")
    .replace("    box = Box()\n", "    box = Box()\n    lock = Lock()\n")
)

TWO = """
def scenario_good():
    pass

def scenario_bad():
    assert 1 == 2

def other():
    pass
"""


def test_a_race_is_refuted(concur, program) -> None:
    """Exit code 1, the way to see it again, and the next step."""
    result = concur("explore", program(RACE))
    assert result.exit_code == 1
    assert "refuted" in result.stdout.splitlines()[0]
    assert "again: concur explore program.py::scenario --replay " in result.stdout
    assert "next: edit program.py, then run: concur explore program.py::scenario" in result.stdout
    assert result.stdout.isascii()


def test_with_a_lock_it_is_verified(concur, program) -> None:
    result = concur("explore", program(LOCKED))
    assert result.exit_code == 0
    assert "verified" in result.stdout.splitlines()[0]
    assert "next:" not in result.stdout


def test_without_a_name_every_scenario_is_run(concur, program) -> None:
    """The exit code is that of the worst."""
    result = concur("explore", program(TWO), "--json")
    assert [(each["scenario"], each["status"]) for each in json.loads(result.stdout)] == [
        ("scenario_good", "verified"),
        ("scenario_bad", "refuted"),
    ]
    assert result.exit_code == 1


def test_any_function_can_be_named(concur, program) -> None:
    result = concur("explore", program(TWO) + "::other", "--json")
    assert [each["scenario"] for each in json.loads(result.stdout)] == ["other"]
    assert result.exit_code == 0


def test_json_has_the_documented_shape(concur, program) -> None:
    (document,) = json.loads(concur("explore", program(RACE), "--json").stdout)
    assert {"scenario", "status", "schedules", "seconds", "bound", "races", "failure"} <= set(document)
    assert set(document["failure"]) == {"kind", "message", "why", "token", "switches", "steps"}
    assert set(document["failure"]["steps"][0]) == {"thread", "file", "line", "source", "op", "value"}


@pytest.mark.parametrize("backend", ["greenlets", "threads"])
def test_a_token_replays_the_failure(concur, program, backend: str) -> None:
    name = program(RACE)
    (document,) = json.loads(concur("explore", name, "--json").stdout)
    token = document["failure"]["token"]
    result = concur("explore", name, "--replay", token, "--backend", backend, "--json")
    (again,) = json.loads(result.stdout)
    assert result.exit_code == 1
    assert again["failure"]["message"] == document["failure"]["message"]


def test_sampling_finds_a_race_but_verifies_nothing(concur, program) -> None:
    assert concur("explore", program(RACE), "--sample", "200", "--seed", "1").exit_code == 1
    result = concur("explore", program(LOCKED), "--sample", "20", "--json")
    assert [each["status"] for each in json.loads(result.stdout)] == ["unfinished"]
    assert result.exit_code == 3


def test_jobs_change_nothing_but_the_time(concur, program) -> None:
    for options in ([], ["--sample", "20"]):
        alone, shared = (
            json.loads(concur("explore", program(RACE), "--json", *options, *jobs).stdout)
            for jobs in ([], ["--jobs", "2"])
        )
        assert [{**each, "seconds": 0} for each in shared] == [{**each, "seconds": 0} for each in alone]
    assert concur("explore", program(RACE), "--jobs", "0").exit_code == 2
    assert concur("explore", program(RACE), "--jobs", "2", "--replay", "c1").exit_code == 2


def test_a_budget_of_schedules_that_ends_claims_nothing(concur, program) -> None:
    result = concur("explore", program(LOCKED), "--schedules", "1", "--json")
    assert [each["status"] for each in json.loads(result.stdout)] == ["unfinished"]
    assert result.exit_code == 3


def test_the_same_program_gives_the_same_verdict(concur, program) -> None:
    name = program(RACE)

    def found() -> object:
        (document,) = json.loads(concur("explore", name, "--json").stdout)
        del document["seconds"]
        return document

    assert found() == found()


@pytest.mark.parametrize(
    ("source", "arguments", "names"),
    [
        ("", ["nowhere.py"], "nowhere.py"),
        ("", ["nowhere.py::scenario"], "nowhere.py"),
        ("def f(:\n", ["program.py"], "program.py:1"),
        ("x = 1\n", ["program.py"], "scenario"),
        ("def scenario(): ...\n", ["program.py::other"], "other"),
        ("def scenario(n): ...\n", ["program.py"], "scenario"),
        ("import no_such_thing\ndef scenario(): ...\n", ["program.py"], "no_such_thing"),
        ("def scenario(): ...\n", ["program.py", "--replay", "nonsense"], "nonsense"),
        (TWO, ["program.py", "--replay", "nonsense"], "program.py::scenario_good"),
        (TWO, ["program.py", "--replay", "x", "--sample", "3"], "--sample"),
        (TWO, ["program.py", "--seed", "3"], "--sample"),
        (TWO, ["program.py", "--backend", "threads"], "--replay"),
        (TWO, ["program.py", "--schedules", "0"], "--schedules"),
        (TWO, ["program.py", "--seconds", "-1"], "--seconds"),
        (TWO, ["program.py", "--colour"], "--colour"),
        (TWO, [], "FILE.py"),
        (TWO, ["."], "folder"),
    ],
)
@pytest.mark.parametrize("json_too", [[], ["--json"]])
def test_wrong_usage_is_one_line_that_names_the_thing(
    concur, program, source: str, arguments: list[str], names: str, json_too: list[str]
) -> None:
    program(source)
    result = concur("explore", *arguments, *json_too)
    assert result.exit_code == 2
    assert result.stderr.startswith("concur: ")
    assert result.stderr.count("\n") == 1
    assert names in result.stderr
    assert result.stdout in ("", "[]\n")


def test_one_scenario_that_cannot_be_run_does_not_stop_the_others(concur, program) -> None:
    """Wrong usage is the worst of the exit codes."""
    result = concur("explore", program(TWO + "\ndef scenario_odd(n): ...\n"), "--json")
    assert [each["scenario"] for each in json.loads(result.stdout)] == ["scenario_good", "scenario_bad"]
    assert "scenario_odd" in result.stderr
    assert result.exit_code == 2


def test_what_the_program_prints_is_shown_apart(concur, program) -> None:
    result = concur("explore", program("def scenario():\n    print('here I am')\n    assert False\n"))
    assert "  printed by program.py:\n    | here I am\n" in result.stdout


@pytest.mark.parametrize("options", [[], ["--replay", "--backend", "threads"]])
def test_json_is_all_that_is_printed(concur, program, options: list[str]) -> None:
    """Also when the program prints, and runs on threads of the operating system."""
    name = program("def scenario():\n    print('here I am')\n    assert False\n")
    (document,) = json.loads(concur("explore", name, "--json").stdout)
    if options:
        options.insert(1, document["failure"]["token"])
    (again,) = json.loads(concur("explore", name, "--json", *options).stdout)
    assert again["failure"]["message"] == document["failure"]["message"]


USES_A_PACKAGE = """
from counting import Counter
from threading import Thread

def scenario():
    counter = Counter()
    threads = [Thread(target=counter.add) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counter.value == 2
"""


def test_a_package_by_name(concur, program, tmp_path, monkeypatch) -> None:
    """Its lines are in the report, by their path from the package on; the token stands for the option."""
    installed = tmp_path / "installed"
    (installed / "counting").mkdir(parents=True)
    (installed / "counting" / "__init__.py").write_text(
        "class Counter:\n    value = 0\n    def add(self):\n        self.value += 1\n"
    )
    monkeypatch.syspath_prepend(installed)
    file = program(USES_A_PACKAGE)
    result = concur("explore", file, "--rewrite", "counting")
    assert result.exit_code == 1
    assert "  counting/__init__.py\n" in result.stdout
    assert "(counting/__init__.py:4)" in " ".join(result.stdout.split())
    assert "concur explore program.py::scenario --rewrite counting\n" in result.stdout
    commands = ("again: ", "next: ")
    assert all(len(line) <= 80 or line.startswith(commands) for line in result.stdout.splitlines())
    again = next(line for line in result.stdout.splitlines() if line.startswith("again: "))
    token = again.split()[-1]
    assert token.endswith("@counting")
    assert concur("explore", f"{file}::scenario", "--replay", token).exit_code == 1


def test_a_package_that_is_not_there(concur, program) -> None:
    """Exit code 2, and its name."""
    result = concur("explore", program(RACE), "--rewrite", "no_such_package")
    assert result.exit_code == 2
    assert "there is no package 'no_such_package'" in " ".join(result.stderr.split())
    clash = concur("explore", "program.py::scenario", "--replay", "c1.00000000.", "--rewrite", "counting")
    assert clash.exit_code == 2
    assert "--rewrite does not go with --replay" in clash.stderr
