"""Hooks for the content of containers: items, operators, truth, formatting."""

import operator
import sys
from collections.abc import Callable
from typing import Any

from concur.check import buffer_items, variables
from concur.check import engine as runs
from concur.check.buffers import by_words, is_buffer, touch_size
from concur.check.contents import SCALARS, containers_in, is_container
from concur.check.foreign import call_foreign, has_foreign_operators, operate
from concur.check.generators import shared
from concur.check.implicit import announce_looks, is_strange, strange_in
from concur.check.ops import READ, WRITE
from concur.check.touch import Site, consumed, same, seen, touch, touch_all


def load_item(thing: Any, key: Any, site: Site) -> Any:
    """``thing[key]``"""
    run = runs.active
    if type(key) not in SCALARS and run is not None and not run.alone:
        announce_looks(run, strange_in((key,)), site, "the hash of a key")
    if run is not None and not run.alone and type(thing) not in SCALARS and is_container(thing):
        if by_words(thing):
            return buffer_items.load(run, thing, key, site)
        kind = WRITE if isinstance(thing, dict) and hasattr(type(thing), "__missing__") else READ
        touch(run, kind, thing, site)
        if run.recording:
            run.recorder.item("read", thing, key)
            return seen(run, thing[key])
    elif run is not None and not run.alone and has_foreign_operators(type(thing)):
        return operate(run, operator.getitem, (thing, key), site)
    return thing[key]


def store_item(value: Any, thing: Any, key: Any, site: Site) -> None:
    """``thing[key] = value``"""
    run = runs.active
    if type(key) not in SCALARS and run is not None and not run.alone:
        announce_looks(run, strange_in((key,)), site, "the hash of a key")
    if run is not None and not run.alone and is_container(thing):
        if by_words(thing):
            buffer_items.store(run, value, thing, key, site)
            return
        touch(run, WRITE, thing, site, _looked_into(run, value) if type(key) is slice else None)
        if _holds(thing, key, value):
            run.unchanged()
        if run.recording:
            run.recorder.item("write", thing, key)
            seen(run, value)
            thing[key] = value
            run.recorder.left(thing)
            return
    elif run is not None and not run.alone and has_foreign_operators(type(thing)):
        operate(run, operator.setitem, (thing, key, value), site, changes=True)
        return
    thing[key] = value


def _looked_into(run: Any, value: Any) -> list[Any]:
    """What is touched when a container takes the elements of a value."""
    return containers_in((value,)) + consumed(run, (value,))


def _holds(thing: Any, key: Any, value: Any) -> bool:
    """Whether a list or a dictionary has that very value at that key already."""
    if type(thing) is list and type(key) is int:
        return -len(thing) <= key < len(thing) and same(thing[key], value)
    return type(thing) is dict and type(key) in (int, str) and key in thing and same(thing[key], value)


def delete_item(thing: Any, key: Any, site: Site) -> None:
    """``del thing[key]``"""
    run = runs.active
    if run is not None and not run.alone and is_container(thing):
        touch(run, WRITE, thing, site)
        if run.recording and not is_buffer(thing):
            run.recorder.item("delete", thing, key)
            del thing[key]
            run.recorder.left(thing)
            return
    elif run is not None and not run.alone and has_foreign_operators(type(thing)):
        operate(run, operator.delitem, (thing, key), site, changes=True)
        return
    del thing[key]


def look_into(thing: Any, site: Site) -> Any:
    """What is about to be formatted: its content is read, and that of what it contains."""
    run = runs.active
    if run is not None and not run.alone and type(thing) not in SCALARS:
        announce_looks(run, strange_in((thing,)), site, "a special method")
        touch_all(run, containers_in((thing,)), site)
    return thing


def truth(thing: Any, site: Site) -> Any:
    """What is about to be tested for truth."""
    run = runs.active
    if run is not None and not run.alone and type(thing) not in SCALARS and is_container(thing):
        if is_buffer(thing):
            touch_size(run, thing, site)
        else:
            touch(run, READ, thing, site)
        if run.recording:
            if not is_buffer(thing):
                run.recorder.emptiness(thing)
            seen(run, bool(thing))
    elif (
        run is not None
        and not run.alone
        and type(thing) not in SCALARS
        and has_foreign_operators(type(thing))
    ):
        return operate(run, operator.truth, (thing,), site)
    return thing


def matched(thing: Any, site: Site) -> Any:
    """The subject of a match statement: its patterns look into containers and fields."""
    run = runs.active
    if run is not None and not run.alone and type(thing) not in SCALARS:
        return call_foreign(
            run, lambda subject: subject, (thing,), {}, site, "a match statement", changes=False
        )
    return thing


_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
    "is": operator.is_, "is not": operator.is_not,
    "in": lambda a, b: a in b, "not in": lambda a, b: a not in b,
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv, "//": operator.floordiv,
    "%": operator.mod, "**": operator.pow, "@": operator.matmul, "&": operator.and_, "|": operator.or_,
    "^": operator.xor, "<<": operator.lshift, ">>": operator.rshift,
    "+=": operator.iadd, "-=": operator.isub, "*=": operator.imul, "/=": operator.itruediv,
    "//=": operator.ifloordiv, "%=": operator.imod, "**=": operator.ipow, "@=": operator.imatmul,
    "&=": operator.iand, "|=": operator.ior, "^=": operator.ixor, "<<=": operator.ilshift, ">>=": operator.irshift,
}  # fmt: skip


def binary(left: Any, right: Any, sign: str, site: Site) -> Any:
    """``left sign right``, for operators and comparisons."""
    if type(left) in SCALARS and type(right) in SCALARS:
        return _OPERATORS[sign](left, right)
    run = runs.active
    if run is not None and not run.alone:
        if sign not in ("is", "is not") and (
            has_foreign_operators(type(left)) or has_foreign_operators(type(right))
        ):
            return operate(run, _OPERATORS[sign], (left, right), site)
        others: list[Any] = []
        looked_into = containers_in((left, right), others)
        if others and sign not in ("is", "is not"):
            announce_looks(run, [each for each in others if is_strange(type(each))], site, "an operator")
        if sign in ("in", "not in"):
            looked_into += consumed(run, (right,))
        touch_all(run, looked_into, site)
        if sign in ("in", "not in"):
            right = shared(right, site)
        if run.recording and looked_into:  # else the latest step is another's
            if not any(map(is_buffer, looked_into)):
                run.recorder.compared(left, sign, right, looked_into)
            taken = len(run.recorder.steps)
            result = _OPERATORS[sign](left, right)
            return result if len(run.recorder.steps) > taken else seen(run, result)
    return _OPERATORS[sign](left, right)


def tested(left: Any, right: Any, sign: str, site: Site) -> Any:
    """A comparison whose truth is asked for."""
    if type(left) in SCALARS and type(right) in SCALARS:
        return _OPERATORS[sign](left, right)
    return truth(binary(left, right, sign, site), site)


class Truths:
    """What results of comparisons are looked for in; those that are true are there."""

    def __contains__(self, result: Any) -> bool:
        if result is True:
            return True
        frame = sys._getframe(1)
        return bool(truth(result, (frame.f_code.co_filename, frame.f_lineno)))


def in_place(left: Any, right: Any, sign: str, site: Site) -> Any:
    """The new value of the target of ``left sign= right``; a container is changed in place."""
    if type(left) not in SCALARS:
        run = runs.active
        if run is not None and not run.alone:
            if has_foreign_operators(type(left)):
                return operate(run, _OPERATORS[sign], (left, right), site, changes=True)
            if is_container(left):
                touch(run, WRITE, left, site, _looked_into(run, right))
                if run.recording and not is_buffer(left):
                    left = _OPERATORS[sign](left, right)
                    run.recorder.left(left)
                    return left
            else:
                touch_all(run, containers_in((left, right)), site)
    return _OPERATORS[sign](left, right)


class Link:
    """A side of a chained comparison ``a < b < c``, with the sign that follows it."""

    __slots__ = ("sign", "site", "value")
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, value: Any, sign: str, site: Site) -> None:
        self.value = value
        self.sign = sign
        self.site = site

    def __eq__(self, other: Any) -> Any:
        return truth(binary(self.value, other.value, self.sign, self.site), self.site)


def compared(left: Any, right: Any, sign: str, site: Site) -> bool:
    """``assert left sign right``; the operands are kept for the message that `failed` makes at once."""
    if truth(binary(left, right, sign, site), site):
        return True
    variables.operands = (left, sign, right)
    return False
