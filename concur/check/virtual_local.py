"""`threading.local` for code under the checker."""

from typing import Any

from concur.check import engine as runs

__concur__ = True  # what is defined here announces by itself

_MAIN = 0


def _note_change() -> None:
    """No other thread can see it, but a loop that does it is no waiting loop."""
    run = runs.active
    if run is not None:
        run.current.changes += 1


class local:  # noqa: N801
    """``threading.local``: every thread sees attributes of its own, so none of them is shared."""

    _concur_thread_local = True

    def __new__(cls, /, *args: Any, **kwargs: Any) -> "local":
        self = super().__new__(cls)
        object.__setattr__(self, "_cc_local", ({}, args, kwargs))
        return self

    def _cc_fields(self) -> dict[str, Any]:
        fields, args, kwargs = object.__getattribute__(self, "_cc_local")
        run = runs.active
        key = _MAIN if run is None else run.current.ident
        if key not in fields:
            fields[key] = {}
            if type(self).__init__ is not object.__init__ and len(fields) > 1:
                type(self).__init__(self, *args, **kwargs)
        return fields[key]  # type: ignore[no-any-return]

    def __getattribute__(self, name: str) -> Any:
        if name.startswith("__") and name != "__dict__":
            return object.__getattribute__(self, name)
        fields = local._cc_fields(self)
        if name == "__dict__":
            return fields
        if name in fields:
            return fields[name]
        return object.__getattribute__(self, name)

    def __setattr__(self, name: str, value: Any) -> None:
        _note_change()
        local._cc_fields(self)[name] = value

    def __delattr__(self, name: str) -> None:
        _note_change()
        fields = local._cc_fields(self)
        if name not in fields:
            raise AttributeError(name)
        del fields[name]
