"""Loops that come to an end by themselves are no waiting loops, however well their progress is hidden.

Each program is compared with itself, every ``while`` replaced by a ``for`` that goes round often enough:
nothing is known of those, they are explored as they are.
"""

import ast
import textwrap
from pathlib import Path

import pytest

from .conftest import TOGETHER, observed

ENOUGH = 12  # rounds; no loop here goes round more often

PROGRAM = """
import array, collections, contextvars, functools, hashlib, heapq, io, itertools, operator, random, struct, threading
import time

result = None
total = 0

class Box:
    def __init__(self):
        self.value = 0

class Counter:
    step = 1
    def __init__(self):
        self.__n = 0
    def up(self):
        self.__n += self.step
        return self.__n
    @property
    def next(self):
        return self.up()
    def __call__(self):
        return self.up()
    def __iter__(self):
        return self
    def __next__(self):
        return self.up()
    def __bool__(self):
        return self.up() < 3
    def __getattr__(self, name):
        return self.up()

class Slotted:
    __slots__ = ("n",)

class Stop(Exception):
    times = 0

def scenario():
    global result
    box, ends = Box(), []

    def look():
        return box.value

    def work():
{body}
        ends.append(box.value)

    def write():
        box.value = 1

    together(work, write)
    result = tuple(ends)
"""

# What the first thread does; look() reads what the second writes once. Whether it did is seen after the loop.
LOOPS = {
    "an iterator": """
        it = iter([1, 2, 3])
        while next(it, None):
            look()
    """,
    "an iterator of C": """
        it = itertools.count()
        while next(it) < 3:
            look()
    """,
    "a method of an iterator": """
        it = iter([1, 2, 3, 0])
        while it.__next__():
            look()
    """,
    "an iterator of a function": """
        n = [3]
        def down():
            n[0] -= 1
            return n[0]
        it = iter(down, 0)
        while next(it, None):
            look()
    """,
    "an iterator that is unpacked": """
        it = zip([1, 2, 3, 0], "abcd")
        while (pair := next(it))[0]:
            look()
            del pair
    """,
    "an iterator moved by a loop": """
        it = iter(range(6))
        done = False
        while not done:
            done = True
            for _ in it:
                look()
                done = False
                break
    """,
    "an iterator moved by in": """
        it = iter([1, 1, 1])
        while 1 in it:
            look()
    """,
    "an iterator moved by islice": """
        it = iter([1, 1, 1])
        while list(itertools.islice(it, 1)):
            look()
    """,
    "an iterator behind partial": """
        following = functools.partial(next, iter([1, 1, 1]), 0)
        while following():
            look()
    """,
    "an enumeration": """
        it = enumerate("abc")
        while next(it, None):
            look()
    """,
    "a generator": """
        def steps():
            look()
            yield 1
            look()
            yield 2
        it = steps()
        while next(it, None):
            look()
    """,
    "a generator that is sent to": """
        def steps():
            n = 0
            while n < 3:
                n += yield n
        it = steps()
        next(it)
        try:
            while True:
                it.send(1)
                look()
        except StopIteration:
            pass
    """,
    "a generator expression": """
        it = (n for n in (1, 2, 3))
        while any(n for n in it):
            look()
    """,
    "an object that is an iterator": """
        it = Counter()
        while next(it) < 3:
            look()
    """,
    "a local list": """
        seen = []
        while len(seen) < 3:
            seen.append(look())
    """,
    "a local list that shrinks": """
        left = [1, 2, 3]
        while left:
            left.pop()
            look()
    """,
    "a local list that is rebound": """
        left = [1, 2, 3]
        while left:
            left = left[1:]
            look()
    """,
    "a local list, its own method bound": """
        left = [1, 2, 3]
        pop = left.pop
        while pop() > 1:
            look()
    """,
    "a heap": """
        heap = [1, 2, 3]
        while heapq.heappop(heap) < 3:
            look()
    """,
    "a deque": """
        ring = collections.deque([1, 2, 0])
        while ring[0]:
            ring.rotate()
            look()
    """,
    "a dictionary": """
        words = {1: 2, 2: 3}
        while words:
            words.popitem()
            look()
    """,
    "a dictionary of counts": """
        counts = collections.Counter()
        while counts["n"] < 3:
            counts.update(["n"])
            look()
    """,
    "a set": """
        seen = set()
        while len(seen) < 3:
            seen.add(len(seen))
            look()
    """,
    "a tuple": """
        pair = (0, "x")
        while pair[0] < 3:
            pair = (pair[0] + 1, "x")
            look()
    """,
    "a tuple of lists": """
        pair = ([], "x")
        while len(pair[0]) < 3:
            pair = (pair[0] + [1], "x")
            look()
    """,
    "equal lists in turn": """
        one, left = [0], 3
        while left:
            left, one = left - 1, [0]
            look()
    """,
    "a field": """
        mine = Box()
        while mine.value < 3:
            mine.value += 1
            look()
    """,
    "a field of its own kind": """
        mine = Slotted()
        mine.n = 0
        while mine.n < 3:
            mine.n += 1
            look()
    """,
    "a field set by name": """
        mine = Box()
        while getattr(mine, "value") < 3:
            setattr(mine, "value", mine.value + 1)
            look()
    """,
    "a field of a function": """
        def f():
            f.n += 1
            return f.n
        f.n = 0
        while f() < 3:
            look()
    """,
    "a field of a class": """
        class Mine:
            n = 0
        while Mine.n < 3:
            Mine.n += 1
            look()
    """,
    "a field in the dictionary": """
        mine = Box()
        while vars(mine)["value"] < 3:
            vars(mine)["value"] += 1
            look()
    """,
    "a private field": """
        mine = Counter()
        while mine.up() < 3:
            look()
    """,
    "a property": """
        mine = Counter()
        while mine.next < 3:
            look()
    """,
    "an object that is called": """
        mine = Counter()
        while mine() < 3:
            look()
    """,
    "a truth value": """
        mine = Counter()
        while mine:
            look()
    """,
    "a missing attribute": """
        mine = Counter()
        while mine.anything < 3:
            look()
    """,
    "a bound method": """
        up = Counter().up
        while up() < 3:
            look()
    """,
    "a closure": """
        n = 0
        def up():
            nonlocal n
            n += 1
            return n
        while up() < 3:
            look()
    """,
    "a variable of the loop that others read": """
        n = 0
        def now():
            return n
        while now() < 3:
            n += 1
            look()
    """,
    "a default argument": """
        def up(n=[0]):
            n[0] += 1
            return n[0]
        while up() < 3:
            look()
    """,
    "a cache": """
        @functools.lru_cache
        def fresh(n):
            return n + 1
        n = 0
        while fresh(n) < 4:
            n = fresh(n)
            look()
    """,
    "a local variable of the thread": """
        mine = threading.local()
        mine.n = 0
        while mine.n < 3:
            mine.n += 1
            look()
    """,
    "a context variable": """
        n = contextvars.ContextVar("n", default=0)
        while n.get() < 3:
            n.set(n.get() + 1)
            look()
    """,
    "an exception": """
        error = Stop()
        while True:
            try:
                look()
                raise error
            except Stop as stop:
                stop.times += 1
                if stop.times == 3:
                    break
    """,
    "exceptions of several kinds": """
        kinds = iter([KeyError, ValueError, Stop])
        while True:
            try:
                look()
                raise next(kinds)
            except Stop:
                break
            except LookupError:
                continue
            except ValueError:
                pass
    """,
    "a word of a bytearray": """
        word = bytearray(8)
        while word[3] < 3:
            word[3] += 1
            look()
    """,
    "a packed word": """
        word = bytearray(8)
        while (n := struct.unpack_from("<q", word)[0]) < 3:
            struct.pack_into("<q", word, 0, n + 1)
            look()
    """,
    "a view": """
        word = bytearray(8)
        view = memoryview(word).cast("q")
        while word[0] < 3:
            view[0] += 1
            look()
    """,
    "an array": """
        numbers = array.array("i", [3])
        while numbers[0]:
            numbers[0] -= 1
            look()
    """,
    "a stream": """
        stream = io.StringIO("abc")
        while stream.read(1):
            look()
    """,
    "a stream of bytes": """
        stream = io.BytesIO(b"abc")
        while stream.read(1):
            look()
    """,
    "a digest": """
        digest = hashlib.md5(b"")
        start = digest.hexdigest()
        n = 0
        while digest.hexdigest() == start:
            digest.update(b"x")
            look()
    """,
    "an operator": """
        n = [0]
        while n[0] < 3:
            operator.setitem(n, 0, operator.add(n[0], 1))
            look()
    """,
    "random numbers": """
        draw = random.Random(1)
        while draw.random() > 0.1:
            look()
    """,
    "the common random numbers": """
        random.seed(1)
        while random.randrange(3):
            look()
    """,
    "a walrus": """
        n = 0
        while (n := n + 1) < 3:
            look()
    """,
    "a coroutine that is moved by hand": """
        class Pause:
            def __await__(self): yield
        async def three():
            for _ in range(3): await Pause()
        steps = three()
        while True:
            look()
            try: steps.send(None)
            except StopIteration: break
    """,
    "minus nought for nought": """
        box.zero = 0.0
        while str(box.zero) == "0.0":
            look()
            box.zero = -0.0
    """,
    "a walrus in an argument": """
        n = 0
        while abs(n := n + 1) < 3:
            look()
    """,
    "an imported name": """
        steps = iter([1, 2, 0])
        while True:
            import sys as n
            n = next(steps)
            if not n:
                break
            look()
    """,
    "a name that goes": """
        n = other = 3
        while True:
            try:
                del n
            except UnboundLocalError:
                break
            look()
    """,
    "a name that is matched": """
        thing = [1, [2, [3, None]]]
        while True:
            match thing:
                case [_, thing]:
                    look()
                case None:
                    break
    """,
    "a name bound by with": """
        import contextlib
        level = 0
        while level < 3:
            with contextlib.nullcontext(level + 1) as level:
                look()
    """,
    "a starred name": """
        left = [1, 2, 3]
        while left:
            _, *left = left
            look()
    """,
    "loops in loops": """
        i = 0
        while i < 2:
            j = 0
            while j < 2:
                look()
                j += 1
            i += 1
    """,
    "an inner loop that moves the outer": """
        n = 0
        while n < 4:
            while True:
                look()
                n += 1
                if n % 2 == 0:
                    break
    """,
    "an inner loop over an iterator": """
        it = iter([0, 0, 1, 0, 1, 2])
        n = 0
        while n < 2:
            while (n := next(it)) == 0:
                look()
    """,
    "break, continue, else": """
        n = 0
        while n < 3:
            n += 1
            if look():
                continue
            if n == 2 and look():
                break
        else:
            look()
    """,
    "break out of a loop for ever": """
        n = 0
        while True:
            look()
            if n == 3:
                break
            n += 1
    """,
    "finally": """
        n = 0
        while n < 3:
            try:
                if look():
                    continue
            finally:
                n += 1
    """,
    "a generator function that loops": """
        def steps():
            n = 0
            while n < 3:
                n += 1
                look()
            yield n
        list(steps())
    """,
    "a generator function that yields in the loop": """
        def steps():
            n = 0
            while n < 3:
                n += 1
                yield look()
        list(steps())
    """,
    "a comprehension": """
        def down(n):
            while n:
                look()
                n -= 1
            return n
        [down(n) for n in (1, 2)]
    """,
    "a function that calls itself": """
        def down(n):
            while n:
                look()
                n = down(n - 1)
            return 0
        down(3)
    """,
    "two objects in turn": """
        one, other = Box(), Box()
        while one.value < 2:
            one, other = other, one
            one.value += 1
            look()
    """,
    "a value that comes back": """
        left, flag = iter([1, 1, 0]), False
        while next(left):
            flag = not flag
            look()
    """,
    "a switch to and fro": """
        mine = Box()
        n = 0
        while n < 3:
            mine.value = 1
            mine.value = 0
            n += 1
            look()
    """,
    "the clock": """
        end = time.monotonic() + 2
        while time.monotonic() < end:
            look()
            time.sleep(1)
    """,
    "a local variable far away": """
        numbers = [0.0]
        while numbers[-1] != 3.0:
            numbers[-1] += 1.0
            look()
    """,
    "minus zero": """
        n = 0.0
        steps = iter([-0.0, 1.0])
        while str(n) != "1.0":
            n = next(steps)
            look()
    """,
    "true for one": """
        n = 1
        steps = iter([True, 1.0, 2])
        while n != 2:
            n = next(steps)
            look()
    """,
    "big numbers": """
        n = 10**30
        while n < 10**30 + 3:
            n += 1
            look()
    """,
    "text": """
        text = ""
        while text != "xxx":
            text += "x"
            look()
    """,
}


# Loops that are blocked although they could go on, each with the reason.
class Bounded(ast.NodeTransformer):
    """``while test: body else: more`` becomes a ``for`` that looks first whether the test still holds."""

    def visit_While(self, node: ast.While) -> ast.stmt:
        self.generic_visit(node)
        leave = ast.If(ast.UnaryOp(ast.Not(), node.test), [*node.orelse, ast.Break()], [])
        rounds = ast.parse(f"range({ENOUGH})", mode="eval").body
        return ast.For(ast.Name("_round", ast.Store()), rounds, [leave, *node.body], [])


@pytest.mark.parametrize(
    "name",
    LOOPS,
)
def test_no_loop_waits_that_can_go_on(name: str, tmp_path: Path) -> None:
    """The loop ends before and after the other thread writes, as its bounded twin does."""
    text = TOGETHER + PROGRAM.format(body=textwrap.indent(textwrap.dedent(LOOPS[name]), " " * 8))
    file, twin = tmp_path / "program.py", tmp_path / "twin.py"
    file.write_text(text, encoding="utf-8")
    twin.write_text(
        ast.unparse(ast.fix_missing_locations(Bounded().visit(ast.parse(text)))), encoding="utf-8"
    )
    both = {(None, (0,)), (None, (1,))}
    assert observed(twin) == both
    assert observed(file) == both
