"""What a function that is not rewritten does to the state of modules is seen; what only reads is no race."""

import sys
from pathlib import Path

import pytest

from concur.check import Status, sample

from .conftest import TOGETHER, Check

ELSEWHERE = """
import functools
import logging
import threading

COUNT = 0
ITEMS = []
TABLE = {"a": 1, "b": 2}
LOG = logging.getLogger("elsewhere")
LOCK = threading.Lock()

def reset():
    global COUNT
    COUNT = 0
    ITEMS.clear()
    Box.made = 0
    Box.all.clear()
    cached.cache_clear()

# These race with themselves.

def add():
    global COUNT
    before = COUNT
    COUNT = before + 1

def add_below():
    def inner():
        add()
    inner()

def push():
    ITEMS.append(1)

def push_by_name():
    getattr(sys_like, "push")()

class sys_like:
    push = staticmethod(lambda: ITEMS.append(1))

def locked():
    with LOCK:
        add()

class Box:
    made = 0
    all = []

    def __init__(self):
        Box.made = Box.made + 1

    def bump(self):
        self.add_one()

    def add_one(self):
        ITEMS.append(self)

    @classmethod
    def note(cls):
        cls.all.append(1)

    @property
    def size(self):
        ITEMS.append(1)
        return 0

    def __add__(self, other):
        ITEMS.append(1)
        return 0

    def __iter__(self):
        ITEMS.append(1)
        return iter(())

BOX = Box()

def through_an_object():
    BOX.bump()

def keeps(value, seen=[]):
    seen.append(value)

def maker():
    total = 0
    def closed():
        nonlocal total
        total += 1
        return total
    return closed

closed = maker()

@functools.lru_cache
def cached(n):
    return object()

apply = lambda function, *args: function(*args)
partly = functools.partial(apply, push)

# These do not.

def look_up(key):
    return TABLE[key]

def pure(n):
    squares = [i * i for i in range(n)]
    return sum(squares)

def build(n):
    out = []
    for i in range(n):
        out.append(i)
    return out

def log(text):
    LOG.debug("%s", text)

class Point:
    def __init__(self, x):
        self.x = x

    def moved(self):
        return Point(self.x + 1)
"""

RACING = [
    "elsewhere.add()",
    "elsewhere.add_below()",
    "elsewhere.push()",
    "elsewhere.push_by_name()",
    "elsewhere.locked()",
    "elsewhere.Box()",
    "elsewhere.Box.note()",
    "elsewhere.BOX.bump()",
    "elsewhere.BOX.size",
    "elsewhere.BOX + 1",
    "list(elsewhere.BOX)",
    "elsewhere.through_an_object()",
    "elsewhere.keeps(1)",
    "elsewhere.closed()",
    "elsewhere.cached(1)",
    "elsewhere.apply(elsewhere.push)",
    "elsewhere.partly()",
]

READING = [
    "elsewhere.look_up('a')",
    "elsewhere.pure(3)",
    "elsewhere.build(3)",
    "elsewhere.log('here')",
    "elsewhere.Point(1).moved().x",
    "elsewhere.apply(elsewhere.pure, 3)",
    "elsewhere.COUNT",
    "elsewhere.TABLE['a']",
]

TWICE = """
import elsewhere
def scenario():
    elsewhere.reset()
    def go():
        {call}
    together(go, go)
"""


@pytest.fixture(autouse=True)
def elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A package that is not rewritten, since it lies in another folder."""
    packages = tmp_path / "packages"
    packages.mkdir()
    (packages / "elsewhere.py").write_text(ELSEWHERE)
    monkeypatch.delitem(sys.modules, "elsewhere", raising=False)
    monkeypatch.syspath_prepend(str(packages))


@pytest.mark.parametrize("call", RACING)
def test_what_may_change_the_module_is_uncheckable(check: Check, call: str) -> None:
    """Two threads that call it at the same time are not verified; it is named."""
    verdict = check(TWICE.format(call=call))
    assert verdict.status is Status.UNCHECKABLE, str(verdict)
    assert "not rewritten" in verdict.reason


@pytest.mark.parametrize("call", RACING)
def test_under_a_lock_it_is_checked(check: Check, call: str) -> None:
    """A lock of the program keeps the calls apart, and then they are steps as any other."""
    verdict = check(
        TWICE.format(call=f"with lock: {call}")
        .replace("elsewhere.reset()", "elsewhere.reset(); lock = threading.Lock()")
        .replace("import elsewhere", "import elsewhere, threading")
    )
    assert verdict.status is Status.VERIFIED, str(verdict)
    assert verdict.schedules == 2


@pytest.mark.parametrize("call", READING)
def test_what_only_reads_is_no_race(check: Check, call: str) -> None:
    """Tables, loggers and objects of their own may be used by several threads at once."""
    verdict = check(TWICE.format(call=call))
    assert verdict.status is Status.VERIFIED, str(verdict)
    assert verdict.schedules == 1


@pytest.mark.parametrize(
    ("call", "read"),
    [
        ("elsewhere.add()", "elsewhere.COUNT"),
        ("elsewhere.push()", "len(elsewhere.ITEMS)"),
        ("elsewhere.Box()", "elsewhere.Box.made"),
        ("elsewhere.Box.note()", "len(elsewhere.Box.all)"),
    ],
)
def test_reading_beside_a_change_is_uncheckable(check: Check, call: str, read: str) -> None:
    """Rewritten code that reads what such a function changes races with it."""
    verdict = check(
        f"""
        import elsewhere
        def scenario():
            elsewhere.reset()
            def go():
                {call}
            def look():
                {read}
            together(go, look)
        """
    )
    assert verdict.status is Status.UNCHECKABLE, str(verdict)


def test_sampled_runs_are_not_held_up(tmp_path: Path) -> None:
    """A sample, which claims nothing, goes through the same calls."""
    file = tmp_path / "program.py"
    file.write_text(TOGETHER + TWICE.format(call="elsewhere.add()"))
    verdict = sample(f"{file}::scenario", runs=20)
    assert verdict.status is Status.UNFINISHED, str(verdict)


MAPPING = """
    from collections.abc import MutableMapping
    class Mapping(MutableMapping{base}):
        def __init__(self): self.held = {{}}
        def __getitem__(self, key): return {get}
        def __setitem__(self, key, value): {put}
        def __delitem__(self, key): raise KeyError
        def __iter__(self): raise TypeError
        def __len__(self): return 0
    def scenario():
        mapping, made = Mapping(), []
        def make():
            if "x" not in mapping:
                mapping["x"] = 1
                made.append(1)
        together(make, make)
        assert made == [1]
"""


def test_mixins_of_mappings_work_by_what_the_class_has(check: Check) -> None:
    """`in` of a class over collections.abc calls its `__getitem__`, which says what it touches."""
    text = MAPPING.format(base="", get="self.held[key]", put="self.held[key] = value")
    assert check(text).status is Status.REFUTED


def test_mixins_of_a_dictionary_work_by_what_c_has(check: Check) -> None:
    """Where the class is a dict as well, the mixin gets at it unseen: then it is taken as one step, or uncheckable."""
    text = MAPPING.format(base=", dict", get="dict[key]", put="dict.__setitem__(self, key, value)").replace(
        "        def __getitem__(self, key): return dict[key]\n", "        __getitem__ = dict.__getitem__\n"
    )
    assert "__getitem__ = dict.__getitem__" in text
    assert check(text).status is Status.UNCHECKABLE
