"""Memory that processes share, and that has no name.

It is a file that no folder lists: in memory on Linux, elsewhere in the folder
for temporary files. A child is given the descriptor. The kernel frees the
memory when the last process that has it is gone, however that one ended: there
is nothing that anybody could forget to remove, and no name that could be taken.

A store to one of its `words` is one instruction of the machine. A process that
is killed has made the store or has not; nobody sees half of it.
"""

import mmap
import os
import tempfile
import weakref
from multiprocessing import context, reduction
from typing import Any

WORD = 8  # bytes


class Segment:
    """*size* bytes, zero at first, rounded up to whole words."""

    def __init__(self, size: int) -> None:
        size = max(WORD, -(-size // WORD) * WORD)
        descriptor = _unlisted_file()
        try:
            # Asked for now, or else a store would end the process when no memory is left.
            getattr(os, "posix_fallocate", lambda file, _, length: os.ftruncate(file, length))(
                descriptor, 0, size
            )
        except BaseException:
            os.close(descriptor)
            raise
        self._attach(descriptor, size)

    def _attach(self, descriptor: int, size: int) -> None:
        self.fd = descriptor
        self.size = size
        weakref.finalize(self, os.close, descriptor).atexit = False
        self.bytes = memoryview(mmap.mmap(descriptor, size))
        self.words = self.bytes.cast("q")

    def __getstate__(self) -> tuple[Any, int]:
        return passed(self, self.fd), self.size

    def __setstate__(self, state: tuple[Any, int]) -> None:
        descriptor, size = state
        self._attach(descriptor.detach(), size)


def passed(thing: object, descriptor: int) -> Any:
    """*descriptor* in a form that a child which is being started can `detach`."""
    context.assert_spawning(thing)
    return reduction.DupFd(descriptor)


def _unlisted_file() -> int:
    if hasattr(os, "memfd_create"):
        return os.memfd_create("concur", os.MFD_CLOEXEC)
    with tempfile.TemporaryFile(prefix="concur-") as file:
        return os.dup(file.fileno())
