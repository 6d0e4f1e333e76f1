"""Asynchronous generators: which of them a step has moved is seen from where they stand.

What a generator keeps in its variables is state that all tasks share which move it, and
nothing announces that. So each step counts as looking at every generator that is known,
and as changing those that stand elsewhere afterwards.
"""

import weakref
from typing import TYPE_CHECKING, Any

from concur.check import engine as runs
from concur.check.engine import Engine
from concur.check.ops import READ, WRITE

if TYPE_CHECKING:
    from concur.check.aio.process import Step

__concur__ = True  # what is defined here announces by itself


class Generators:
    """The asynchronous generators of one loop; a part of it."""

    run: Engine | None
    _closed: bool

    def __init__(self) -> None:
        super().__init__()
        self._generators: dict[int, tuple[Any, Any]] = {}  # by id: a weak reference, and where it stood

    def _first_round(self, generator: Any) -> None:
        self._generators[id(generator)] = (weakref.ref(generator), None)

    def _dropped(self, generator: Any) -> None:
        """An asynchronous generator that nobody has any more is closed by the loop, as in CPython."""
        self._generators.pop(id(generator), None)
        run = self.run
        if run is not None and runs.active is run and not run.dead and not self._closed:
            self.create_task(generator.aclose())  # type: ignore[attr-defined]  # of the loop

    def _note_generators(self, run: Engine, step: "Step") -> None:
        """Which asynchronous generators the step has moved; it may have asked any of them whether it runs."""
        for key, (reference, stood) in list(self._generators.items()):
            generator = reference()
            if generator is None:
                continue
            frame = generator.ag_frame
            stands = None if frame is None else (frame.f_lasti, generator.ag_running)
            self._generators[key] = (reference, stands)
            if not run.alone:
                kind = READ if stands == stood and not generator.ag_running else WRITE
                step.touch(run, kind, (key, "[]"), generator)
