"""Make several calls at the same time, each in a thread of its own: how every scenario and demo begins."""

import threading
from collections.abc import Callable


def together(*calls: Callable[[], object]) -> None:
    """Make each call in a thread of its own, and return when all have returned."""
    # Daemons, so that a demo which is stopped by Ctrl-C does not go on: everything else waits for them here.
    threads = [threading.Thread(target=call, daemon=True) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
