"""Whose file it is, and what it is called in a report."""

import functools
import os
from pathlib import Path

_PYTHON = os.path.dirname(os.__file__) + os.sep
_INSTALLED = (f"{os.sep}site-packages{os.sep}", f"{os.sep}dist-packages{os.sep}")

NAMED: set[str] = set()  # the folders, or the files without `.py`, of packages that were given by name


def is_pythons(file: str) -> bool:
    """Whether a file is of the standard library; what is installed lies in the same folder, and is not."""
    return file.startswith(_PYTHON) and not any(part in file for part in _INSTALLED)


def short_file(file: str) -> str:
    """A file without its folder; one of a package that was given by name, from the package on."""
    for place in NAMED:
        if file.startswith(place + os.sep):
            return os.path.relpath(file, os.path.dirname(place)).replace(os.sep, "/")
    return os.path.basename(file)


@functools.cache
def module_name(file: str) -> str:
    """The name by which a file is imported: dotted, if it lies in packages."""
    path = Path(file)
    parts = [path.stem]
    while (path.parent / "__init__.py").is_file():
        path = path.parent
        parts.insert(0, path.name)
    return ".".join(parts)


def import_root(file: str) -> str:
    """The folder above the packages in which a file lies."""
    return str(Path(file).parents[module_name(file).count(".")])
