"""What an object has for its own process alone is made anew in a forked child.

A fork copies descriptors, thread locks and notes about who holds what. In the
child they are wrong: the descriptor shares its file locks with the parent, the
lock may be held by a thread that the child does not have.
"""

import os
import weakref
from collections.abc import Callable
from typing import Any

_made_anew: dict[int, tuple[weakref.ref[Any], Callable[[Any], None]]] = {}


def after_fork(thing: Any, anew: Callable[[Any], None]) -> None:
    """Call *anew* with *thing* in every child that is forked while *thing* exists, before anything else runs there."""
    key = id(thing)
    _made_anew[key] = (weakref.ref(thing, lambda _: _made_anew.pop(key, None)), anew)


def _in_the_child() -> None:
    for reference, anew in list(_made_anew.values()):
        thing = reference()
        if thing is not None:
            anew(thing)


os.register_at_fork(after_in_child=_in_the_child)
