"""``concur check`` and ``concur list``: scores, exit codes, and the next step."""

import json

import pytest

WRONG = "def work():\n    return 2\n"
STOPS = "import os\ndef work():\n    os._exit(3)\n"


def test_a_full_score_names_the_next_exercise(concur, exercise) -> None:
    exercise("01_first")
    exercise("02_second", WRONG)
    result = concur("check", "1")
    assert result.exit_code == 0
    assert result.stdout.splitlines()[0].startswith("01 first ")
    assert "  score 5/5\n" in result.stdout
    assert "next: 02 second, idea of second\n" in result.stdout
    assert "edit exercises/02_second/second.py, then run: concur check 02" in result.stdout


def test_a_failure_names_the_file_and_the_command(concur, exercise) -> None:
    exercise("01_first", WRONG)
    result = concur("check", "first")
    assert result.exit_code == 1
    assert "  NO  A thread can work  0/3  refuted, " in result.stdout
    assert "again: concur check 01 --replay " in result.stdout
    assert "  score 0/5\n" in result.stdout
    assert "next: edit exercises/01_first/first.py, then run: concur check 01" in result.stdout


def test_output_in_a_log_is_plain_and_narrow(concur, exercise) -> None:
    exercise("01_first", WRONG)
    lines = concur("check", "1").stdout.splitlines()
    assert all(line.isascii() and line.isprintable() for line in lines)
    assert all(len(line) <= 80 for line in lines if "--replay" not in line)


def test_without_a_name_all_are_graded(concur, exercise) -> None:
    exercise("01_first")
    exercise("02_second", WRONG)
    exercise("03_third")
    result = concur("check")
    assert result.exit_code == 1
    assert "solved 2 of 3 exercises, 10/15 points" in result.stdout
    assert "next: edit exercises/02_second/second.py" in result.stdout


def test_solved_exercises_are_remembered_until_they_change(concur, exercise) -> None:
    first = exercise("01_first")
    exercise("02_second")
    concur("check")
    assert concur("list").stdout.count("solved") == 2
    first.write_text(first.read_text() + "\n")
    assert [each["solved"] for each in json.loads(concur("list", "--json").stdout)] == [False, True]
    assert "next: 01 first, " in concur("check", "2").stdout


def test_when_all_are_solved_it_says_so(concur, exercise) -> None:
    exercise("01_first")
    assert "every exercise of the course is solved" in concur("check").stdout


def test_list_shows_number_name_concept_and_points(concur, exercise) -> None:
    exercise("01_first")
    result = concur("list")
    assert result.exit_code == 0
    assert result.stdout.split() == ["01", "first", "idea", "of", "first", "5", "points"]


def test_json_has_the_documented_shape(concur, exercise) -> None:
    exercise("01_first", WRONG)
    result = concur("check", "1", "--json")
    (document,) = json.loads(result.stdout)
    assert set(document) == {"exercise", "score", "max", "seconds", "properties"}
    assert (document["exercise"], document["score"], document["max"]) == ("01_first", 0, 5)
    expected = {"name", "title", "points", "earned", "status", "schedules", "failure"}
    assert all(expected <= set(each) for each in document["properties"])
    assert [each["status"] for each in document["properties"]] == ["refuted", "refuted"]
    assert result.exit_code == 1


def test_another_file_can_be_graded(concur, exercise, home) -> None:
    """The command to run again names it too; the student's own score is left alone."""
    exercise("01_first")
    (home / "other.py").write_text(WRONG)
    result = concur("check", "1", "--attempt", "other.py")
    assert result.exit_code == 1
    assert "next: edit other.py, then run: concur check 01 --attempt other.py" in result.stdout


def test_a_token_replays_one_property(concur, exercise) -> None:
    exercise("01_first", WRONG)
    (document,) = json.loads(concur("check", "1", "--json").stdout)
    token = document["properties"][1]["failure"]["token"]
    result = concur("check", "1", "--replay", token)
    assert result.exit_code == 1
    assert "A thread can work" in result.stdout
    assert "The work ends" not in result.stdout
    assert "score" not in result.stdout


def test_an_attempt_that_ends_the_process_is_not_refuted(concur, exercise) -> None:
    """Exit code 3: nothing can be said about it."""
    exercise("01_first", STOPS)
    result = concur("check", "1")
    assert result.exit_code == 3
    assert "first.py ended its process with exit code 3 during 'The work ends'" in " ".join(
        result.stdout.split()
    )


def test_a_syntax_error_is_shown_once_with_its_line(concur, exercise) -> None:
    exercise("01_first", "def work(:\n")
    result = concur("check", "1")
    assert result.exit_code == 3
    assert result.stdout.count("first.py:1: SyntaxError: invalid syntax") == 1
    assert "score 0/5" in result.stdout


def test_what_the_attempt_prints_is_shown_apart_and_capped(concur, exercise) -> None:
    exercise("01_first", "def work():\n    print('\\033[31mline\\n' * 1000)\n    return 1\n")
    lines = concur("check", "1").stdout.splitlines()
    assert "  printed by first.py:" in lines
    assert 1 < sum(line.startswith("    | ") for line in lines) < 20
    assert not any("\033" in line for line in lines)


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        (["99"], "there is no exercise 99; this course has 01"),
        (["frist"], "did you mean first (01)?"),
        (["1", "--attempt", "nowhere.py"], "nowhere.py: no such file"),
        (["--attempt", "nowhere.py"], "--attempt needs exactly one exercise"),
        (["--replay", "x"], "--replay needs exactly one exercise"),
        (["1", "--replay", "nonsense"], "nonsense"),
        (["1", "--colour"], "--colour"),
    ],
)
@pytest.mark.parametrize("json_too", [[], ["--json"]])
def test_wrong_usage_is_one_line_that_names_the_thing(
    concur, exercise, arguments: list[str], names: str, json_too: list[str]
) -> None:
    exercise("01_first")
    result = concur("check", *arguments, *json_too)
    assert result.exit_code == 2
    assert result.stderr.startswith("concur: ")
    assert result.stderr.count("\n") == 1
    assert names in result.stderr
    assert result.stdout in ("", "[]\n")


@pytest.mark.parametrize("command", ["check", "list"])
def test_outside_a_course_it_says_so(concur, command: str) -> None:
    result = concur(command)
    assert result.exit_code == 2
    assert "no course at or above" in result.stderr
