"""Ctrl-C, signals, and faults of our own: one line, an exit code, no process left behind."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from concur.cli import main
from concur.cli.door import worst

posix = pytest.mark.skipif(sys.platform == "win32", reason="FIFOs and signals are of POSIX")

# Says through a FIFO that it runs, and holds it open as long as it lives.
HANGS = """
import threading
held = open({pipe!r}, "w")
held.write("alive")
held.flush()
threading.Event().wait()
"""


@posix
@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 128 + signal.SIGTERM)], ids=["int", "term"]
)
def test_a_stopped_command_leaves_no_child(shell, exercise, home: Path, number: int, code: int) -> None:
    """The pipe's last writer, which is the child, is gone when reading it ends."""
    pipe = home / "pipe"
    os.mkfifo(pipe)
    exercise("01_first", HANGS.format(pipe=str(pipe)))
    command = shell("check", "1")
    with pipe.open() as reader:
        assert reader.read(1) == "a"
        command.send_signal(number)
        assert command.wait() == code
        assert reader.read() == "live"
    assert "Traceback" not in command.communicate()[1]


def test_a_fault_of_ours_is_one_line_and_where_to_report_it(concur, home, monkeypatch) -> None:
    monkeypatch.setattr("concur.cli.exercises.Course.above", lambda folder: 1 / 0)
    result = concur("list")
    assert result.exit_code == 70
    assert result.stderr.startswith(
        "concur: a fault in concur itself, not in your program: ZeroDivisionError"
    )
    assert "report it" in result.stderr
    assert "Traceback" not in result.stderr


def test_the_traceback_of_a_fault_is_shown_on_request(concur, home, monkeypatch) -> None:
    monkeypatch.setattr("concur.cli.exercises.Course.above", lambda folder: 1 / 0)
    monkeypatch.setenv("CONCUR_TRACEBACK", "1")
    assert "Traceback" in concur("list").stderr


def test_a_reader_that_leaves_early_is_no_fault(shell, exercise) -> None:
    exercise("01_first")
    command = shell("list", "--json")
    assert command.stdout is not None
    command.stdout.close()
    assert "Traceback" not in command.stderr.read()
    command.stderr.close()
    assert command.wait() in (0, 1)


def test_any_character_can_be_printed(shell, home: Path) -> None:
    """Also where the terminal knows ASCII only."""
    (home / "program.py").write_text("def scenario():\n    assert False, 'für immer →'\n", encoding="utf-8")
    command = shell("explore", "program.py", PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    out, err = command.communicate()
    assert command.returncode == 1, err
    assert out.isascii()


@pytest.mark.parametrize(("codes", "code"), [([], 0), ([0, 0], 0), ([0, 3], 3), ([3, 1], 1), ([1, 2, 3], 2)])
def test_of_several_exit_codes_the_worst_is_taken(codes: list[int], code: int) -> None:
    assert worst(codes) == code


def test_help_names_the_commands(concur) -> None:
    result = concur("--help")
    assert result.exit_code == 0
    assert all(name in result.stdout for name in main.commands)


def test_a_command_that_does_not_exist_is_wrong_usage(concur) -> None:
    result = concur("chekc")
    assert result.exit_code == 2
    assert result.stderr.count("\n") == 1
    assert "chekc" in result.stderr


@posix
def test_ctrl_c_below_an_exec_is_like_any_other(tmp_path: Path) -> None:
    """Python would end itself by SIGINT, as if nobody had caught it."""
    (tmp_path / "stopped_below.py").write_text(
        "from concur.cli import main\n\n"
        "@main.command()\n"
        "def stopped():\n"
        "    exec('raise KeyboardInterrupt')\n\n"
        "main(['stopped'])\n"
    )
    command = [sys.executable, "-m", "stopped_below"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 130
    assert done.stderr.strip() == "stopped"
