"""A race that only one construct of the language can see is found, or the construct is named; never verified."""

import sys
import textwrap
from pathlib import Path

import pytest

from concur.check import Status

from .conftest import Check

HEAD = """
import collections, contextlib, copy, functools, io, operator, pickle, threading, types
from helper import *

COUNT = 0
PLACE = None

def reset():
    global COUNT, PLACE
    COUNT, PLACE = 0, None

class Box:
    total = 0
    def __init__(self, n=0): self.n = n

class Sub(Box):
    def above(self): return super().total

class Slotted:
    __slots__ = ("n",)
    def __init__(self): self.n = 0

class Odd:
    def __lt__(self, other): return self.answer

class Hidden:
    def set(self, n):
        global __count
        __count = n
"""

# name -> (a function `step` that two threads run, what must hold afterwards)
RACY: dict[str, tuple[str, str]] = {
    "for binds a field": ("for box.n in [box.n + 1]: pass", "box.n == 2"),
    "for binds an item": ("for got[0] in [got[0] + 1]: pass", "got == [2]"),
    "for binds a global": ("global COUNT\nfor COUNT in [COUNT + 1]: pass", "COUNT == 2"),
    "with binds a field": ("with contextlib.nullcontext(box.n + 1) as box.n: pass", "box.n == 2"),
    "with binds an item": ("with contextlib.nullcontext(got[0] + 1) as got[0]: pass", "got == [2]"),
    "with binds a global": (
        "global COUNT\nwith contextlib.nullcontext(COUNT + 1) as COUNT: pass",
        "COUNT == 2",
    ),
    "a comprehension binds a field": ("[0 for box.n in [box.n + 1]]", "box.n == 2"),
    "a comprehension binds an item in a tuple": ("[0 for _, got[0] in [(0, got[0] + 1)]]", "got == [2]"),
    "a tuple of targets": ("_, box.n = 0, box.n + 1", "box.n == 2"),
    "a starred target": ("n, *box.rest = box.n, 1\nbox.n = n + len(box.rest)", "box.n == 2"),
    "several targets": ("n = box.n = box.n + 1", "box.n == 2"),
    "a tuple with a global": ("global COUNT\n_, COUNT = 0, COUNT + 1", "COUNT == 2"),
    "unpacking inside unpacking": ("(n,), _ = got, 0\ngot[:] = [n + 1]", "got == [2]"),
    "unpacking in a loop": ("for (n,) in (got,): pass\ngot[:] = [n + 1]", "got == [2]"),
    "unpacking in a comprehension": ("got[:] = [n + 1 for (n,) in (got,)]", "got == [2]"),
    "del of a tuple of fields": ("if hasattr(box, 'n'): del (box.n,), ()", "True"),
    "augmented assignment in a class body": ("class C: box.n += 1", "box.n == 2"),
    "augmented assignment of an item in a class body": ("class C: got[0] += 1", "got == [2]"),
    "assignment in a class body": ("class C: box.n = box.n + 1", "box.n == 2"),
    "a global of a class body": ("class C:\n    global COUNT\n    COUNT += 1", "COUNT == 2"),
    "a nonlocal of a class body": ("class C:\n    nonlocal far\n    far += 1", "far == 2"),
    "a comparison in a class body": ("class C:\n    if got == [0]: got.append(1)", "got == [0, 1]"),
    "a class body that reads a global that it binds": (
        "global COUNT\nclass C:\n    n = COUNT\n    COUNT = 5\nCOUNT = C.n + 1",
        "COUNT == 2",
    ),
    "nonlocal through three levels": (
        "def a():\n    def b():\n        nonlocal far\n        far += 1\n    b()\na()",
        "far == 2",
    ),
    "walrus in a comprehension binds a global": (
        "global COUNT\n[COUNT := COUNT + 1 for _ in (0,)]",
        "COUNT == 2",
    ),
    "walrus in a comprehension binds a nonlocal": (
        "nonlocal far\n[far := far + 1 for _ in (0,)]",
        "far == 2",
    ),
    "def binds a global": (
        "global PLACE\nif PLACE is None:\n    seen.append(1)\n    def PLACE(): pass",
        "len(seen) == 1",
    ),
    "class binds a global": (
        "global PLACE\nif PLACE is None:\n    seen.append(1)\n    class PLACE: pass",
        "len(seen) == 1",
    ),
    "import binds a global": (
        "global PLACE\nif PLACE is None:\n    seen.append(1)\n    import helper as PLACE",
        "len(seen) == 1",
    ),
    "from import binds a global": (
        "global PLACE\nif PLACE is None:\n    seen.append(1)\n    from helper import N as PLACE",
        "len(seen) == 1",
    ),
    "del of a global": ("global COUNT\nCOUNT\ndel COUNT\nCOUNT = 0", "True"),
    "match captures a global": ("global COUNT\nmatch COUNT + 1:\n    case COUNT: pass", "COUNT == 2"),
    "match captures a nonlocal as rest": (
        "nonlocal far\nmatch {'a': 1, 'n': far}:\n    case {'a': 1, **far}: far = far['n'] + 1",
        "far == 2",
    ),
    "match compares with a field": (
        "match 0:\n    case box.n:\n        seen.append(1)\n        box.n = 1",
        "len(seen) == 1",
    ),
    "match compares with a field of a class": (
        "match 0:\n    case Box.total:\n        seen.append(1)\n        Box.total = 1",
        "len(seen) == 1",
    ),
    "match of a class": ("match box:\n    case Box(n=n): box.n = n + 1", "box.n == 2"),
    "match of a class with slots": (
        "match slotted:\n    case Slotted(n=n): slotted.n = n + 1",
        "slotted.n == 2",
    ),
    "match of a mapping": ("match {'k': got}:\n    case {'k': [n]}: got[:] = [n + 1]", "got == [2]"),
    "a chain with a walrus": ("if [0] == (x := got) == [0]: got.append(1)", "got == [0, 1]"),
    "the truth of a link of a chain": (
        "odd = Odd(); odd.answer = seen\nif not (odd < 1 < 2): seen.append(1)",
        "len(seen) == 1",
    ),
    "an annotation": ("def f(x: box.n): pass\nbox.n = f.__annotations__['x'] + 1", "box.n == 2"),
    "the annotation of a result": (
        "def f() -> box.n: pass\nbox.n = f.__annotations__['return'] + 1",
        "box.n == 2",
    ),
    "a default": ("def f(x=box.n): return x\nbox.n = f() + 1", "box.n == 2"),
    "a decorator": ("@(lambda f, n=box.n: n + 1)\ndef f(): pass\nbox.n = f", "box.n == 2"),
    "a field of a class through super": ("Box.total = Sub().above() + 1", "Box.total == 2"),
    "a sign before a container": ("table['n'] = (+table)['n'] + 1", "table['n'] == 3"),
    "a namespace compared": (
        "if space == types.SimpleNamespace(n=0):\n    space.n = 1\n    seen.append(1)",
        "len(seen) == 1",
    ),
    "a namespace shown": (
        "if repr(space) == 'namespace(n=0)':\n    space.n = 1\n    seen.append(1)",
        "len(seen) == 1",
    ),
    "operator.setitem": ("operator.setitem(got, 0, got[0] + 1)", "got == [2]"),
    "operator.iadd": ("n = len(got)\noperator.iadd(got, [1])\nbox.n = n", "box.n == 2"),
    "print to a file": (
        "n = len(out.getvalue())\nprint('x', file=out, end='')\nseen.append(n)",
        "sum(seen) == 1",
    ),
    "attrgetter as a function argument": (
        "box.n = list(map(operator.attrgetter('n'), [box]))[0] + 1",
        "box.n == 2",
    ),
    "pickle": ("box.n = pickle.loads(pickle.dumps(box)).n + 1", "box.n == 2"),
    "a copy": ("box.n = copy.copy(box).n + 1", "box.n == 2"),
    "a copy of slots": ("slotted.n = copy.copy(slotted).n + 1", "slotted.n == 2"),
    "a cached function": ("cached()", "len(seen) == 1"),
    "an operator of UserDict": ("user['n'] = user['n'] + 1", "user['n'] == 2"),
    "a loop over UserList": ("for n in users: pass\nusers[0] = n + 1", "users[0] == 2"),
    "a coroutine run by hand": (
        "with contextlib.suppress(StopIteration): wait_and_add(box).send(None)",
        "box.n == 2",
    ),
    "the variables of a module": ("variables['COUNT'] = COUNT + 1", "COUNT == 2"),
    "the variables of a function": ("run.__globals__['COUNT'] = COUNT + 1", "COUNT == 2"),
    "the content of a cell": (
        "def f(): return far\nf.__closure__[0].cell_contents = far + 1",
        "far == 2",
    ),
    "the class of an object": ("box.__class__ = Sub if type(box) is Box else Box", "type(box) is Box"),
    "the fields of an object as a whole": ("box.__dict__ = {'n': box.n + 1}", "box.n == 2"),
    "the defaults of a function": ("run.__defaults__ = (1,)", "True"),
    "a special method put on a class": ("Box.__len__ = lambda self: 1", "True"),
    "a private global, named in full": ("Hidden().set(_Hidden__count + 1)", "_Hidden__count == 2"),
}

if sys.version_info >= (3, 12):
    RACY["a function with a type parameter"] = (
        "def f[T](x: T = box.n): return x\nbox.n = f() + 1",
        "box.n == 2",
    )
    RACY["a class with a type parameter"] = ("class C[T]:\n    box.n += 1", "box.n == 2")
    RACY["type binds a global"] = (
        "global PLACE\nif PLACE is None:\n    seen.append(1)\n    type PLACE = int",
        "len(seen) == 1",
    )

# These cannot be seen one by one, or not at all: the verdict names them.
NAMED = {
    "match of a class", "match of a class with slots", "match of a mapping",
    "an operator of UserDict", "a loop over UserList",
    "attrgetter as a function argument", "pickle",
    "a copy", "a copy of slots", "a cached function", "the variables of a module", "the variables of a function",
    "the content of a cell", "the class of an object", "the fields of an object as a whole",
    "the defaults of a function", "a special method put on a class",
}  # fmt: skip
# Named as soon as threads run, with a lock as well.
ALWAYS_NAMED = {
    "the variables of a module", "the variables of a function", "the content of a cell", "the class of an object",
    "the fields of an object as a whole", "the defaults of a function", "a special method put on a class",
}  # fmt: skip


def program(step: str, holds: str, *, locked: bool) -> str:
    """Two threads that take the step, both under one lock if `locked`."""
    hold = "lock" if locked else "contextlib.nullcontext()"
    body = textwrap.indent(step, "        ")
    return (
        HEAD
        + "async def wait_and_add(box):\n    n = box.n\n    await nothing()\n    box.n = n + 1\n"
        + "async def nothing(): pass\n"
        + "def scenario():\n    global COUNT\n    reset(); Hidden().set(0); Box.total = 0\n"
        + "    lock, box, slotted, got, seen, far = threading.Lock(), Box(), Slotted(), [0], [], 0\n"
        + "    table, space, out = collections.Counter(n=1), types.SimpleNamespace(n=0), io.StringIO()\n"
        + "    variables, user, users = globals(), collections.UserDict(n=0), collections.UserList([0])\n"
        + "    @functools.lru_cache\n    def cached(): seen.append(1)\n"
        + f"    def step():\n{body}\n"
        + f"    def run():\n        with {hold}: step()\n    def run_too():\n        with {hold}: step()\n"
        + f"    together(run, run_too)\n    assert {holds}\n"
    )


@pytest.fixture(autouse=True)
def helper(tmp_path: Path) -> None:
    """A second module in the program's folder."""
    (tmp_path / "helper.py").write_text("N = 0\ndef bump():\n    global N\n    N += 1\n")


@pytest.mark.parametrize("name", RACY)
def test_a_hidden_race_is_found(check: Check, name: str) -> None:
    """Two threads without a lock: some schedule goes wrong, and none of them is missed."""
    verdict = check(program(*RACY[name], locked=False))
    if name in NAMED:
        assert verdict.status is Status.UNCHECKABLE, str(verdict)
    else:
        assert verdict.status is Status.REFUTED, str(verdict)
        assert verdict.schedules > 1, f"the two steps fail one after the other as well\n{verdict}"


@pytest.mark.parametrize("name", RACY)
def test_the_locked_twin_is_verified(check: Check, name: str) -> None:
    """The same step under a lock counts twice, unless it is named as soon as threads run."""
    verdict = check(program(*RACY[name], locked=True))
    assert verdict.status is (Status.UNCHECKABLE if name in ALWAYS_NAMED else Status.VERIFIED), str(verdict)


# Each of these holds in the order in which the threads are started, and in another one it does not.
ORDERS: dict[str, str] = {
    "a loop variable that a thread captures": """
        def scenario():
            seen, threads = [], []
            for i in range(2):
                threads.append(Thread(target=lambda: seen.append(i)))
                threads[-1].start()
            for thread in threads: thread.join()
            assert seen == [0, 1]
    """,
    "a name that is unbound when its handler ends": """
        def scenario():
            seen = []
            try: raise ValueError
            except ValueError as error:
                def look():
                    try: seen.append(error)
                    except NameError: seen.append("gone")
                thread = Thread(target=look)
                thread.start()
            thread.join()
            assert seen != ["gone"]
    """,
    "a global that a handler binds for a while": """
        SAVED = None
        def scenario():
            seen = []
            def catch():
                global SAVED
                try: 1 / 0
                except ZeroDivisionError as SAVED: seen.append("in")
                SAVED = None
            def look():
                try: seen.append(SAVED)
                except NameError: pass
            together(catch, look)
            assert not any(isinstance(thing, ZeroDivisionError) for thing in seen)
    """,
    "a function is bound after its decorators": """
        MADE = None
        def scenario():
            gate = []
            def decorate(function):
                gate.append(1)
                return function
            def make():
                global MADE
                @decorate
                def MADE(): pass
            def look():
                if gate: assert MADE is not None
            together(make, look)
    """,
    "a class is bound after its body": """
        MADE = None
        def scenario():
            gate = []
            def make():
                global MADE
                class MADE: gate.append(1)
            def look():
                if gate: assert MADE is not None
            together(make, look)
    """,
    "a variable whose value starts a thread that reads it": """
        def start(function):
            thread = Thread(target=function)
            thread.start()
            return thread
        def scenario():
            gate = []
            def read():
                gate.append(1)
                gate.append(thread)
            gate.append(0)
            thread = start(lambda: read())
            thread.join()
    """,
    "a walrus in a generator that another thread runs": """
        def scenario():
            last = 0
            steps = ((last := 1) for _ in range(1))
            def run():
                for _ in steps: pass
            thread = Thread(target=run)
            thread.start()
            seen = last
            thread.join()
            assert seen == 1
    """,
    "an iterator taken by list()": """
        def scenario():
            a, b, pairs = [], [], zip([1, 2])
            together(lambda: a.append(list(pairs)), lambda: b.append(list(pairs)))
            assert len(a[0]) == 2
    """,
    "an iterator taken apart": """
        def scenario():
            a, b, pairs = [], [], zip([1, 2])
            def one(): first, *rest = [*pairs, 0]; a.append(first)
            def two(): first, *rest = [*pairs, 0]; b.append(first)
            together(one, two)
            assert a != [0]
    """,
    "an iterator of itertools moved by next()": """
        import itertools
        def scenario():
            a, b, numbers = [], [], itertools.count()
            together(lambda: a.append(next(numbers)), lambda: b.append(next(numbers)))
            assert a == [0]
    """,
    "an iterator moved by its own method": """
        import itertools
        def scenario():
            a, b, numbers = [], [], itertools.count()
            together(lambda: a.append(next(numbers)), lambda: b.append(numbers.__next__()))
            assert a == [0]
    """,
    "an iterator of itertools over a list": """
        import itertools
        def scenario():
            got, seen = [0], []
            def read(): seen.extend(list(itertools.chain(got)))
            def write(): got.append(1)
            together(read, write)
            assert seen == [0]
    """,
    "an iterator searched with in": """
        def scenario():
            a, b, numbers = [], [], zip([1, 2])
            together(lambda: a.append((2,) in numbers), lambda: b.append((1,) in numbers))
            assert a == [True] and b == [False]
    """,
    "a star import": """
        from helper import *
        import helper
        def scenario():
            together(bump, bump)
            assert helper.N == 2
    """,
    "except* with a global": """
        SAVED = None
        def scenario():
            seen = []
            def catch():
                global SAVED
                try: raise ExceptionGroup("g", [ValueError()])
                except* ValueError as SAVED: pass
            def look(): seen.append(SAVED)
            together(look, catch)
    """,
}


@pytest.mark.parametrize("name", ORDERS)
def test_another_order_is_found(check: Check, name: str) -> None:
    """The order that goes wrong is among those that are run."""
    verdict = check(ORDERS[name])
    assert verdict.status is Status.REFUTED, str(verdict)
