"""Dates and local times for code under the checker: made from the virtual clock, in the machine's own time zone.

The classes of `datetime` stay the real ones, so that what they give fits
everywhere; only the methods that read a clock are replaced where rewritten
code calls them.
"""

import datetime
import time
import types
from collections.abc import Callable
from typing import Any

from concur.check.calls import SPECIAL_FUNCTIONS
from concur.check.touch import Site
from concur.check.virtual_time import monotonic, wall_clock

__concur__ = True  # what is defined here announces by itself


def _now(cls: type[datetime.datetime], tz: datetime.tzinfo | None = None) -> datetime.datetime:
    return cls.fromtimestamp(wall_clock(), tz)


def _utcnow(cls: type[datetime.datetime]) -> datetime.datetime:
    return cls.fromtimestamp(wall_clock(), datetime.UTC).replace(tzinfo=None)


def _today(cls: type[datetime.date]) -> datetime.date:
    return cls.fromtimestamp(wall_clock())


_READS: dict[str, Callable[..., Any]] = {"now": _now, "utcnow": _utcnow, "today": _today}


def _from_clock(method: types.BuiltinFunctionType, site: Site, /, *args: Any, **kwargs: Any) -> Any:
    """``datetime.now()`` and its relatives, also of a subclass."""
    return _READS[method.__name__](method.__self__, *args, **kwargs)


SPECIAL_FUNCTIONS["clock"] = _from_clock


def localtime(seconds: float | None = None, /) -> time.struct_time:
    """``time.localtime``"""
    return time.localtime(wall_clock() if seconds is None else seconds)


def gmtime(seconds: float | None = None, /) -> time.struct_time:
    """``time.gmtime``"""
    return time.gmtime(wall_clock() if seconds is None else seconds)


def ctime(seconds: float | None = None, /) -> str:
    """``time.ctime``"""
    return time.ctime(wall_clock() if seconds is None else seconds)


def asctime(moment: Any = None, /) -> str:
    """``time.asctime``"""
    return time.asctime(localtime() if moment is None else moment)


def strftime(pattern: str, moment: Any = None, /) -> str:
    """``time.strftime``"""
    return time.strftime(pattern, localtime() if moment is None else moment)


def clock_gettime(clock: int, /) -> float:
    """``time.clock_gettime``: every clock is the same one, but for where it begins."""
    return wall_clock() if clock == time.CLOCK_REALTIME else monotonic()
