"""Write a file whole or not at all, and find out early whether that will be possible."""

import contextlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

from concur.errors import UsageError


def check_writable(path: str, *, apart_from: str = "") -> None:
    """See that a file can be written there, without leaving a trace.

    Raises:
        UsageError: it cannot, or the file is *apart_from*, which has to stay.
    """
    with _told(path):
        target = Path(os.path.realpath(path))
        if target.is_dir():
            raise UsageError(f"{path} is a folder; name a file to write")
        if not target.parent.is_dir():
            raise UsageError(f"{path} cannot be written: there is no folder {target.parent}")
        if target.exists() and not target.is_file():
            raise UsageError(f"{path} cannot be written: it is not a plain file")
        if target.exists() and apart_from and os.path.exists(apart_from) and target.samefile(apart_from):
            raise UsageError(f"{path} is the program itself; name another file to write")
        if target.exists() and not os.access(target, os.W_OK):
            raise UsageError(f"{path} cannot be written: permission denied")
        _beside(target, b"").unlink()


def write_whole(path: str, text: str) -> None:
    """Write the text, in UTF-8; until that has worked, what was there before stays.

    Raises:
        UsageError: it cannot be written.
    """
    with _told(path):
        target = Path(os.path.realpath(path))
        written = _beside(target, text.encode())
        try:
            written.replace(target)
        except BaseException:
            written.unlink()
            raise


@contextlib.contextmanager
def _told(path: str) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError) as error:
        reason = (getattr(error, "strerror", None) or str(error)).lower()
        raise UsageError(f"{path} cannot be written: {reason}") from None


def _beside(target: Path, content: bytes) -> Path:
    """A new file in the same folder, so that it can take the place of *target* in one step."""
    path = target.with_name(f".{target.name[:100]}.{secrets.token_hex(4)}.tmp")
    try:
        with open(path, "xb") as file:
            file.write(content)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return path
