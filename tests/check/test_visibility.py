"""Shared state behind every feature that can hide it: the racy program is refuted, the locked twin verified."""

import textwrap
from pathlib import Path

import pytest

from concur.check import Status

from .conftest import Check

# name -> (set-up, a step that two threads take, what must hold afterwards)
RACY: dict[str, tuple[str, str, str]] = {
    "attribute": ("box = Box()", "box.n += 1", "box.n == 2"),
    "class attribute": ("Box.total = 0", "Box.total += 1", "Box.total == 2"),
    "class attribute through type()": (
        "box = Box(); Box.total = 0",
        "type(box).total += 1",
        "Box.total == 2",
    ),
    "class attribute read through self": (
        "box = Box(); Box.total = 0",
        "Box.total = box.total + 1",
        "Box.total == 2",
    ),
    "subclass": ("Box.total = 0", "Box.total = Sub.total + 1", "Box.total == 2"),
    "slots": ("box = Slotted()", "box.n += 1", "box.n == 2"),
    "property": ("box = Proper()", "box.n += 1", "box.n == 2"),
    "descriptor": ("box = Described()", "box.n += 1", "box.n == 2"),
    "__getattr__ and __setattr__": ("box = Magic()", "box.n = box.n + 1", "box.n == 2"),
    "dataclass": ("box = Data(0)", "box.n += 1", "box.n == 2"),
    "dataclass with slots": ("box = DataSlots(0)", "box.n += 1", "box.n == 2"),
    "object.__setattr__": ("box = Box()", "object.__setattr__(box, 'n', box.n + 1)", "box.n == 2"),
    "__dict__": ("box = Box()", "box.__dict__['n'] = box.__dict__['n'] + 1", "box.n == 2"),
    "vars": ("box = Box()", "vars(box).update(n=box.n + 1)", "box.n == 2"),
    "attrgetter": ("box = Box()", "setattr(box, 'n', operator.attrgetter('n')(box) + 1)", "box.n == 2"),
    "global": ("reset()", "bump()", "COUNT == 2"),
    "nonlocal": ("add, get = closure()", "add()", "get() == 2"),
    "module attribute": ("reset()", "bump_module()", "COUNT == 2"),
    "list item": ("cell = [0]", "cell[0] += 1", "cell == [2]"),
    "dict item": ("table = {'n': 0}", "table['n'] += 1", "table['n'] == 2"),
    "defaultdict": ("table = collections.defaultdict(int)", "table['n'] += 1", "table['n'] == 2"),
    "Counter": ("table = collections.Counter()", "table['n'] += 1", "table['n'] == 2"),
    "bytearray": ("data = bytearray(1)", "data[0] += 1", "data[0] == 2"),
    "memoryview": ("data = bytearray(1); view = memoryview(data)", "view[0] = data[0] + 1", "data[0] == 2"),
    "array": ("data = array.array('i', [0])", "data[0] += 1", "data[0] == 2"),
    "check then act": ("got = []", "if not got: got.append(1)", "got == [1]"),
    "check by len": ("got = []", "if len(got) == 0: got.append(1)", "got == [1]"),
    "check by comparison": ("got = []", "if got == []: got.append(1)", "got == [1]"),
    "check by in": ("got = set()\nmade = []", "if 1 not in got: made.append(got.add(1))", "len(made) == 1"),
    "check by and": ("got = []", "got or got.append(1)", "got == [1]"),
    "check by conditional": ("got = []", "None if got else got.append(1)", "got == [1]"),
    "check by formatting": ("got = []", "if f'{got}' == '[]': got.append(1)", "got == [1]"),
    "check by str": ("got = []", "if str(got) == '[]': got.append(1)", "got == [1]"),
    "check by unpacking": ("got = [0]", "(n,) = got; got[:] = [n + 1]", "got == [2]"),
    "check by star": ("got = [0]", "got[:] = [sum([*got]) + 1]", "got == [2]"),
    "check by star argument": ("got = [0]", "got[:] = [max(*got, -1) + 1]", "got == [2]"),
    "check by iteration": ("got = [0]", "for n in got: pass\ngot[0] = n + 1", "got == [2]"),
    "check by comprehension": ("got = [0]", "got[0] = [n for n in got][0] + 1", "got == [2]"),
    "check by generator": ("got = [0]", "got[0] = sum(n for n in got) + 1", "got == [2]"),
    "check by enumerate": ("got = [0]", "for i, n in enumerate(got): pass\ngot[0] = n + 1", "got == [2]"),
    "check by zip": ("got = [0]", "for i, n in zip('a', got): pass\ngot[0] = n + 1", "got == [2]"),
    "check by map": ("got = [0]", "got[0] = list(map(int, got))[0] + 1", "got == [2]"),
    "check by any": ("got = []", "if not any(got): got.append(1)", "got == [1]"),
    "check by dict view": (
        "table = {'n': 0}",
        "for v in table.values(): pass\ntable['n'] = v + 1",
        "table['n'] == 2",
    ),
    "check by kept view": (
        "table = {'n': 0}; view = table.values()",
        "for v in view: pass\ntable['n'] = v + 1",
        "table['n'] == 2",
    ),
    "check by get": ("table = {}", "table['n'] = table.get('n', 0) + 1", "table['n'] == 2"),
    "check by match": ("got = []", "match got:\n    case []: got.append(1)", "got == [1]"),
    "in-place list": ("box = Box(); box.n = (0,)", "box.n += (1,)", "len(box.n) == 3"),
    "slices": ("got = [0]", "got[:] = [got[0] + 1]", "got == [2]"),
    "heapq": ("heap = [0]", "heapq.heapreplace(heap, heap[0] + 1)", "heap == [2]"),
    "bound method kept": ("got = []; put = got.append", "if not got: put(1)", "got == [1]"),
    "unbound method": ("got = []", "if not got: list.append(got, 1)", "got == [1]"),
    "partial": ("box = Box()", "functools.partial(setattr, box, 'n', box.n + 1)()", "box.n == 2"),
    "reduce": (
        "box = Box()",
        "functools.reduce(lambda a, b: setattr(box, 'n', box.n + 1), [1, 2])",
        "box.n == 2",
    ),
    "key function": ("box = Box()", "sorted([1], key=lambda x: setattr(box, 'n', box.n + 1))", "box.n == 2"),
    "equality of dataclasses": (
        "box, seen = Data(0), []",
        "if box == Data(0): box.n = 1; seen.append(1)",
        "seen == [1]",
    ),
    "walrus": ("box = Box()", "if (n := box.n) < 5: box.n = n + 1", "box.n == 2"),
    "context manager": ("box = Box()", "with once(box): pass", "box.n == 2"),
    "generator function": ("box = Box()", "for _ in steps(box): pass", "box.n == 2"),
    "exception handler": ("box = Box()", "try: 1 / 0\nexcept ZeroDivisionError: box.n += 1", "box.n == 2"),
    "finally": ("box = Box()", "try: pass\nfinally: box.n += 1", "box.n == 2"),
    "default argument": ("seen = default()", "default()[0] += 1", "seen[0] == 2"),
    "thread attribute": ("box = threading.Thread(); box.n = 0", "box.n += 1", "box.n == 2"),
    "thread-local holding a shared list": ("cell = [0]", "mine.c = cell\nmine.c[0] += 1", "cell == [2]"),
    "chained comparison": ("got = []", "if [] == got == []: got.append(1)", "got == [1]"),
    "iterator kept": (
        "it = iter([1]); got = []",
        "got.append(next(it, 0))\ngot.append(len(got))",
        "got[1] == 1",
    ),
}

# These touch their operands in several steps that cannot be seen one by one: the verdict names them.
NAMED = {"attrgetter", "check by match"}

HEAD = """
import array, collections, contextlib, dataclasses, functools, heapq, operator, threading
from threading import Lock

COUNT = 0
mine = threading.local()

def reset():
    global COUNT
    COUNT = 0

def bump():
    global COUNT
    COUNT += 1

def bump_module():
    import helper
    helper.bump()
    reset_to(helper.N)

def reset_to(n):
    global COUNT
    COUNT = n

def closure():
    n = 0
    def add():
        nonlocal n
        n += 1
    return add, lambda: n

def default(cell=[0]):
    return cell

@contextlib.contextmanager
def once(box):
    n = box.n
    yield
    box.n = n + 1

def steps(box):
    n = box.n
    yield
    box.n = n + 1

class Box:
    n = 0
    def __init__(self): self.n = 0

class Sub(Box): pass

class Slotted:
    __slots__ = ("n",)
    def __init__(self): self.n = 0

class Proper:
    def __init__(self): self._n = 0
    @property
    def n(self): return self._n
    @n.setter
    def n(self, value): self._n = value

class Field:
    def __get__(self, box, owner=None): return box._n
    def __set__(self, box, value): box._n = value

class Described:
    n = Field()
    def __init__(self): self._n = 0

class Magic:
    def __init__(self): object.__setattr__(self, "_v", {"n": 0})
    def __getattr__(self, name): return self._v[name]
    def __setattr__(self, name, value): self._v[name] = value

@dataclasses.dataclass
class Data:
    n: int

@dataclasses.dataclass(slots=True)
class DataSlots:
    n: int
"""


def program(setup: str, step: str, holds: str, *, locked: bool) -> str:
    """Two threads that take the step, both under one lock if `locked`."""
    body = textwrap.indent(step, "        " + ("    " if locked else ""))
    body = "        with lock:\n" + body if locked else body
    return (
        HEAD
        + "def scenario():\n    lock = Lock()\n"
        + textwrap.indent(setup, "    ")
        + f"\n    def one():\n{body}\n    def two():\n{body}\n    together(one, two)\n    assert {holds}\n"
    )


@pytest.fixture(autouse=True)
def helper(tmp_path: Path) -> None:
    """A second module in the program's folder."""
    file = tmp_path / "helper.py"
    file.write_text("N = 0\ndef bump():\n    global N\n    N += 1\n")


@pytest.mark.parametrize("name", RACY)
def test_a_race_is_found(check: Check, name: str) -> None:
    """Two threads without a lock lose one of the two steps."""
    verdict = check(program(*RACY[name], locked=False))
    expected = Status.UNCHECKABLE if name in NAMED else Status.REFUTED
    assert verdict.status is expected, str(verdict)


@pytest.mark.parametrize("name", [name for name in RACY if name != "iterator kept"])
def test_the_locked_twin_is_verified(check: Check, name: str) -> None:
    """The same step under a lock: some of them count twice, and none is lost."""
    verdict = check(program(*RACY[name], locked=True))
    assert verdict.status is Status.VERIFIED, str(verdict)


def test_fields_called_lock_and_thread_are_fields(check: Check) -> None:
    """What the checker calls the places of locks and threads is no name that a field can have."""
    text = """
        from threading import Lock, Thread
        class Box:
            def __init__(self): self.lock, self.thread, self.next, self.turns = Lock(), None, 0, 0
            def work(self):
                while self.turns < 3:
                    with self.lock: self.turns += 1
                    self.next = 1 - self.next
                self.thread = 1
                self.lock = Lock()
        def scenario():
            box = Box()
            together(box.work, box.work)
            assert box.thread == 2
    """
    verdict = check(text, atomic=["program.Box"])
    assert verdict.failure is not None
    assert verdict.failure.kind == "assertion"
    assert check(text.replace("== 2", "== 1"), atomic=["program.Box"]).status is Status.VERIFIED
