"""What the tests of the embedded engine share: its files with one line changed, which must be refuted."""

import re
import sys
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType

from concur import pubsub

HOME = Path(pubsub.__file__).parent


def with_line_changed(file: str, right: str, wrong: str) -> ModuleType:
    """The module *file* of concur/pubsub in which *right*, found just once, is *wrong*."""
    path = HOME / file
    text = path.read_text(encoding="utf-8")
    assert text.count(right) == 1, (
        f"the mutant does not fit {file}: {right!r} is there {text.count(right)} times"
    )
    module = ModuleType(f"mutant_of_{path.stem}")
    sys.modules[module.__name__] = module  # dataclasses and NamedTuple look it up
    exec(compile(text.replace(right, wrong), str(path), "exec"), module.__dict__)
    return module


def in_one_file(parts: Iterable[str], file: str = "", right: str = "", wrong: str = "") -> str:
    """The files *parts* of concur/pubsub as one, in this order, without the imports between them; in *file*, *right*
    becomes *wrong*.
    """
    text = ""
    for name in parts:
        part = (HOME / name).read_text(encoding="utf-8")
        if name == file:
            assert part.count(right) == 1, f"the mutant does not fit {file}: {right!r}"
            part = part.replace(right, wrong)
        text += re.sub(r"^from concur\.pubsub[\w.]* import (\([^)]*\)|.*)$", "", part, flags=re.MULTILINE)
    return text
