"""What the scenarios of this folder have in common."""

import threading
from collections.abc import Callable


def together(*calls: Callable[[], object]) -> None:
    """Call each function in a thread of its own, and wait for all of them."""
    threads = [threading.Thread(target=call) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
