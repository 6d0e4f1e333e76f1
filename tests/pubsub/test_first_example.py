"""The program on the first page of the chapter runs, and prints each table's orders in order."""

import subprocess
import sys
from pathlib import Path

PROGRAM = Path(__file__).resolve().parents[2] / "docs" / "examples" / "pubsub" / "first.py"


def test_the_first_program() -> None:
    done = subprocess.run(
        [sys.executable, str(PROGRAM)], capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stderr) == (0, "")
    lines = [line.split(" ", 1) for line in done.stdout.splitlines()]
    assert sorted(rest for _, rest in lines) == sorted(f"table {n % 3} order {n}" for n in range(10))
    for table in range(3):
        orders = [rest for _, rest in lines if rest.startswith(f"table {table} ")]
        assert orders == sorted(orders)
