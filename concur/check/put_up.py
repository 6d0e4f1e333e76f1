"""The modules of a run, where Python itself looks up the module of a class or a function."""

import sys
from types import ModuleType

_put_aside: dict[str, ModuleType | None] = {}


def put_up(name: str, module: ModuleType) -> None:
    """Put a module of the run where pickle, typing and dataclasses look up the module of a class."""
    _put_aside.setdefault(name, sys.modules.get(name))
    sys.modules[name] = module


def real_module(name: str) -> ModuleType | None:
    """The module that is imported under a name outside of all runs."""
    return _put_aside[name] if name in _put_aside else sys.modules.get(name)


def take_down() -> None:
    """Put the real modules back, before the next run and after the last."""
    for name, module in _put_aside.items():
        if module is None:
            sys.modules.pop(name, None)
        else:
            sys.modules[name] = module
    _put_aside.clear()
