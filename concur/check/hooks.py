"""What rewritten code calls instead of touching shared state directly, by the names it uses.

Each hook announces an access to the active run and then performs it. Without
an active run, and while the main thread is alone, it only performs it.
"""

from typing import Any

import concur.check.buffer_calls  # noqa: F401  # it says in calls.py what it does instead of some functions
from concur.check import contents, fields, foreign, generators, implicit, spin, touch, visibility
from concur.check.aio import awaits
from concur.check.calls import callee
from concur.check.fields import delete_attr, load_attr, method, pattern_value
from concur.check.implicit import entered
from concur.check.items import (
    Link,
    Truths,
    binary,
    compared,
    delete_item,
    in_place,
    load_item,
    look_into,
    matched,
    tested,
    truth,
)
from concur.check.loops import bind_names, iterate, literal, unpack
from concur.check.spin import enter, top
from concur.check.targets import Field, Slot, augment, old_field, old_item
from concur.check.variables import (
    binder,
    failed,
    name_value,
    read_name,
    rebind,
    reflect,
    tick,
    write_name,
)  # fmt: skip


def new_run() -> None:
    """Forget what belongs to the classes and objects of the last run."""
    contents.new_run()
    visibility.new_run()
    implicit.new_run()
    fields.new_run()
    foreign.new_run()
    touch.new_run()
    generators.new_run()
    spin.new_run()
    awaits.new_run()


HOOKS: dict[str, Any] = {
    f"_cc_{name}": hook
    for name, hook in {
        "attr": load_attr, "method": method, "pattern": pattern_value, "delete": delete_attr, "call": callee,
        "iter": iterate, "unpack": unpack, "item": load_item, "delitem": delete_item,
        "look": look_into, "truth": truth, "match": matched, "binary": binary, "inplace": in_place, "link": Link,
        "compared": compared, "tested": tested, "truths": Truths(), "literal": literal, "enter": enter, "top": top,
        "name": read_name, "value": name_value, "bind": write_name, "rebind": rebind, "loop": bind_names, "tick": tick,
        "failed": failed, "binder": binder, "field": Field, "slot": Slot, "oldfield": old_field, "oldslot": old_item,
        "await": awaits.awaited, "augment": augment, "within": entered, "reflect": reflect, "slice": slice,
    }.items()
}  # fmt: skip
