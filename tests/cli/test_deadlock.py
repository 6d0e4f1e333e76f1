"""``concur deadlock``: real programs in processes of their own, ended by what they do."""

import signal
from pathlib import Path

import pytest

PROGRAM = """
import sys, threading
from threading import Lock

left, right = Lock(), Lock()
both = threading.Barrier(2)

def eat(mine, other):
    with mine:
        if "safe" not in sys.argv:
            both.wait()
        with other:
            pass

print(__name__, sys.argv, __file__)
plato = threading.Thread(target=eat, args=(left, right), name="Plato")
kant = threading.Thread(target=eat, args=(right, left), name="Kant")
for thread in (plato, kant):
    thread.start()
    if "safe" in sys.argv:
        thread.join()
"""


@pytest.fixture
def run(shell, program):
    """Write a program and run it under watch; exit code, standard output, standard error."""

    def call(source: str, *arguments: str, options: tuple[str, ...] = ()):
        process = shell("deadlock", *options, program(source), *arguments)
        out, err = process.communicate(timeout=60)
        return process.returncode, out, err

    return call


def test_a_deadlock(run) -> None:
    """It is printed, and the process ends although its threads cannot."""
    code, out, err = run(PROGRAM)
    assert code == 1
    assert out == "__main__ ['program.py'] program.py\n"
    first, *table, last = err.splitlines()
    assert first == "deadlock: these threads will wait for each other for ever"
    assert sorted(table) == [
        "  Kant  holds right (program.py:9) and waits for left (program.py:12)",
        "  Plato holds left (program.py:9) and waits for right (program.py:12)",
    ]
    assert last == "Take the locks in one agreed order, or take them all at once."


def test_a_potential_one(run) -> None:
    """It is printed at the end; whether it counts is said by an option."""
    for options, expected in (((), 0), (("--strict",), 1)):
        code, out, err = run(PROGRAM, "safe", options=options)
        assert code == expected
        assert out == "__main__ ['program.py', 'safe'] program.py\n"
        assert err.startswith("potential deadlock: ")
        assert err.endswith(
            "concur: no deadlock happened in this run of program.py; one can happen, see above.\n"
        )


def test_without_order(run) -> None:
    """Real deadlocks only."""
    code, _, err = run(PROGRAM, "safe", options=("--no-order", "--strict"))
    assert code == 0
    assert err == (
        "concur: no deadlock happened in this run of program.py; lock orders were not looked at.\n"
    )
    assert run(PROGRAM, options=("--no-order",))[0] == 1


@pytest.mark.parametrize(
    ("source", "expected", "said"),
    [
        ("import sys; sys.exit(7)", 7, ""),
        ("import sys; sys.exit()", 0, ""),
        ("import sys; sys.exit('sorry')", 1, "sorry\n"),
        (
            "import threading\nthreading.Thread(target=print, args=('late',)).start()\n1 / 0",
            1,
            'Traceback (most recent call last):\n  File "program.py", line 3, in <module>\n    1 / 0\n',
        ),
        ("def f(:", 1, '  File "program.py", line 1\n'),
    ],
)
def test_how_programs_end(run, source: str, expected: int, said: str) -> None:
    """Exit codes are passed on; an error shows the program's own traceback."""
    code, out, err = run(source)
    assert code == expected
    assert err.startswith(said)
    assert "cli" not in err
    assert err.endswith("no lock orders contradict each other.\n")
    assert out == ("late\n" if "late" in source else "")


def test_imports_beside_the_program(run, home: Path) -> None:
    """The folder of the program comes first where modules are looked for, and their locks are watched."""
    (home / "part.py").write_text("from threading import Lock\nlock = Lock()\n")
    code, _, err = run("import part\nwith part.lock:\n    part.lock.acquire()\n", "--strict", "-x")
    assert code == 1
    assert "MainThread holds lock (program.py:2) and waits for lock (program.py:3)" in err


def test_ctrl_c(shell, program) -> None:
    """A program that is stopped is stopped, with threads that would go on."""
    name = program(
        "import threading\n"
        "never = threading.Event()\n"
        "threading.Thread(target=never.wait).start()\n"
        "print('ready', flush=True)\n"
        "never.wait()\n"
    )
    process = shell("deadlock", name)
    assert process.stdout.readline() == "ready\n"
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert err == "stopped\n"


def test_no_such_file(run, concur) -> None:
    """Wrong usage is one line."""
    result = concur("deadlock", "nowhere.py")
    assert result.exit_code == 2
    assert result.stderr == "concur: nowhere.py cannot be read: No such file or directory.\n"


def test_in_this_process(concur, program) -> None:
    """Nothing of the run stays."""
    import sys
    import threading

    before = sys.argv[:], sys.path[:], sys.modules["__main__"], threading.Lock
    result = concur("deadlock", program("import threading\nwith threading.Lock():\n    print('in')\n"))
    assert result.exit_code == 0
    assert result.stdout == "in\n"
    assert (sys.argv[:], sys.path[:], sys.modules["__main__"], threading.Lock) == before
