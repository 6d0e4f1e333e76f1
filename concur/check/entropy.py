"""Randomness that is the same in every run: what `random`, `secrets`, `uuid` and `os.urandom` stand on.

Code under the checker gets CPython's own `random.py`, `secrets.py` and
`uuid.py`, rewritten, so their state is seen as any other. Below them, what
comes from the operating system comes from a generator here that starts afresh
from a fixed seed in each run. It is shared by all threads: a draw changes it.

A scenario that draws therefore sees the same numbers in each run of one
schedule, and a verdict is over those numbers.
"""

import _random
import os
import types
from typing import Any

from concur.check import engine as runs
from concur.check.calls import SPECIAL_FUNCTIONS
from concur.check.ops import WRITE
from concur.check.touch import Site

__concur__ = True  # what is defined here announces by itself

_SEED = 0x636F6E637572
_SOURCE = "the system's source of random numbers"
_in_run = _random.Random(_SEED)
_in_import = _random.Random(
    _SEED + 1
)  # apart: a module may be imported at another moment in another schedule


def new_run() -> None:
    """Start the sequence again."""
    _in_run.seed(_SEED)
    _in_import.seed(_SEED + 1)


def _bits(count: int, site: Site | None = None) -> int:
    run = runs.active
    if run is None:
        return _in_import.getrandbits(count)
    run.hidden += 1
    if not run.alone:
        run.step((WRITE, _SOURCE, None, site, None))
    return _in_run.getrandbits(count)


class Random(_random.Random):
    """``_random.Random``, on which ``random.Random`` stands: seeded with None, it takes a fixed sequence."""

    def seed(self, seed: Any = None, /) -> None:
        if seed is None:
            seed = _bits(64)
        run = runs.active
        if run is not None and not run.alone:
            run.step((WRITE, (id(self), "[]"), self, None, None))
        super().seed(seed)


def random_module() -> types.ModuleType:
    """`_random`, pinned."""
    module = types.ModuleType("_random")
    module.__dict__["Random"] = Random
    return module


def _urandom(site: Site, /, size: int) -> bytes:
    if size < 0:
        raise ValueError("negative argument not allowed")
    return _bits(8 * size, site).to_bytes(size, "little") if size else b""


def _never(site: Site, /, **handlers: Any) -> None:
    """``os.register_at_fork``: no run forks, and the handlers of each run would pile up."""


SPECIAL_FUNCTIONS[os.urandom] = _urandom
if hasattr(os, "getrandom"):
    SPECIAL_FUNCTIONS[os.getrandom] = lambda site, size, flags=0: _urandom(site, size)
if hasattr(os, "register_at_fork"):
    SPECIAL_FUNCTIONS[os.register_at_fork] = _never
