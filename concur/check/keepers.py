"""What functions of the standard library keep that is in no argument: streams of log handlers, the environment.

Most of what the standard library keeps is of no concern to a program, and is left
out. What is here a program can ask for afterwards, so the order of calls matters.
"""

import os
import sys
import warnings
from collections.abc import Iterable
from typing import Any

from concur.check.ops import READ, WRITE
from concur.check.output import Output

_ENVIRONMENT = frozenset("getenv getenvb putenv unsetenv".split())
_CHANGES = ("set", "add", "remove", "disable")
_show_warning = warnings.showwarning
_print_warning = getattr(warnings, "_showwarnmsg_impl", None)


def also_reached(function: Any, module: str, owner: Any) -> list[Any]:
    """Objects that a call reaches although it is not given them."""
    if module == "os" and getattr(function, "__name__", "") in _ENVIRONMENT:
        return [os.environ]
    return []


def is_change(function: Any, module: str) -> bool:
    """Whether a method of a module that keeps no state does change its object."""
    return module == "logging" and getattr(function, "__name__", "").startswith(_CHANGES)


def places(function: Any, module: str, owner: Any, *, writes: bool) -> list[tuple[Any, int]]:
    """Places that a call touches besides."""
    if module in ("warnings", "_warnings") and _is_kept():
        return [("the warnings", WRITE)]
    if module == "logging" and hasattr(owner, "__dict__"):
        found = [((id(owner), field), WRITE if writes else READ) for field in vars(owner)]
        return found + [((id(stream), "[]"), WRITE) for stream in _streams(owner)]
    return []


def _is_kept() -> bool:
    """Whether somebody collects warnings, as ``catch_warnings(record=True)`` does."""
    return (
        warnings.showwarning is not _show_warning
        or getattr(warnings, "_showwarnmsg_impl", None) is not _print_warning
    )


def _streams(logger: Any) -> Iterable[Any]:
    """What the handlers of a logger write to, if the program can look at it afterwards."""
    while logger is not None:
        for handler in getattr(logger, "handlers", ()):
            kept = [getattr(handler, name, None) for name in ("stream", "buffer", "queue")]
            if not type(handler).__module__.startswith("_pytest"):
                yield from (each for each in kept if each is not None and not _is_screen(each))
        logger = getattr(logger, "parent", None) if getattr(logger, "propagate", False) else None


def _is_screen(stream: Any) -> bool:
    return type(stream) is Output or stream in (sys.__stdout__, sys.__stderr__)
