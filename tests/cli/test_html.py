"""``concur explore --html FILE``: the page is written whole, or not at all."""

import json
import os
import stat
from pathlib import Path

import pytest

from concur.check import whole_file
from concur.errors import UsageError

BAD = """
def scenario_good():
    pass

def scenario_bad():
    assert 1 == 2
"""


def files(home: Path) -> set[str]:
    return {each.name for each in home.iterdir()} - {"__pycache__"}


def test_the_page_holds_every_verdict(concur, program, home: Path) -> None:
    """It is named in a line of its own, and the exit code is as without it."""
    result = concur("explore", program(BAD), "--html", "out.html")
    assert result.exit_code == 1
    assert result.stdout.splitlines()[-1] == "html: out.html"
    page = (home / "out.html").read_text(encoding="utf-8")
    assert page.startswith("<!DOCTYPE html>")
    assert "program.py: 1 of 2 scenarios refuted" in page
    assert "concur explore program.py::scenario_bad --replay c1." in page
    assert files(home) == {"program.py", "out.html"}


def test_a_verified_program_has_a_page_too(concur, program, home: Path) -> None:
    assert concur("explore", program(BAD) + "::scenario_good", "--html", "out.html").exit_code == 0
    assert "verified covers" in (home / "out.html").read_text(encoding="utf-8")


def test_with_json_the_line_is_not_on_standard_output(concur, program, home: Path) -> None:
    result = concur("explore", program(BAD), "--json", "--html", "out.html")
    assert len(json.loads(result.stdout)) == 2
    assert result.stderr == "html: out.html\n"
    assert (home / "out.html").exists()


def test_it_goes_with_replay_and_sample(concur, program, home: Path) -> None:
    name = program(BAD) + "::scenario_bad"
    result = concur("explore", name, "--sample", "3", "--json", "--html", "sample.html")
    token = json.loads(result.stdout)[0]["failure"]["token"]
    assert concur("explore", name, "--replay", token, "--html", "replay.html").exit_code == 1
    for page in ("sample.html", "replay.html"):
        assert token in (home / page).read_text(encoding="utf-8")


def test_a_scenario_without_a_verdict_is_named(concur, program, home: Path) -> None:
    assert (
        concur("explore", program(BAD + "\ndef scenario_odd(n): ...\n"), "--html", "out.html").exit_code == 2
    )
    page = (home / "out.html").read_text(encoding="utf-8")
    assert "No verdict: " in page
    assert "scenario_odd" in page


def test_source_that_no_terminal_can_show(concur, program, home: Path) -> None:
    """Lone surrogates in names of threads and messages are written as escapes."""
    source = "def scenario():\n    assert False, '\\udc80 </script>'\n"
    assert concur("explore", program(source), "--html", "out.html").exit_code == 1
    page = (home / "out.html").read_text(encoding="utf-8")
    assert r"\udc80 &lt;/script&gt;" in page


@pytest.mark.parametrize(
    ("target", "names"),
    [
        ("nowhere/out.html", "no folder"),
        (".", "folder"),
        ("program.py", "the program itself"),
        ("./program.py", "the program itself"),
        ("program.py/out.html", "cannot be written"),
        ("x" * 300, "cannot be written"),
        ("a\0b", "cannot be written"),
        (os.devnull, "not a plain file"),
        ("", "folder"),
    ],
)
@pytest.mark.parametrize("json_too", [[], ["--json"]])
def test_a_file_that_cannot_be_written_is_told_before_anything_runs(
    concur, program, home: Path, target: str, names: str, json_too: list[str]
) -> None:
    name = program("while True: pass\ndef scenario(): ...\n")
    before = (home / name).read_bytes()
    result = concur("explore", name, "--html", target, *json_too)
    assert result.exit_code == 2
    assert result.stderr.startswith("concur: ")
    assert result.stderr.count("\n") == 1
    assert names in result.stderr
    assert "went round" not in result.stderr  # the file was not loaded
    assert (home / name).read_bytes() == before
    assert files(home) == {"program.py"}


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_permission(concur, program, home: Path) -> None:
    (home / "shut").mkdir(mode=0o500)
    result = concur("explore", program(BAD), "--html", "shut/out.html")
    assert result.exit_code == 2
    assert "permission denied" in result.stderr


def test_a_page_that_was_there_stays_until_the_new_one_is_whole(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also when the last step of writing fails, and then nothing else is left behind."""
    (home / "out.html").write_text("old")

    def fail(self: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", fail)
        with pytest.raises(UsageError, match=r"out\.html cannot be written: no space left"):
            whole_file.write_whole("out.html", "new")
    assert (home / "out.html").read_text() == "old"
    assert files(home) == {"out.html"}
    whole_file.write_whole("out.html", "new")
    assert (home / "out.html").read_text() == "new"


def test_a_link_is_followed_and_the_usual_permissions_hold(home: Path) -> None:
    (home / "real").mkdir()
    (home / "out.html").symlink_to(home / "real" / "page.html")
    whole_file.write_whole("out.html", "new")
    assert (home / "out.html").is_symlink()
    plain = home / "plain"
    plain.write_text("")
    written = home / "real" / "page.html"
    assert stat.S_IMODE(written.stat().st_mode) == stat.S_IMODE(plain.stat().st_mode)


def test_no_verdict_no_page(concur, program, home: Path) -> None:
    assert concur("explore", program("def f(:\n"), "--html", "out.html").exit_code == 2
    assert files(home) == {"program.py"}
