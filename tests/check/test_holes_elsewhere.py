"""One thread changes what the other looks at, and code that is not rewritten lies between: never verified."""

import sys
from pathlib import Path

import pytest

from concur.check import Status

from .conftest import Check

ELSEWHERE = """
import bisect, collections, contextlib, heapq, io, itertools, queue

class Base:
    def __init__(self, n=0): self.n = n
    def inc(self): self.n += 1
    def get(self): return self.n
    def add_field(self): self.extra = 1
    def peek(self): return getattr(self, "late", None)
    def __repr__(self): return f"Base({self.n})"
    def __int__(self): return self.n
    def __index__(self): return self.n
    def __neg__(self): return -self.n
    def __abs__(self): return abs(self.n)
    def __hash__(self): return self.n
    def __eq__(self, other): return self.n == other.n
    def __lt__(self, other): return self.n < other.n
    def __enter__(self): self.n += 1
    def __exit__(self, *error): pass

class Shown:
    def __init__(self, n=0): self.n = n
    def __str__(self): return f"Shown({self.n})"

class Delegates:
    def __init__(self): self.__dict__["inner"] = {"n": 0}
    def __getattr__(self, name): return self.inner[name]
    def __setattr__(self, name, value): self.inner[name] = value

class Stored:
    def __set_name__(self, owner, name): self.name = "_" + name
    def __get__(self, thing, cls=None): return self if thing is None else getattr(thing, self.name)
    def __set__(self, thing, value): setattr(thing, self.name, value)

class Prop:
    def __init__(self): self._n = 0
    @property
    def n(self): return self._n
    @n.setter
    def n(self, n): self._n = n

class Countdown:
    def __init__(self, n=3): self.n = n
    def __iter__(self): return self
    def __next__(self):
        if not self.n: raise StopIteration
        self.n -= 1
        return self.n

class Collection:
    def __init__(self): self.items = [1, 2]
    def __iter__(self): return iter(self.items)

IDS, TODO, HEAP, SORTED = itertools.count(), collections.deque(), [], []
QUEUE, TEXT = queue.SimpleQueue(), io.StringIO()

def reset():
    global IDS
    IDS, numbered.n = itertools.count(), 0
    TODO.clear(); TODO.extend("ab"); HEAP.clear(); SORTED.clear(); TEXT.truncate(0)
    while not QUEUE.empty(): QUEUE.get()
    QUEUE.put(1); QUEUE.put(2)

def new_id(): return next(IDS)
def take(): return TODO.popleft()
def push(n): heapq.heappush(HEAP, n)
def insort(n): bisect.insort(SORTED, n)
def received(): return QUEUE.get_nowait()
def write(text): TEXT.write(text)
def numbered():
    numbered.n += 1
    return numbered.n
def bump(box): box.n = box.n + 1
def set_by_name(box): setattr(box, "n", 7)
def drain(items):
    while items: yield items.pop()
@contextlib.contextmanager
def bumped(box):
    bump(box)
    yield box
"""

HEAD = """
import elsewhere, itertools
class Box:
    def __init__(self, n=0): self.n = n
class Heir(elsewhere.Base):
    def late_field(self): self.late = 1
class Kept:
    x = elsewhere.Stored()
"""

# name -> (what there is, what one thread does, what the other looks at, what it sees if it comes first)
ORDERS: dict[str, tuple[str, str, str, str]] = {
    "a function changes a field": ("b = Box()", "elsewhere.bump(b)", "b.n", "0"),
    "a function sets a field by name": ("b = Box()", "elsewhere.set_by_name(b)", "b.n", "0"),
    "a method that is inherited": ("b = Heir()", "b.inc()", "b.n", "0"),
    "a method that is inherited reads": ("b = Heir()", "b.n = 5", "b.get()", "0"),
    "a method adds a field": ("b = Heir()", "b.add_field()", "hasattr(b, 'extra')", "False"),
    "a method asks for a field": ("b = Heir()", "b.late_field()", "b.peek()", "None"),
    "a foreign __setattr__": ("b = elsewhere.Delegates()", "b.n = 1", "b.inner['n']", "0"),
    "a foreign __getattr__": ("b = elsewhere.Delegates(); d = b.inner", "d['n'] = 1", "b.n", "0"),
    "a descriptor": ("b = Kept(); b.x = 0", "b.x = 1", "b.x", "0"),
    "what a descriptor stores": ("b = Kept(); b.x = 0", "b.x = 1", "b._x", "0"),
    "what a property stores": ("b = elsewhere.Prop()", "b.n = 1", "b._n", "0"),
    "a with": ("b = elsewhere.Base()", "with b: pass", "b.n", "0"),
    "a with of a generator": ("b = Box()", "with elsewhere.bumped(b): pass", "b.n", "0"),
    "a generator in a loop": ("q = [1, 2]", "q.append(3)", "[x for x in elsewhere.drain(q)]", "[2, 1]"),
    "a generator in list()": ("q = [1, 2]", "q.append(3)", "list(elsewhere.drain(q))", "[2, 1]"),
    "an iterator": ("i = elsewhere.Countdown()", "next(i)", "next(i)", "2"),
    "an iterator in zip": ("i = elsewhere.Countdown()", "next(i)", "[*zip(i, 'ab')]", "[(2, 'a'), (1, 'b')]"),
    "an iterable unpacked": ("c = elsewhere.Collection()", "c.items.append(3)", "[*c]", "[1, 2]"),
    "an iterable enumerated": ("c = elsewhere.Collection()", "c.items.append(3)", "len([*enumerate(c)])", "2"),
    "numbers from an iterator": ("", "elsewhere.new_id()", "elsewhere.new_id()", "0"),
    "a deque": ("", "elsewhere.take()", "elsewhere.take()", "'a'"),
    "a heap": ("", "elsewhere.push(1)", "list(elsewhere.HEAP)", "[]"),
    "a sorted list": ("", "elsewhere.insort(1)", "list(elsewhere.SORTED)", "[]"),
    "a queue in C": ("", "elsewhere.received()", "elsewhere.received()", "1"),
    "a stream": ("", "elsewhere.write('x')", "elsewhere.TEXT.getvalue()", "''"),
    "an attribute of a function": ("", "elsewhere.numbered()", "elsewhere.numbered()", "1"),
}  # fmt: skip

# What calls a special method of `b`, and what comes out of it before `b.n` becomes 9.
SPECIAL = {
    "f'{b}'": "'Base(0)'", "f'{[b]}'": "'[Base(0)]'", "'%s' % b": "'Base(0)'", "'{}'.format(b)": "'Base(0)'",
    "repr({1: b})": "'{1: Base(0)}'", "' '.join(map(str, [b]))": "'Base(0)'", "int(b)": "0", "-b": "0", "abs(b)": "0",
    "hash(b)": "0", "[7] * b": "[]", "range(10)[b]": "0", "list(range(b))": "[]", "hex(b)": "'0x0'",
    "round(1.04, b)": "1.0",
    "[b] == [elsewhere.Base()]": "True", "(1, b) == (1, elsewhere.Base())": "True", "{elsewhere.Base(): 1}.get(b)": "1",
    "{elsewhere.Base()} == {b}": "True", "min([b, elsewhere.Base(1)]) is b": "True", "[b].count(elsewhere.Base())": "1",
    "sorted([b, elsewhere.Base(1)])[0] is b": "True", "str(elsewhere.Shown(b.n))": "'Shown(0)'",
}  # fmt: skip


@pytest.fixture(autouse=True)
def elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A package that is not rewritten, since it lies in another folder."""
    packages = tmp_path / "packages"
    packages.mkdir()
    (packages / "elsewhere.py").write_text(ELSEWHERE)
    monkeypatch.delitem(sys.modules, "elsewhere", raising=False)
    monkeypatch.syspath_prepend(str(packages))


def program(there: str, write: str, read: str, first: str) -> str:
    return (
        HEAD + f"def scenario():\n    elsewhere.reset()\n    seen = []\n    {there or 'pass'}\n"
        f"    def look(): seen.append({read})\n    def write():\n        {write}\n"
        f"    together(look, write)\n    assert seen == [{first}], seen\n"
    )


@pytest.mark.parametrize("name", ORDERS)
def test_the_other_order_is_seen(check: Check, name: str) -> None:
    """The reader that comes second sees something else; that is found, or the call is named."""
    verdict = check(program(*ORDERS[name]))
    assert verdict.status in (Status.REFUTED, Status.UNCHECKABLE), str(verdict)


@pytest.mark.parametrize("read", SPECIAL)
def test_special_methods(check: Check, read: str) -> None:
    """What Python calls by itself looks at fields, too."""
    verdict = check(program("b = elsewhere.Base()", "b.n = 9", read, SPECIAL[read]))
    assert verdict.status in (Status.REFUTED, Status.UNCHECKABLE), str(verdict)


def test_reading_is_no_race(check: Check) -> None:
    """A function whose text changes nothing may be called by several threads with one object."""
    verdict = check(
        HEAD
        + "def scenario():\n    b, seen = elsewhere.Base(2), []\n    def look(): seen.append(b.get() + b.n)\n"
        "    together(look, look)\n    assert seen == [4, 4]\n"
    )
    assert verdict.status is Status.VERIFIED, str(verdict)


def test_progress_that_only_a_module_elsewhere_knows_of(check: Check) -> None:
    """A loop that ends by what such a module counts is no livelock."""
    verdict = check(
        HEAD + "def scenario():\n    elsewhere.reset()\n    b = Box()\n    def spin():\n        while True:\n"
        "            b.n = 1\n            b.n = 0\n            if elsewhere.numbered() > 30: break\n"
        "    together(spin)\n",
        max_schedules=100,
    )
    assert verdict.status is not Status.REFUTED, str(verdict)
