"""Whether the process was forked since something was made: ``count`` is one higher in every child.

The number of the process says the same, but to ask the system for it takes a fifth of the time of a send.
"""

import os

count = 0


def _in_the_child() -> None:
    global count
    count += 1


if hasattr(os, "register_at_fork"):  # not on Windows, where there is no fork
    os.register_at_fork(after_in_child=_in_the_child)
