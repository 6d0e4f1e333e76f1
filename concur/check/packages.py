"""`threading` and `concur` as code under the checker sees them: what they hold is loaded when it is asked for."""

import ast
import importlib
import os
from collections.abc import Callable
from types import ModuleType
from typing import Any

from concur.check import library


class Threading(ModuleType):
    """`threading`, whose larger classes are loaded when one of them is asked for."""

    def __init__(self, load_classes: Callable[[ModuleType], None]) -> None:
        super().__init__("threading")
        self.__dict__.update(library.threading_names())
        self._cc_load = load_classes

    def __getattr__(self, name: str) -> Any:
        if name not in library.CLASSES or name in self.__dict__:
            raise AttributeError(f"module 'threading' has no attribute {name!r}")
        self.__dict__["_cc_load"](self)
        return self.__dict__[name]


class Concur(ModuleType):
    """The package `concur` as code under the checker sees it: each public name is loaded when it is asked for."""

    def __init__(self, load: Callable[[str], ModuleType | None], public: dict[str, str]) -> None:
        super().__init__("concur")
        self.__path__ = [os.path.dirname(os.path.dirname(__file__))]
        self._cc_load = load
        self._cc_public = public
        self.__all__ = sorted(public)

    def __getattr__(self, name: str) -> Any:
        public: dict[str, str] = self.__dict__["_cc_public"]
        if name not in public:
            raise AttributeError(f"module 'concur' has no attribute {name!r}")
        module = self.__dict__["_cc_load"](public[name]) or importlib.import_module(public[name])
        value = getattr(module, name)
        self.__dict__[name] = value
        return value


def public_names() -> dict[str, str]:
    """Public name of concur -> the module that it comes from, read from the package's own text."""
    file = os.path.join(os.path.dirname(os.path.dirname(__file__)), "__init__.py")
    if not os.path.exists(file):
        return {}
    with open(file, encoding="utf-8") as text:
        tree = ast.parse(text.read())
    return {
        alias.asname or alias.name: node.module
        for node in ast.walk(tree)  # what is loaded later stands under `if TYPE_CHECKING`
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("concur.")
        for alias in node.names
    }
