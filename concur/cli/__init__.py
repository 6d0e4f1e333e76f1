"""The command ``concur``: check a program, watch one for deadlocks, list the exercises, grade an attempt.

Exit codes: 0 verified or full score, 1 refuted, 2 wrong usage, 3 unfinished or uncheckable; of
several, the worst: 2, 1, 3, 0. Further: 70 a fault in concur itself, 130 stopped by Ctrl-C.
"""

import click

from concur.cli.deadlock import deadlock
from concur.cli.demo import demo
from concur.cli.door import Door
from concur.cli.exercises import check, list_
from concur.cli.explore import explore


@click.group(cls=Door, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80})
@click.version_option(package_name="concur")
def main() -> None:
    """Learn concurrency by building it; check programs under every interleaving."""


for command in (explore, list_, check, demo, deadlock):
    main.add_command(command)
