"""run_all: several tasks at the same time, each in a thread of its own.

You have: the signature.
You must: start a thread for each task, wait for all of them, and return what the tasks returned.
It is checked: under every interleaving.
"""

from collections.abc import Callable, Sequence
from threading import Thread
from typing import TypeVar

T = TypeVar("T")


def run_all(tasks: Sequence[Callable[[], T]]) -> list[T]:
    """Call every task in a thread of its own; what they returned, in the order of *tasks*.

    If tasks raise, the exception of the first of them in that order is raised, after all have ended.
    """
    results: dict[int, T] = {}
    errors: dict[int, BaseException] = {}

    def run(number: int) -> None:
        try:
            results[number] = tasks[number]()
        except BaseException as error:
            errors[number] = error

    threads = [Thread(target=run, args=[number]) for number in range(len(tasks))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[min(errors)]
    return [results[number] for number in range(len(tasks))]
