"""Installed packages that are given by name, to be rewritten as the program itself is.

A package is found as Python would find it, without importing it. What can be rewritten is
Python text in a folder or a file; all else is refused, by name, before the first run.
"""

import importlib.machinery
import importlib.metadata
import os
import sys
import zipimport
from collections.abc import Iterable

from concur.check.whereabouts import NAMED
from concur.errors import UsageError

# Of these the checker, the command and the plugin of pytest are made: a second copy would stand in their place.
_OURS = frozenset(
    """concur greenlet click rich pygments markdown_it mdurl loguru pytest _pytest pluggy iniconfig packaging
    pytest_timeout coverage hypothesis sortedcontainers""".split()
)


def names_of(given: Iterable[str] | str) -> tuple[str, ...]:
    """The packages as a caller gives them.

    Raises:
        UsageError: one is not the name of a package.
    """
    names = [given] if isinstance(given, str) else list(given)
    for name in names:
        if not isinstance(name, str) or not all(part.isidentifier() for part in name.split(".")):
            raise UsageError(
                f"rewrite takes names of packages as they are imported, not {name!r}{_known(name)}"
            )
        if "." in name:
            top = name.partition(".")[0]
            raise UsageError(f"rewrite takes whole packages: '{top}', not its module '{name}'")
    return tuple(sorted(set(names)))


def root_of(name: str) -> str:
    """The folder in which the package lies.

    Raises:
        UsageError: it cannot be found, or not rewritten.
    """
    if name in _OURS:
        raise UsageError(f"rewrite: the checker itself is built on '{name}', so it cannot be rewritten")
    if name in sys.stdlib_module_names:
        raise UsageError(
            f"rewrite: '{name}' is of the standard library: what uses threads there is rewritten already, the rest"
            " cannot be"
        )
    spec = _spec_of(name)
    if spec is None:
        raise UsageError(
            f"rewrite: there is no package '{name}' where {sys.executable} looks for one{_known(name)}"
        )
    if spec.origin is None or spec.origin == "namespace":
        raise UsageError(
            f"rewrite: '{name}' is a namespace package: it has no file of its own to be rewritten"
        )
    if isinstance(spec.loader, importlib.machinery.ExtensionFileLoader):
        raise UsageError(
            f"rewrite: '{name}' is written in C ({os.path.basename(spec.origin)}): there is no Python"
        )
    if isinstance(spec.loader, zipimport.zipimporter) or not os.path.isfile(spec.origin):
        raise UsageError(f"rewrite: '{name}' lies in an archive ({spec.origin}): install it unpacked")
    if not spec.origin.endswith(".py"):
        raise UsageError(f"rewrite: '{name}' has no Python text ({os.path.basename(spec.origin)})")
    folder = os.path.dirname(os.path.abspath(spec.origin))
    root = folder if spec.submodule_search_locations is None else os.path.dirname(folder)
    NAMED.add(os.path.join(root, name))
    return root


def refuse_extension(name: str, base: str) -> None:
    """Say that a module of a named package is missing, if it is there in C only.

    Many packages have a Python text beside a part in C, and take it when the import fails; where
    one has not, this is the error that is shown.

    Args:
        name: of the module.
        base: its file, without what is behind the dot.

    Raises:
        ImportError: it is written in C.
    """
    for suffix in importlib.machinery.EXTENSION_SUFFIXES:
        if os.path.isfile(base + suffix):
            raise ImportError(f"module '{name}' is written in C, so it cannot be rewritten", name=name)


def _spec_of(name: str) -> importlib.machinery.ModuleSpec | None:
    """Where the package would be imported from now; what was imported under that name before does not count."""
    for finder in sys.meta_path:
        spec = finder.find_spec(name, None) if hasattr(finder, "find_spec") else None
        if spec is not None:
            return spec
    return None


def _known(name: object) -> str:
    """What a distribution of that name has to be imported as, if there is one."""
    wanted = str(name).lower().replace("_", "-")
    for module, distributions in importlib.metadata.packages_distributions().items():
        if module != name and wanted in (each.lower().replace("_", "-") for each in distributions):
            return f"; '{name}' is imported as '{module}'"
    return ""
