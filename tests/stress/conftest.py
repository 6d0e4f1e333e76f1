"""Every test here is a storm: it gets one, and threads are switched as often as can be."""

import faulthandler
import sys
from pathlib import Path

import pytest

from .storm import FUSE, HAS_GLOBAL_LOCK, SECONDS, SEED, Storm

HERE = Path(__file__).parent


@pytest.hookimpl(tryfirst=True)  # before those that are not asked for are left out
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker("stress")


def pytest_report_header() -> str:
    """The seed, and whether threads run side by side here."""
    return f"storms of {SECONDS:g} s, seed {SEED}, {'with' if HAS_GLOBAL_LOCK else 'without'} the global lock"


@pytest.fixture
def storm(request: pytest.FixtureRequest):
    """Rounds until the time is up. A failure names the seed and the round."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    faulthandler.dump_traceback_later(SECONDS + 2 * FUSE, exit=True, file=2)  # if this thread hangs
    storm = Storm(request.node.nodeid.rpartition("/")[2])
    yield storm
    faulthandler.cancel_dump_traceback_later()
    sys.setswitchinterval(interval)
    print(f" seed {SEED}, {storm.rounds_made} rounds ", end="")
