"""Find the scenario that is meant, and prepare to run it afresh as often as needed."""

import inspect
import linecache
import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

from concur.check import engine as runs
from concur.check.aio import package as aio
from concur.check.given import can_be_given, in_this_run
from concur.check.loader import Loader, immutable
from concur.check.sources import compile_file
from concur.check.variables import LoadingError
from concur.check.whereabouts import is_pythons
from concur.errors import UsageError


def scenarios_in(path: str | os.PathLike[str]) -> list[str]:
    """The names of the functions called ``scenario...`` at the top of a file, in its order.

    Raises:
        UsageError: the file cannot be read, is not Python, or has no such function.
    """
    code = compile_file(os.path.abspath(path)).code
    names = [
        constant.co_name
        for constant in code.co_consts
        if isinstance(constant, CodeType) and constant.co_name.startswith("scenario")
    ]
    if not names:
        raise UsageError(f"{path} has no function whose name begins with 'scenario'; name one: {path}::NAME")
    return list(dict.fromkeys(names))


class Scenario:
    """A plain function that makes its objects, starts threads, joins them and asserts."""

    def __init__(
        self,
        given: Callable[..., object] | str | os.PathLike[str],
        attempt: str | os.PathLike[str] | None = None,
        *,
        arguments: Mapping[str, Any] | None = None,
        folders: Iterable[str] = (),
        method: bool = False,
    ) -> None:
        """A scenario, and what it is given in every run.

        Args:
            given: a function, or ``"path/to/file.py::name"``.
            attempt: the file of a student's module.
            arguments: values for its parameters: immutable ones, classes, functions.
            folders: further folders whose modules are rewritten.
            method: it is a method; each run calls it on a new instance of its class.
        """
        self.cells: dict[str, Any] = {}
        self.arguments = dict(arguments or {})
        self.method = method
        if callable(given):
            file, self.qualname = self._of_function(given)
        else:
            file, _, self.qualname = os.fspath(given).rpartition("::")
            if not file:
                raise UsageError(f"'{given}' does not name a scenario; write FILE.py::NAME")
        self.name = self.qualname.rpartition(".")[2]
        self.loader = Loader(file, attempt, folders)
        if not os.path.exists(self.loader.file):
            raise UsageError(f"{file}: there is no such file")
        if attempt is not None and not os.path.exists(attempt):
            raise UsageError(f"{attempt}: there is no such file")
        for name, value in self.arguments.items():
            if not can_be_given(value):
                raise UsageError(
                    f"scenario {self.name} is given '{name}', a {type(value).__name__}; a scenario runs many times,"
                    " so it may be given only numbers, texts, tuples of them, and classes and functions that its"
                    " modules define: make it inside the scenario"
                )
        self._checked = False

    @classmethod
    def of(
        cls, given: "Scenario | Callable[..., object] | str | os.PathLike[str]", attempt: Any = None
    ) -> "Scenario":
        """The scenario itself, or the one that is named."""
        return given if isinstance(given, Scenario) else cls(given, attempt)

    def _of_function(self, given: Callable[..., object]) -> tuple[str, str]:
        function = inspect.unwrap(given)
        if not isinstance(function, FunctionType):
            raise UsageError(f"a scenario is a plain function, not {type(given).__name__} '{given}'")
        file = function.__code__.co_filename
        if not os.path.exists(file):
            if linecache.getlines(file):
                raise UsageError(
                    f"scenario {function.__name__} was typed in, not read from a file; put it in a file"
                )
            raise UsageError(
                f"scenario {function.__name__}: its file {file} is not there, and it has to be read again"
            )
        names = function.__code__.co_freevars
        for name, cell in zip(names, function.__closure__ or (), strict=True):
            try:
                value = cell.cell_contents
            except ValueError:
                raise UsageError(
                    f"scenario {function.__name__} captures '{name}', which has no value yet"
                ) from None
            if not immutable(value):
                raise UsageError(
                    f"scenario {function.__name__} captures '{name}', a {type(value).__name__}; a scenario runs many"
                    " times, so it may capture only numbers, texts and tuples of them: make it inside the scenario"
                )
            self.cells[name] = value
        return file, function.__qualname__

    def digest(self) -> str:
        """A hash of all that a replay token belongs to."""
        return self.loader.digest(self.qualname)

    @property
    def takes_attempt(self) -> bool:
        return self.loader.attempt is not None

    def own_files(self) -> frozenset[str]:
        """The files of the user, as opposed to those of libraries."""
        loader = self.loader
        names = {
            str(module.__file__) for module in loader.modules.values() if getattr(module, "__file__", None)
        }
        inside = str(Path(__file__).parent.parent) + os.sep
        outside = {name for name in names if not name.startswith(inside) and not is_pythons(name)}
        return frozenset(outside | {loader.file} | ({loader.attempt} if loader.attempt else set()))

    def fresh(self) -> Callable[[], object]:
        """Load every module anew, and return the scenario as a function without parameters.

        Raises:
            UsageError: what is loaded cannot be, or is not a scenario.
        """
        loader = self.loader
        loader.fresh()
        runs.active = None
        arguments = []
        if self.takes_attempt:
            assert loader.attempt is not None
            arguments.append(self._import(loader.attempt, loader.attempt_module))
        self._import(loader.file, loader.main_module)
        function = self._function()
        if not self._checked:
            self._check(function, arguments)
            self._checked = True
        if function.__code__.co_flags & inspect.CO_COROUTINE:
            function = _run_on_a_loop(loader, function)
        given = {name: in_this_run(loader, value) for name, value in self.arguments.items()}
        if self.method:
            owner = self._owner()
            return lambda: function(owner(), *arguments, **given)
        if not arguments and not given:
            return function
        return lambda: function(*arguments, **given)

    def _import(self, file: str, load: Callable[[], Any]) -> Any:
        try:
            return load()
        except LoadingError as error:
            raise UsageError(f"{file}: {error}") from None
        except (UsageError, KeyboardInterrupt):
            raise
        except BaseException as error:
            raise UsageError(f"importing {file} failed: {_describe(error, file)}") from error

    def _function(self) -> Callable[..., object]:
        try:
            return self.loader.function(self.qualname, self.cells)
        except AttributeError:
            raise UsageError(
                f"{self.loader.file} has no function {self.qualname}{self._suggestion()}"
            ) from None

    def _owner(self) -> Callable[[], object]:
        """The class of a method, of this run."""
        owner: Any = self.loader.main_module()
        for part in self.qualname.split(".")[:-1]:
            owner = getattr(owner, part)
        return owner  # type: ignore[no-any-return]

    def _suggestion(self) -> str:
        try:
            return f"; it has {', '.join(scenarios_in(self.loader.file))}"
        except UsageError:
            return ""

    def _check(self, function: Callable[..., object], arguments: list[Any]) -> None:
        if not isinstance(function, FunctionType):
            raise UsageError(f"{self.qualname} in {self.loader.file} is not a function")
        if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
            raise UsageError(
                f"scenario {self.name} is a generator; a scenario is a plain function, or a coroutine: async def"
            )
        parameters = list(inspect.signature(function).parameters)
        wanted = ["self"] * self.method + ["attempt"] * len(arguments) + list(self.arguments)
        if len(parameters) != len(wanted):
            named = ", ".join(wanted)
            expected = f"{len(wanted)} parameters, {named}" if wanted[1:] else f"one parameter, {named}"
            expected = expected if wanted else "no parameters"
            raise UsageError(
                f"scenario {self.name} takes {expected}, but this one has ({', '.join(parameters)})"
            )


def _run_on_a_loop(loader: Loader, function: Callable[..., Any]) -> Callable[..., object]:
    """A scenario that is a coroutine is the main task of an event loop."""
    return lambda *args, **kwargs: aio.main(loader, function(*args, **kwargs))


def _describe(error: BaseException, file: str) -> str:
    """An exception in one line, with the line of the file that it came from."""
    line = 0
    traceback = error.__traceback__
    while traceback is not None:
        if traceback.tb_frame.f_code.co_filename == file:
            line = traceback.tb_lineno
        traceback = traceback.tb_next
    where = f" (line {line})" if line else ""
    text = str(error)
    return f"{type(error).__name__}{': ' + text if text else ''}{where}"
