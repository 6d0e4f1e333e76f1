"""One thread writes and the other one reads, each by another way; that the order matters was once not seen."""

import textwrap

import pytest

from concur.check import Status

from .conftest import Check

HEAD = """
import collections, contextlib, contextvars, ctypes, enum, functools, heapq, io, itertools, logging, operator, os
import sys, threading, types, warnings

class Box:
    def __init__(self, n=0): self.n = n

class Task:
    def __init__(self, n): self.n = n
    def __lt__(self, other): return self.n < other.n
    def __eq__(self, other): return self.n == other.n

class Borg:
    shared = {}
    def __init__(self): self.__dict__ = self.shared

class Fields(dict):
    def __init__(self, **fields):
        super().__init__(**fields)
        self.__dict__ = self

class Lazy:
    @functools.cached_property
    def name(self): return threading.current_thread().name

class Pair(ctypes.Structure):
    _fields_ = [("n", ctypes.c_int)]

D, VARIABLES = Box(), globals()
FIELDS = D.__dict__
"""

# name -> (what there is, what one thread does, what the other looks at, what it sees if it comes first)
ORDERS: dict[str, tuple[str, str, str, str]] = {
    "mappingproxy[]": ("d = {'n': 0}; p = types.MappingProxyType(d)", "d['n'] = 1", "p['n']", "0"),
    "mappingproxy.get": ("d = {}; p = types.MappingProxyType(d)", "d['n'] = 1", "p.get('n')", "None"),
    "in mappingproxy": ("d = {}; p = types.MappingProxyType(d)", "d['n'] = 1", "'n' in p", "False"),
    "mappingproxy.items": ("d = {}; p = types.MappingProxyType(d)", "d['n'] = 1", "list(p.items())", "[]"),
    "mappingproxy unpacked": ("d = {}; p = types.MappingProxyType(d)", "d['n'] = 1", "{**p}", "{}"),
    "mappingproxy shown": ("d = {}; p = types.MappingProxyType(d)", "d['n'] = 1", "f'{p}'", "'{}'"),
    "a field with a name like __n__": ("b = Box(); b.__n__ = 0", "b.__n__ = 1", "b.__n__", "0"),
    "one dictionary of two objects": ("a, b = Borg(), Borg(); a.n = 0", "a.n = 1", "b.n", "0"),
    "an object that is its own dictionary": ("b = Fields(n=0)", "b['n'] = 1", "b.n", "0"),
    "a dictionary kept from before": ("b = Box(); d = b.__dict__", "d['n'] = 1", "b.n", "0"),
    "vars() kept from before": ("b = Box(); d = vars(b)", "b.n = 1", "d['n']", "0"),
    "a dictionary kept from the import": ("D.n = 0", "FIELDS['n'] = 1", "D.n", "0"),
    "islice": ("it = iter(range(5))", "next(it)", "list(itertools.islice(it, 2))", "[0, 1]"),
    "zip": ("it = itertools.count()", "next(it)", "list(zip(it, 'ab'))", "[(0, 'a'), (1, 'b')]"),
    "enumerate": ("it = iter(range(3))", "next(it, 0)", "len(list(enumerate(it)))", "3"),
    "map": ("it = iter(range(3))", "next(it, 0)", "list(map(str, it))", "['0', '1', '2']"),
    "chain of chains": (
        "it = iter(range(3))", "next(it, 0)", "len(list(itertools.chain(map(str, it))))", "3",
    ),
    "tee": ("it = iter(range(3)); a, b = itertools.tee(it)", "next(it, 0)", "len(list(a))", "3"),
    "+= of an iterator": ("it = iter(range(3)); l = [0]", "next(it, 0)", "l.__iadd__(it) and len(l)", "4"),
    "{0.n} in a format": ("b = Box()", "b.n = 1", "'{0.n}'.format(b)", "'0'"),
    "{b.n} in a format": ("b = Box()", "b.n = 1", "'{b.n}'.format(b=b)", "'0'"),
    "the first field while it is copied": ("b = Box()", "b.late = 1", "len(vars(copy(b)))", "1"),
    "an item of an array of ctypes": ("a = (ctypes.c_int * 2)()", "a[0] = 1", "a[0]", "0"),
    "a field of a structure of ctypes": ("a = Pair(0)", "a.n = 1", "a.n", "0"),
    "getenv": ("os.environ['HOLE'] = '0'", "os.environ['HOLE'] = '1'", "os.getenv('HOLE')", "'0'"),
    "the level of a logger": ("log = logging.Logger('x', 20)", "log.setLevel(10)", "log.level", "20"),
    "a logger asked for its level": (
        "log = logging.Logger('x', 20)", "log.setLevel(10)", "log.isEnabledFor(10)", "False",
    ),
    "who made a cached property": ("lazy = Lazy()", "lazy.name", "lazy.name", "'look'"),
    "a module's variables in an argument": (
        "global N; N = 0", "operator.setitem(VARIABLES, 'N', 1)", "N", "0",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", ORDERS)
def test_the_other_order_is_seen(check: Check, name: str) -> None:
    """The reader that comes second sees something else; that is found, or what hides it is named."""
    there, write, read, first = ORDERS[name]
    verdict = check(
        HEAD
        + "from copy import copy\ndef scenario():\n    seen = []\n"
        + f"    {there}\n    def look(): seen.append({read})\n    def write(): {write}\n"
        + f"    together(look, write)\n    assert seen == [{first}]\n"
    )
    assert verdict.status in (Status.REFUTED, Status.UNCHECKABLE), str(verdict)
    if verdict.status is Status.REFUTED:
        assert verdict.schedules > 1, str(verdict)


# Each of these holds, or ends well, in the order in which the threads are started.
PROGRAMS: dict[str, str] = {
    "print to a stream that the program put in the place of sys.stdout": """
        def scenario():
            out = io.StringIO()
            with contextlib.redirect_stdout(out):
                together(lambda: print("a"), lambda: print("b"))
            assert out.getvalue() == "a\\nb\\n"
    """,
    "warnings that are recorded": """
        def scenario():
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                together(lambda: warnings.warn("a"), lambda: warnings.warn("b"))
            assert [str(each.message) for each in caught] == ["a", "b"]
    """,
    "a log handler with a stream": """
        def scenario():
            log, out = logging.Logger("x"), io.StringIO()
            log.addHandler(logging.StreamHandler(out))
            together(lambda: log.error("a"), lambda: log.error("b"))
            assert out.getvalue() == "a\\nb\\n"
    """,
    "a module of another class": """
        COUNT = 0
        class Module(types.ModuleType): pass
        sys.modules[__name__].__class__ = Module
        def scenario():
            me, seen = sys.modules[__name__], []
            def write(): me.COUNT = 1
            together(lambda: seen.append(COUNT), write)
            assert seen == [0]
    """,
    "yield from a shared iterator": """
        def scenario():
            numbers, seen = itertools.count(), []
            def two(): yield from numbers
            def look(): seen.append([*zip(two(), "ab")])
            together(look, lambda: next(numbers))
            assert seen == [[(0, "a"), (1, "b")]]
    """,
    "heappush compares while others push": """
        def scenario():
            heap = [Task(5)]
            together(lambda: heapq.heappush(heap, Task(1)), lambda: heapq.heappush(heap, Task(2)))
    """,
    "sort with a key while others append": """
        def scenario():
            items = [3, 1, 2]
            together(lambda: items.sort(key=lambda n: -n), lambda: items.append(4))
    """,
    "sort compares while others append": """
        def scenario():
            items = [Task(2), Task(1)]
            together(lambda: items.sort(), lambda: items.append(Task(3)))
    """,
    "max with a key while others add": """
        def scenario():
            items = {1, 2}
            together(lambda: max(items, key=lambda n: -n), lambda: items.add(3))
    """,
    "reduce while others add": """
        def scenario():
            items = {1: 1, 2: 2}
            together(lambda: functools.reduce(lambda a, b: a + b, items), lambda: items.update({3: 3}))
    """,
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_another_order_is_seen(check: Check, name: str) -> None:
    """The same, of whole programs."""
    verdict = check(HEAD + textwrap.dedent(PROGRAMS[name]))
    assert verdict.status in (Status.REFUTED, Status.UNCHECKABLE), str(verdict)


@pytest.mark.parametrize("text", ["exec('def add(): pass')", "add = eval('lambda: 0')"])
def test_functions_made_of_text(check: Check, text: str) -> None:
    """A function in a module of the program that was not rewritten would look as if it was."""
    verdict = check(f"def scenario():\n    {text}\n    together(int, int)\n")
    assert verdict.status is Status.UNCHECKABLE, str(verdict)
    assert "defines functions by" in verdict.reason
    assert (
        check("def scenario():\n    assert eval('1 + 1') == 2\n    exec('x = 1')\n").status is Status.VERIFIED
    )


# What lets a loop end, although all that it touches otherwise is as before.
PROGRESS = {
    "a field of a thread": ("me = threading.current_thread(); me.n = 0", "me.n += 1", "me.n > 30"),
    "an attribute of a function": ("def f(): pass\n    f.n = 0", "f.n += 1", "f.n > 30"),
    "an attribute of a partial": ("f = functools.partial(int); f.n = 0", "f.n += 1", "f.n > 30"),
    "a generator of random numbers": ("import random; r = random.Random(5)", "n = r.random()", "n > 0.97"),
    "the default generator": ("import random", "n = random.randrange(30)", "n == 7"),
    "an attribute of a class": ("Box.k = 0", "Box.k += 1", "Box.k > 30"),
    "a name like __n__": ("box.__n__ = 0", "box.__n__ += 1", "box.__n__ > 30"),
    "the environment": (
        "os.environ['HOLE'] = ''",
        "os.environ['HOLE'] += 'x'",
        "len(os.environ['HOLE']) > 30",
    ),
    "the names of threads": ("n = ''", "n = threading.Thread().name", "n == 'Thread-30'"),
}


@pytest.mark.parametrize("name", PROGRESS)
def test_a_loop_that_ends_is_no_livelock(check: Check, name: str) -> None:
    """A state that only looks as if it had come back is none."""
    there, step, over = PROGRESS[name]
    verdict = check(
        HEAD + f"box = Box()\ndef scenario():\n    {there}\n    def spin():\n        while True:\n"
        f"            box.m = 1\n            box.m = 0\n            {step}\n            if {over}: break\n"
        "    together(spin)\n",
        max_schedules=100,
    )
    assert verdict.status is not Status.REFUTED, str(verdict)


def test_threads_counted_by_a_thread(check: Check) -> None:
    """The main thread has no object until somebody asks for it."""
    verdict = check(
        HEAD + "def scenario():\n    def spin():\n"
        "        n = 0\n        while n < 20:\n            threading.active_count(); n += 1\n    together(spin)\n"
    )
    assert verdict.status is Status.VERIFIED, str(verdict)


def test_a_named_tuple_cannot_change(check: Check) -> None:
    """Its fields are no descriptor that has to be named; what they hold is seen."""
    verdict = check(
        HEAD + "P = collections.namedtuple('P', 'xs')\ndef scenario():\n    p, seen = P([]), []\n"
        "    together(lambda: seen.append(len(p.xs)), lambda: p.xs.append(1))\n    assert seen == [0]\n"
    )
    assert verdict.status is Status.REFUTED, str(verdict)
