"""The values that a scenario is given for its parameters, the same in every run.

Immutable values are handed over as they are. A class or a function is found again by its name in
the modules of the run, so that the one that is used is rewritten and new like all others.
"""

from types import FunctionType
from typing import Any

from concur.check.loader import Loader, immutable
from concur.check.put_up import real_module


def can_be_given(value: object) -> bool:
    return immutable(value) or _home(value) is not None


def in_this_run(loader: Loader, value: object) -> object:
    """The value as the current run of that loader has it."""
    home = _home(value)
    if home is None:
        return value
    file = getattr(home, "__file__", None) or ""
    module = loader.modules.get(file) or loader.module(home.__name__)
    return value if module is None else _named(module, value.__qualname__)  # type: ignore[attr-defined]


def _home(value: object) -> Any:
    """The module in which a class or a function can be found by its name, if it can."""
    if not isinstance(value, (type, FunctionType)):
        return None
    module = real_module(value.__module__)
    return module if module is not None and _named(module, value.__qualname__) is value else None


def _named(module: Any, qualname: str) -> Any:
    found = module
    for part in qualname.split("."):
        found = getattr(found, part, None)
    return found
