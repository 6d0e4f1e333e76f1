"""What an event loop does with the real world, and the checker does not: refused by name."""

import asyncio
from typing import Any

from concur.check import engine as runs

__concur__ = True  # what is defined here announces by itself

_INSTEAD = {
    "run_in_executor": "call the function itself",
    "add_reader": "set a future",
    "add_writer": "set a future",
    "add_signal_handler": "call the handler from a task",
}


def refusals(known: type) -> dict[str, Any]:
    """Methods of CPython's event loop that the checker's lacks, each as one that gives up."""
    names = {
        name
        for cls in (asyncio.AbstractEventLoop, asyncio.SelectorEventLoop)
        for name in dir(cls)
        if not name.startswith("_")
    }
    return {name: _refusal(name) for name in sorted(names) if not hasattr(known, name)}


def _refusal(name: str) -> Any:
    def refuse(self: Any, *args: Any, **kwargs: Any) -> Any:
        message = f"loop.{name}() acts on threads or on the real world, which cannot be controlled"
        instead = _INSTEAD.get(name)
        if instead:
            message += f": {instead} in the scenario"
        run = runs.active
        if run is not None:
            run.give_up(message)
        raise RuntimeError(message)

    refuse.__name__ = name
    return refuse
