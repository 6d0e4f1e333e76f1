"""Library modules that keep no state are loaded once, not for every run.

A module is kept if all it binds are functions, classes, modules and immutable
values. Before each run it is compared with what it was: a program that has
changed one (``threading.Condition.wait = ...``) gets a fresh one in the next run.
"""

import types
from typing import Any

_CONSTANT = (
    types.FunctionType, types.BuiltinFunctionType, types.ModuleType, types.GenericAlias, types.MethodDescriptorType,
    types.MemberDescriptorType, types.GetSetDescriptorType, types.WrapperDescriptorType, types.UnionType,
    property, classmethod, staticmethod, int, float, bool, str, bytes, complex, type(None), type(Ellipsis),
    types.MappingProxyType,
)  # fmt: skip
_BOOKKEEPING = frozenset(
    ("__builtins__", "__concur_names__", "__spec__", "__loader__", "__path__", "__all__")
)

_Snapshot = list[tuple[Any, dict[str, Any]]]
# Key, which begins with the name of the module -> the module, and what it looked like when it was loaded.
_kept: dict[str, tuple[types.ModuleType, _Snapshot]] = {}


def kept(key: str) -> types.ModuleType | None:
    """The module that was kept under that key, if it keeps no state."""
    entry = _kept.get(key)
    return None if entry is None else entry[0]


def keep(key: str, module: types.ModuleType, *, certain: bool = False) -> None:
    """Keep a module for later runs, if it keeps no state, or if that is certain."""
    if certain or _is_constant(vars(module)):
        _kept[key] = (module, _snapshot(module))


def drop_changed() -> None:
    """Forget every kept module, if a program has changed one."""
    for _, snapshot in _kept.values():
        if any(namespace != copy for namespace, copy in snapshot):
            drop_all()
            return


def drop_all() -> None:
    """Forget every kept module."""
    _kept.clear()


def _is_constant(namespace: Any) -> bool:
    for name, value in namespace.items():
        if name in _BOOKKEEPING or name.startswith("_cc_"):
            continue
        if isinstance(value, type):
            if value.__module__ == namespace.get("__name__") and not _is_constant(vars(value)):
                return False
        elif isinstance(value, tuple):
            if not all(isinstance(element, _CONSTANT) for element in value):
                return False
        elif not isinstance(value, _CONSTANT) and type(value).__module__ != "typing":
            return False
    return True


def _snapshot(module: types.ModuleType) -> _Snapshot:
    classes = [v for v in vars(module).values() if isinstance(v, type) and v.__module__ == module.__name__]
    return [(vars(module), dict(vars(module))), *((vars(cls), dict(vars(cls))) for cls in classes)]
