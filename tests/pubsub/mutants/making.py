"""A mutant: one function of the engine, or of a program, in which one line is another."""

import importlib
import inspect
import textwrap
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from tests.pubsub.mutants.stage import Stage


class Found(NamedTuple):
    """An anomaly, and the calls that show it: who did what."""

    kind: str
    text: str
    calls: str = ""


class Mutant(NamedTuple):
    """What is wrong, where, the scenario in which it shows, and what is found then."""

    name: str
    where: str  # module and function
    right: str  # found there once
    wrong: str
    scenario: Callable[[Stage], None]
    log: str  # what is in the log at the end, if all is right
    found: tuple[Found, ...]  # in what clients saw
    inside: tuple[Found, ...] = ()  # what only a look into the brokers shows
    acks: int | str = "all"  # what is promised, if it is less than everything

    def make(self, patch: pytest.MonkeyPatch) -> None:
        """Put the wrong function in the place of the right one."""
        module, _, path = self.where.partition(":")
        owner: Any = importlib.import_module(module)
        *classes, name = path.split(".")
        for each in classes:
            owner = getattr(owner, each)
        function = inspect.unwrap(getattr(owner, name))
        text = textwrap.dedent(inspect.getsource(function))
        assert text.count(self.right) == 1, (
            f"{self.name}: {self.right!r} is {text.count(self.right)} times in {self.where}"
        )
        made: dict[str, Any] = {}
        exec(compile(text.replace(self.right, self.wrong), self.where, "exec"), function.__globals__, made)
        patch.setattr(owner, name, made[name])
