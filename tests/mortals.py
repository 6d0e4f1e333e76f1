"""Workers for the word count that die when they are told to; children of every start method can import this.

A folder has the orders to die: a file `d3.0` that says `counting` ends the first worker that does so with the document
that begins with the word d3, `d3.1` the next one. Whoever obeys an order removes it first, so that it is obeyed once.
"""

import importlib
import os
import pickle
import signal
import sys
from collections import Counter
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NoReturn

MOMENTS = ("receiving", "counting", "half sent", "sent")


def order(folder: Path, document: str, moments: tuple[str, ...]) -> str:
    """The order for who has this document in hand, if it is one for these moments; it is used up."""
    for path in sorted(folder.glob(f"{document.split(maxsplit=1)[0]}.*")):
        moment = path.read_text()
        if moment in moments:
            path.unlink()
            return moment
    return ""


def die() -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("alive")


class Letter(str):
    """A document during whose receipt one may die."""

    __slots__ = ("folder",)
    folder: Path

    def __reduce__(self) -> tuple[Any, ...]:
        return open_letter, (str(self), self.folder)


def open_letter(document: str, folder: Path) -> str:
    if order(folder, document, ("receiving",)):
        die()
    return document


def count_or_die(folder: Path, document: str) -> Counter[str]:
    """Count; or die before, in the middle of the answer, or right after it."""
    moment = order(folder, document, MOMENTS[1:])
    if moment == "counting":
        die()
    if moment == "half sent":
        setattr(Connection, "_send", send_half)  # noqa: B010
    if moment == "sent":
        setattr(Connection, "_send_bytes", send_and_die)  # noqa: B010
    return Counter(document.split())


def send_half(pipe: Connection, data: Any) -> NoReturn:
    os.write(pipe.fileno(), bytes(data)[: len(data) // 2])
    die()


send_whole: Any = Connection._send_bytes  # type: ignore[attr-defined]


def send_and_die(pipe: Connection, answer: bytes) -> NoReturn:
    send_whole(pipe, answer)
    die()


def count_and_stammer(document: str) -> Counter[str]:
    """Count, and give each answer twice, and one to a question that nobody asked."""
    setattr(Connection, "_send_bytes", send_twice)  # noqa: B010
    return Counter(document.split())


def send_twice(pipe: Connection, answer: bytes) -> None:
    send_whole(pipe, pickle.dumps((10_000, Counter(["never"]))))
    send_whole(pipe, answer)
    send_whole(pipe, answer)


def count_or_wait_for_the_end(folder: Path, victims: Connection, document: str) -> Counter[str]:
    """Count; or say who it is, in the middle of it, and wait."""
    if order(folder, document, ("waiting",)):
        victims.send(os.getpid())
        while True:
            signal.pause()
    return Counter(document.split())


def kill_the_first(pids: Connection) -> None:
    """Kill who says that he is in the middle of it."""
    os.kill(pids.recv(), signal.SIGKILL)


def kill_parent(document: str) -> Counter[str]:
    """Be left alone in the middle of a task."""
    if document.startswith("parent"):
        _, parent, number = document.split()
        os.kill(int(parent), int(number))
        if int(number) == signal.SIGINT:
            while True:  # the parent ends its workers
                signal.pause()
    return Counter(document.split())


if __name__ == "__main__":
    sys.path.insert(0, sys.argv[1])
    surely = importlib.import_module("word_count").surely
    surely(kill_parent, [f"parent {os.getpid()} {sys.argv[3]}", "b", "c"], 3, sys.argv[2])
