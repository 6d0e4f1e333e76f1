"""The variables of a frame."""

import inspect
import sys
import types
from typing import Any

_REMEMBERS = sys.version_info < (3, 13)  # a frame remembers what `f_locals` has shown


def variables_of(frame: types.FrameType) -> dict[str, Any]:
    """The variables by name, as they are now. The frame keeps none of them alive: a dropped generator is closed."""
    shown = frame.f_locals
    found = dict(shown)
    if _REMEMBERS and frame.f_code.co_flags & inspect.CO_OPTIMIZED:
        shown.clear()
    return found
