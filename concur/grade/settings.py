"""What the marker ``explore`` may say, which tests may carry it, and where their programs lie."""

import dataclasses
import difflib
import inspect
import os
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from concur.check.options import Options
from concur.errors import UsageError

BUDGET = 20_000  # schedules. Never seconds: a verdict is the same on every machine.

_HOW = ("timeouts", "notify", "spurious_wakeups", "races", "atomic", "rewrite", "ready")
_NAMES = ("max_schedules", "max_seconds", *_HOW, "allow_unfinished", "sample", "seed", "jobs")


@dataclasses.dataclass(frozen=True, slots=True)
class Settings:
    """The options of a marked test, or of a call of the fixture.

    Attributes:
        how: those that decide how the program runs; the defaults are those of `concur.explore`
            and `concur.sample`.
        max_schedules: the budget, also when one in seconds is set; ``None``: none.
        max_seconds: a further budget.
        sample: run so many random schedules instead of all; 0: run all.
        seed: of the random schedules.
        allow_unfinished: pass when the budget ends before the last schedule.
        jobs: how many processes share it.
    """

    how: Mapping[str, Any]
    max_schedules: int | None = BUDGET
    max_seconds: float | None = None
    sample: int = 0
    seed: int = 0
    allow_unfinished: bool = False
    jobs: int = 1

    @classmethod
    def of(cls, where: str, given: Mapping[str, Any]) -> "Settings":
        """The options as they are given.

        Raises:
            UsageError: there is no such option, or it has a value that it cannot have.
        """
        for name in given:
            if name not in _NAMES:
                near = difflib.get_close_matches(name, _NAMES, n=1)
                hint = f"; did you mean {near[0]}?" if near else f"; it has {', '.join(_NAMES)}"
                raise UsageError(f"{where} has no option {name}{hint}")
        if "sample" in given:
            if "max_schedules" in given:
                raise UsageError(
                    f"{where}: max_schedules does not go with sample, which is the number itself"
                )
            _require_number(where, "sample", given["sample"])
        elif "seed" in given:
            raise UsageError(f"{where}: seed needs sample")
        if given.get("max_schedules") is not None:
            _require_number(where, "max_schedules", given["max_schedules"])
        _require_number(where, "jobs", given.get("jobs", 1))
        how = {name: given[name] for name in _HOW if name in given}
        defaults = {field.name: field.default for field in dataclasses.fields(Options) if field.name in _HOW}
        try:
            Options.of(**{**defaults, **how})
        except UsageError as error:
            raise UsageError(f"{where}: {error}") from None
        return cls(how, **{name: given[name] for name in given if name not in _HOW})

    @property
    def exploring(self) -> dict[str, Any]:
        """The options for `concur.explore`."""
        return {
            **self.how,
            "max_schedules": self.max_schedules,
            "max_seconds": self.max_seconds,
            "jobs": self.jobs,
        }

    @property
    def sampling(self) -> dict[str, Any]:
        """The options for `concur.sample`."""
        return {**self.how, "max_seconds": self.max_seconds, "jobs": self.jobs}

    def what_to_do(self) -> str:
        """The next step of somebody whose test is unfinished."""
        return (
            "Not every schedule was run, so nothing is claimed. Make the scenario smaller, raise max_schedules"
            f" (here {self.max_schedules:,}), or choose less: sample=1000, or allow_unfinished=True."
            if self.max_schedules is not None
            else "Not every schedule was run, so nothing is claimed. Make the scenario smaller, or choose less:"
            " sample=1000, or allow_unfinished=True."
        )


def _require_number(where: str, name: str, value: object) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise UsageError(f"{where}: {name} is a number above 0, not {value!r}")


def settings_of(item: pytest.Item) -> Settings:
    """What the markers of a test say; the nearest one has the last word."""
    options: dict[str, Any] = {}
    for mark in reversed(list(item.iter_markers("explore"))):
        if mark.args:
            raise UsageError(f"the marker explore takes options by name only, not {mark.args[0]!r}")
        options.update(mark.kwargs)
    return Settings.of("the marker explore", options)


def check_item(item: pytest.Item) -> None:
    """Look at a marked test before anything is run.

    Raises:
        UsageError: the marker says what it cannot, or the test cannot be a scenario.
    """
    settings_of(item)
    fault = _fault(item)
    if fault:
        raise UsageError(f"{getattr(item, 'originalname', None) or item.name} is marked explore, but {fault}")


def _fault(item: pytest.Item) -> str:
    if not isinstance(item, pytest.Function) or hasattr(item.cls, "assertEqual"):
        return "only plain test functions and methods can be explored, not those of unittest.TestCase"
    if item.get_closest_marker("graded") is not None:
        return "it is graded: take the fixture explore instead"
    function = item.function
    if inspect.isasyncgenfunction(function):
        return "it is an asynchronous generator; write a plain function, or a coroutine"
    if item.cls is None:
        return ""
    if isinstance(inspect.getattr_static(item.cls, function.__name__, None), (staticmethod, classmethod)):
        return "it is a static or class method: write a plain method, or a function"
    owner = f"{item.cls.__module__}.{item.cls.__qualname__}"
    if f"{function.__module__}.{function.__qualname__.rpartition('.')[0]}" != owner:
        return f"it is inherited by {item.cls.__name__}: write it in the class itself"
    for name in ("setup_method", "setup_class"):
        if hasattr(item.cls, name):
            return (
                f"{item.cls.__name__} has {name}, which is not part of its runs: make the objects in the test"
            )
    return ""


def own_folders(root: Path) -> list[str]:
    """The folders from which a suite imports its program: those of the path that lie in the project.

    What is installed into an environment inside the project is not its own.
    """
    found = []
    for entry in sys.path:
        folder = Path(entry or os.curdir).resolve()
        inside = folder.is_relative_to(root) and not folder.is_relative_to(Path(sys.prefix).resolve())
        if inside and "site-packages" not in folder.parts:
            found.append(str(folder))
    return list(dict.fromkeys(found))


def again(item: pytest.Item, token: str) -> str:
    """The line that replays a failure, from the folder in which pytest was started."""
    file = os.path.relpath(item.path, item.config.invocation_params.dir)
    inside = item.nodeid.partition("::")[2]
    return "again: " + shlex.join(["pytest", f"{file}::{inside}", "--concur-replay", token])
