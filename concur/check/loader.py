"""Load the code under test, rewritten, with fresh modules for every run.

A file is rewritten and compiled once; each run executes it anew, so that no
state of a module survives from run to run. Rewritten are: the file of the
scenario, the attempt, what they import from their own folders, `concur` itself
(but for `concur.check` and the floors above), and the parts of the standard
library named in `library.py`. Everything else is imported as it is, and its
calls are watched by `foreign.py`.
"""

import builtins
import functools
import hashlib
import importlib.util
import os
import sys
import types
from collections.abc import Callable, Iterable
from types import CodeType, FunctionType, ModuleType
from typing import Any

from concur.check import entropy, hashes, hooks, library, named, sections, sharing, variables, wakeups
from concur.check.aio import package as aio
from concur.check.packages import Concur, Threading, public_names
from concur.check.put_up import put_up, take_down
from concur.check.rewrite import rewrite
from concur.check.sources import Compiled, cache, compile_file
from concur.check.visibility import MARK
from concur.check.whereabouts import import_root, module_name
from concur.errors import UsageError

_UNREWRITTEN_HERE = ("concur.check", "concur.grade", "concur.errors", "concur.cli", "concur.sphinxext")
_IMMUTABLE = (int, float, complex, bool, str, bytes, type(None), range, slice)


class Loader:
    """The code of one scenario. `fresh()` begins a new run; then modules are loaded on demand."""

    current: "Loader"  # whose run this is

    def __init__(
        self,
        file: str | os.PathLike[str],
        attempt: str | os.PathLike[str] | None = None,
        folders: Iterable[str] = (),
    ) -> None:
        self.file = os.path.abspath(file)
        self.attempt = None if attempt is None else os.path.abspath(attempt)
        files = [self.file] if self.attempt is None else [self.attempt, self.file]
        self.folders = [folder for each in files for folder in (os.path.dirname(each), import_root(each))]
        self.folders += folders  # of the program that the scenario tests
        self._compiled: dict[str, Compiled] = {}
        self._standard_files: set[str] = set()
        self._found: dict[str, str | None] = {}
        self._named: dict[str, str] = {}  # packages that are rewritten too -> the folders in which they lie
        self._public = public_names()
        self.atomic: tuple[str, ...] = ()  # classes whose calls are one step, as "module.Class"
        self.always: tuple[str, ...] = sections.ALWAYS
        self.taken: set[str] = set()  # those of them that a module has
        self.modules: dict[str, ModuleType] = {}
        self._specials: dict[str, Callable[[], ModuleType]] = {
            "threading": self._threading,
            "_thread": library.thread_module,
            "time": library.time_module,
            "importlib": self._importlib,
            "concurrent": library.concurrent_package,
            "_random": entropy.random_module,
            "concur": self._concur,
            aio.PACKAGE: lambda: aio.load(self),
        }

    def take_as_one_step(self, names: Iterable[str]) -> None:
        """Make the calls of these classes one step each.

        Raises:
            UsageError: one is not a class of concur, although its name says so.
        """
        found = []
        for name in names:
            module, _, cls = name.rpartition(".")
            if module == "concur":
                if cls not in self._public:
                    raise UsageError(f"atomic: concur has no class '{cls}'")
                name = f"{self._public[cls]}.{cls}"
            found.append(name)
        self.atomic = tuple(found)

    def rewrite_too(self, packages: Iterable[str]) -> None:
        """Rewrite these installed packages like the program itself.

        Raises:
            UsageError: one cannot be found, or not rewritten.
        """
        self._named = {name: named.root_of(name) for name in packages}
        self._found.clear()

    def _key(self, name: str) -> str:
        """Under what a module is kept: with other classes taken as one step it is another module."""
        return " ".join((name, *self.always, *self.atomic))

    def fresh(self) -> None:
        """Forget every module of the last run."""
        self.modules = {}
        take_down()
        Loader.current = self
        sharing.drop_changed()
        hooks.new_run()
        library.new_run()
        hashes.new_run()
        entropy.new_run()

    def digest(self, qualname: str) -> str:
        """A hash of the scenario's name and of the sources that were loaded, the standard library's apart."""
        total = hashlib.sha256(qualname.encode())
        for file in sorted(set(self._compiled) - self._standard_files):
            total.update(self._compiled[file].source.encode())
        return total.hexdigest()[:8]

    def main_module(self) -> ModuleType:
        """The module that defines the scenario."""
        return self._from_file(self.file, module_name(self.file))

    def attempt_module(self) -> ModuleType:
        """The student's module."""
        assert self.attempt is not None
        return self._from_file(self.attempt, module_name(self.attempt))

    # Modules

    def _from_file(self, file: str, name: str, *, package: bool = False) -> ModuleType:
        if file in self.modules:
            return self.modules[file]
        module = self._new_module(name, file, package=package)
        self.modules[file] = self.modules[name] = module
        if file not in self._standard_files and not name.startswith("concur."):
            put_up(name, module)
        if os.path.isdir(file):  # a folder of a package, without a file of its own
            return module
        try:
            self._execute(module, self._code(file))
        except variables.LoadingError as error:
            top = name.partition(".")[0]
            if top in self._named and not str(error).startswith("package "):
                raise variables.LoadingError(f"package '{top}' cannot be rewritten: {error}") from None
            raise
        above, _, last = name.rpartition(".")
        if above in self.modules and not name.startswith("concur."):
            setattr(self.modules[above], last, module)
        return module

    def _code(self, file: str) -> Compiled:
        compiled = self._compiled.get(file)
        if compiled is None:
            compiled = self._compiled[file] = compile_file(file)
        return compiled

    def _new_module(self, name: str, file: str, *, package: bool = False) -> ModuleType:
        module = ModuleType(name)
        module.__file__ = file
        module.__package__ = name if package else name.rpartition(".")[0]
        if package:
            module.__path__ = [file if os.path.isdir(file) else os.path.dirname(file)]
        module.__dict__.update(hooks.HOOKS)
        module.__dict__["__builtins__"] = _BUILTINS
        module.__dict__[MARK] = True
        return module

    def _execute(self, module: ModuleType, compiled: Compiled) -> None:
        module.__dict__["__concur_names__"] = compiled.names
        variables.loading.ticks = 0
        with variables.unwatched():
            exec(compiled.code, module.__dict__)  # to run the code under test is the purpose
        wakeups.make_choices(module)
        self._take_as_one_step(module)

    def _take_as_one_step(self, module: ModuleType) -> None:
        for full_name in (*self.always, *self.atomic):
            name, _, cls = full_name.rpartition(".")
            wanted = module.__dict__.get(cls)
            names = (module.__name__, module.__name__.rpartition(".")[2], getattr(wanted, "__module__", None))
            if name in names and isinstance(wanted, type):
                sections.take_as_one_step(wanted, full_name)
                self.taken.add(full_name)

    # Imports

    def _import(
        self,
        name: str,
        globals: Any = None,  # noqa: A002
        locals: Any = None,  # noqa: A002
        fromlist: Any = (),
        level: int = 0,
    ) -> Any:
        if level:
            package = (globals or {}).get("__package__") or ""
            parts = package.split(".")
            if level > len(parts) or not package:
                raise ImportError("attempted relative import beyond top-level package")
            base = ".".join(parts[: len(parts) - level + 1])
            name = f"{base}.{name}" if name else base
        module = self.module(name)
        if module is None:
            return builtins.__import__(name, globals, locals, fromlist, 0)
        if fromlist:
            for item in fromlist:
                if not hasattr(module, item) and hasattr(module, "__path__"):
                    submodule = self.module(f"{name}.{item}")
                    if submodule is not None:
                        setattr(module, item, submodule)
            return module
        top = name.partition(".")[0]
        if top != name:
            root = self.module(top)
            if root is None:
                root = self.modules.setdefault(top, ModuleType(top))
            holder = root
            for depth, part in enumerate(name.split(".")[1:], start=2):
                child = self.module(".".join(name.split(".")[:depth]))
                if child is not None:
                    setattr(holder, part, child)
                    holder = child
            return root
        return module

    def module(self, name: str) -> ModuleType | None:
        """The controlled module of that name, or None if the real one is to be used."""
        module = self.modules.get(name)
        if module is not None:
            return module
        if name in library.IN_PYTHON:
            raise ImportError(f"{name[1:]} is loaded from its Python source")
        if name in self._specials:
            module = self.modules[name] = self._specials[name]()
            return module
        if name in library.REWRITTEN:
            return self._standard(name)
        if aio.is_part(name):
            return self.module(aio.PACKAGE) and aio.part(self, name.rpartition(".")[2])
        file = self._find(name)
        if file is None:
            return None
        package = os.path.basename(file) == "__init__.py" or os.path.isdir(file)
        if not name.startswith("concur."):
            return self._below(name) or self._from_file(file, name, package=package)
        self._code(file)  # its text counts for the digest, also when it was loaded before
        module = sharing.kept(self._key(name))
        if module is None:
            module = self._from_file(file, name, package=package)
            sharing.keep(self._key(name), module)
        elif self.atomic:
            self._take_as_one_step(module)
        self.modules[name] = module
        return module

    def _below(self, name: str) -> ModuleType | None:
        """Load the package above a module first, as Python does; the module, if that has loaded it."""
        above = name.rpartition(".")[0]
        return self.modules.get(name) if above and self.module(above) is not None else None

    def _find(self, name: str) -> str | None:
        if name not in self._found:
            self._found[name] = self._search(name)
        return self._found[name]

    def _search(self, name: str) -> str | None:
        if name.startswith("concur."):
            if name.startswith(_UNREWRITTEN_HERE):
                return None
            spec = importlib.util.find_spec(name)
            return None if spec is None else spec.origin
        if name.partition(".")[0] in sys.stdlib_module_names:
            return None
        root = self._named.get(name.partition(".")[0])
        for folder in (*self.folders, *([] if root is None else [root])):
            base = os.path.join(folder, *name.split("."))
            for file in (os.path.join(base, "__init__.py"), base + ".py"):
                if os.path.isfile(file):
                    return file
            if folder == root:
                named.refuse_extension(name, base)
                return base if os.path.isdir(base) else None
        return None

    def _standard(self, name: str) -> ModuleType:
        module = sharing.kept(self._key(name))
        if module is None:
            file = library.file_of(name)
            self._standard_files.add(file)
            module = self._from_file(file, name, package=file.endswith("__init__.py"))
            real = importlib.import_module(name)
            for key, value in vars(real).items():  # `except queue.Full` must mean the real one
                if isinstance(value, type) and issubclass(value, BaseException):
                    module.__dict__[key] = value
            if name == "dataclasses":
                module.__dict__["exec"] = _exec_rewritten
            elif name == "uuid":
                module.__dict__["_GETTERS"] = []  # they ask other programs for the address of this machine
            elif name == "concurrent.futures._base":
                hashes.number(module.__dict__["Future"])
            sharing.keep(self._key(name), module)
        self.modules[name] = module
        return module

    def _threading(self) -> ModuleType:
        module = sharing.kept(self._key("threading"))
        if module is not None and self.atomic:
            self._take_as_one_step(module)
        return Threading(_load_classes_for_current) if module is None else module

    def load_threading_classes(self, module: ModuleType) -> None:
        """CPython's own Condition, Semaphore, Event and so on, into the virtual `threading`."""
        file, source = library.threading_source()
        key = f"a part of {file}"
        if key not in cache:
            cache[key] = (0, 0, Compiled(source, file))
        plain = self._new_module("threading", file)
        module.__dict__.update({**plain.__dict__, **module.__dict__})
        self._execute(module, cache[key][2])
        sharing.keep(self._key("threading"), module)

    def _importlib(self) -> ModuleType:
        """`importlib`, whose `import_module` finds what `import` finds."""
        module = ModuleType("importlib")
        module.__dict__.update(vars(importlib))
        module.__dict__["import_module"] = _import_module
        return module

    def _concur(self) -> ModuleType:
        return Concur(self.module, self._public)

    # Functions

    def function(self, qualname: str, cells: dict[str, Any]) -> FunctionType:
        """The function of that qualified name, from the fresh module, with the given captured values."""
        module = self.main_module()
        if "<locals>" not in qualname:
            found: Any = module
            for part in qualname.split("."):
                found = getattr(found, part)
            while not isinstance(found, FunctionType) and hasattr(found, "__wrapped__"):
                found = found.__wrapped__
            return found  # type: ignore[no-any-return]
        code = _find_code(self._code(self.file).code, qualname)
        if code is None:
            raise UsageError(f"{self.file} has no function {qualname}")
        closure = tuple(types.CellType(cells[name]) for name in code.co_freevars)
        return FunctionType(code, module.__dict__, code.co_name, None, closure)


def _load_classes_for_current(module: ModuleType) -> None:
    Loader.current.load_threading_classes(module)


def _import_for_current(name: str, *args: Any, **kwargs: Any) -> Any:
    return Loader.current._import(name, *args, **kwargs)


def _import_module(name: str, package: str | None = None) -> Any:
    """``importlib.import_module``, for the module that calls it."""
    name = importlib.util.resolve_name(name, package)
    found = Loader.current.module(name)
    return importlib.import_module(name) if found is None else found


_BUILTINS = library.builtins_of(_import_for_current)


@functools.cache
def _compile_generated(source: str) -> CodeType:
    tree, _ = rewrite(source, "<string>")
    return compile(tree, "<string>", "exec", dont_inherit=True)


def _exec_rewritten(source: str, namespace: dict[str, Any], results: dict[str, Any]) -> None:
    """What dataclasses generates touches fields, so it is rewritten as well."""
    exec(_compile_generated(source), {**namespace, **hooks.HOOKS, MARK: True}, results)


def _find_code(code: CodeType, qualname: str) -> CodeType | None:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            if constant.co_qualname == qualname:
                return constant
            found = _find_code(constant, qualname)
            if found is not None:
                return found
    return None


def immutable(value: object) -> bool:
    """Whether a captured value may be handed to every run."""
    if isinstance(value, (tuple, frozenset)):
        return all(immutable(element) for element in value)
    return isinstance(value, _IMMUTABLE)
