"""Locks of the kernel on files: who holds one and dies has given it back.

There are three kinds, and each has a trap. That of `flock`, and that of a
part of a file under `F_OFD_SETLK`, belong to a descriptor *as it was opened*:
a forked child has the same one, so each process opens the file once more for
itself (`own`), which needs Linux. That of `lockf` belongs to the
process, and is lost when the process closes any descriptor of the file.
"""

import fcntl
import os
import struct
import sys
from collections.abc import Callable

CAN_OPEN_AGAIN = sys.platform == "linux" and os.path.isdir("/proc/self/fd") and sys.maxsize > 2**32


def own(descriptor: int) -> int:
    """The file of *descriptor*, opened once more for this process, or *descriptor* where that is not needed."""
    if not CAN_OPEN_AGAIN:
        return descriptor
    return os.open(f"/proc/self/fd/{descriptor}", os.O_RDWR | os.O_CLOEXEC)


# A lock on the whole file: `whole_file(descriptor, fcntl.LOCK_EX)`.
whole_file: Callable[[int, int], object] = fcntl.flock if CAN_OPEN_AGAIN else fcntl.lockf


def is_locked(descriptor: int) -> bool:
    """Whether somebody else holds a lock on the whole file of *descriptor*, which holds none."""
    probe = own(descriptor)
    try:
        whole_file(probe, fcntl.LOCK_EX | fcntl.LOCK_NB)
        whole_file(probe, fcntl.LOCK_UN)
    except (BlockingIOError, PermissionError):
        return True
    finally:
        if probe != descriptor:
            os.close(probe)
    return False


def lock_byte(descriptor: int, byte: int) -> bool:
    """Whether a lock on the *byte* of that number was to be had at once."""
    try:
        _byte(descriptor, byte, fcntl.F_WRLCK, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):  # POSIX allows both
        return False
    return True


def unlock_byte(descriptor: int, byte: int) -> None:
    _byte(descriptor, byte, fcntl.F_UNLCK, fcntl.LOCK_UN)


def byte_is_locked(descriptor: int, byte: int) -> bool:
    """Whether somebody else holds the *byte* of that number. To ask takes nothing, so many may ask at a time."""
    if CAN_OPEN_AGAIN:
        asked = struct.pack("hhqqi", fcntl.F_WRLCK, os.SEEK_SET, byte, 1, 0)
        answer = fcntl.fcntl(descriptor, fcntl.F_OFD_GETLK, asked)
        return answer[:2] != struct.pack("h", fcntl.F_UNLCK)
    if not lock_byte(descriptor, byte):  # the layout of the question differs from system to system
        return True
    unlock_byte(descriptor, byte)
    return False


def _byte(descriptor: int, byte: int, kind: int, operation: int) -> None:
    if CAN_OPEN_AGAIN:
        fcntl.fcntl(descriptor, fcntl.F_OFD_SETLK, struct.pack("hhqqi", kind, os.SEEK_SET, byte, 1, 0))
    else:
        fcntl.lockf(descriptor, operation, 1, byte)
