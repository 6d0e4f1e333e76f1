"""A rewritten program does what the plain one does: every feature, and the order of evaluation.

Each program prints what it did. It is run plainly, through the loader, and in
explorations with another thread alive, where each access is announced.
"""

import contextlib
import io
import sys
import textwrap
from pathlib import Path
from types import ModuleType

import pytest

from concur.check import Status, Verdict, explore, sample
from concur.check.loader import Loader

# `log(x)` notes when it is evaluated; `lines(error)` says which lines of the program an exception passed.
PRELUDE = """
import functools, itertools, operator, collections, contextlib, dataclasses, enum, inspect, sys, typing
class Box:
    def __init__(self, **fields): self.__dict__.update(fields)
def log(value):
    print("log", value)
    return value
def lines(error):
    found, traceback = [], error.__traceback__
    while traceback is not None:
        if traceback.tb_frame.f_code.co_filename == __file__:
            found.append(traceback.tb_lineno - FIRST)
        traceback = traceback.tb_next
    return found
"""

PROGRAMS: dict[str, str] = {
    # Classes
    "a class with fields, methods of three kinds and a property": """
        class Temperature:
            scale = "C"
            def __init__(self, degrees): self._degrees = degrees
            @property
            def degrees(self): return self._degrees
            @degrees.setter
            def degrees(self, value): self._degrees = log(value)
            @degrees.deleter
            def degrees(self): self._degrees = None
            @classmethod
            def zero(cls): return cls(0)
            @staticmethod
            def name(): return "temperature"
        t = Temperature.zero()
        t.degrees = 3
        t.degrees += 4
        print(t.degrees, t.scale, t.name(), Temperature.degrees.fget(t))
        del t.degrees
        print(t.degrees, type(t).__name__, isinstance(t, Temperature))
    """,
    "dataclasses: defaults, order, replace, asdict": """
        @dataclasses.dataclass(order=True)
        class Job:
            cost: int
            name: str = dataclasses.field(default="x", compare=False)
            tags: list = dataclasses.field(default_factory=list)
        a, b = Job(1), Job(2, "b", ["t"])
        print(a < b, a == Job(1, "other"), sorted([b, a]), dataclasses.replace(b, cost=9))
        print(dataclasses.asdict(b), [f.name for f in dataclasses.fields(Job)])
    """,
    "dataclasses: frozen, slots, post-init, keyword-only": """
        @dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
        class Point:
            x: int
            y: int = 0
            sum: int = dataclasses.field(init=False)
            def __post_init__(self): object.__setattr__(self, "sum", self.x + self.y)
        p = Point(x=3)
        print(p, hash(p) == hash(Point(x=3)), p.sum, Point.__slots__)
        try:
            p.x = 4
        except dataclasses.FrozenInstanceError as error:
            print(type(error).__name__, error)
        try:
            Point(1)
        except TypeError as error:
            print(error)
    """,
    "dataclasses with annotations that are texts": """
        from __future__ import annotations
        @dataclasses.dataclass
        class Node:
            total: typing.ClassVar[int] = 7
            value: int
            next: Node | None = None
        print(Node(1, Node(2)), [f.name for f in dataclasses.fields(Node)], Node.__annotations__)
    """,
    "type hints that are texts": """
        from __future__ import annotations
        def f(x: Nowhere, *args: list[int], y: "int" = 3) -> Missing: return x
        print(f.__annotations__, inspect.signature(f))
        z: AlsoNowhere = 4
        print(z)
    """,
    "type hints that are values": """
        def f(x: int, y: list[str] = ()) -> None: pass
        print(f.__annotations__, typing.get_type_hints(f))
        class C:
            a: int
            b: str = "b"
        print(C.__annotations__, C.b, hasattr(C, "a"))
        box = Box()
        box.x: int = 3
        print(box.x)
    """,
    "__slots__": """
        class Point:
            __slots__ = ("x", "__hidden")
            def __init__(self): self.x = 1; self.__hidden = 2
            def total(self): return self.x + self.__hidden
        p = Point()
        p.x += 5
        print(p.total(), sorted(name for name in dir(p) if "hidden" in name))
        for wrong in (lambda: setattr(p, "z", 1), lambda: p.y):
            try: wrong()
            except AttributeError as error: print(error)
        del p.x
        print(hasattr(p, "x"))
    """,
    "private names": """
        class _Base:
            __limit = 3
            def __secret(self, __x): return (self.__limit, __x)
            def get(self): return self.__secret(_Base.__limit)
            def lazily(self): return [self.__limit for _ in range(1)] + [(lambda: self.__limit)()]
            class Inner:
                __limit = 5
                def get(self): return self.__limit
        class Derived(_Base):
            __limit = 4
            def mine(self): self.__n = 1; self.__n += 1; del self.__limit_; return self.__n
            def __init__(self): self.__limit_ = 0
        d = Derived()
        print(d.get(), d.lazily(), _Base.Inner().get(), d.mine(), vars(d) == {"_Derived__n": 2})
        print(sorted(name for name in dir(Derived) if "limit" in name))
    """,
    "super in all its forms": """
        class A:
            kind = "a"
            def __init__(self, *args): self.args = args
            def show(self): return ["A"]
            @classmethod
            def make(cls, *args): return cls(*args)
        class B(A):
            def __init__(self, *args): super().__init__(*args, "B")
            def show(self): return [*super().show(), "B", super().kind]
            @classmethod
            def make(cls): return super().make(1)
            def __setattr__(self, name, value): super().__setattr__(name, value)
        class C(B):
            kind = "c"
            def show(self): return [*super(C, self).show(), super(B, self).kind, type(super()).__name__]
        c = C.make()
        print(c.args, c.show(), B.__mro__[1].__name__)
    """,
    "super inside a chained comparison": """
        class A:
            def size(self): return 3
        class B(A):
            def size(self): return 1 < super().size() < 5
        print(B().size())
    """,
    "descriptors": """
        class Typed:
            def __set_name__(self, owner, name): self.name = name; print("named", owner.__name__, name)
            def __get__(self, thing, owner): return self if thing is None else thing.__dict__[self.name]
            def __set__(self, thing, value): thing.__dict__[self.name] = log(value)
            def __delete__(self, thing): print("delete", thing.__dict__.pop(self.name))
        class Weak:
            def __get__(self, thing, owner=None): return "from the class"
        class Thing:
            size = Typed()
            weak = Weak()
        thing = Thing()
        thing.size = 3
        thing.size *= 2
        print(thing.size, Thing.size.name, thing.weak)
        thing.weak = "own"
        print(thing.weak, Thing.weak)
        del thing.size
    """,
    "__getattr__, __getattribute__, __setattr__, __delattr__": """
        class Recording:
            def __init__(self): object.__setattr__(self, "calls", [])
            def __getattribute__(self, name):
                if name not in ("calls", "__dict__"): object.__getattribute__(self, "calls").append(("get", name))
                return object.__getattribute__(self, name)
            def __getattr__(self, name): return f"no {name}"
            def __setattr__(self, name, value): self.calls.append(("set", name)); super().__setattr__(name, value)
            def __delattr__(self, name): self.calls.append(("del", name)); object.__delattr__(self, name)
        r = Recording()
        r.x = 1
        r.x += 1
        print(r.x, r.y, getattr(r, "z", "default"), hasattr(r, "w"))
        del r.x
        print(r.calls)
    """,
    "metaclasses": """
        class Meta(type):
            def __prepare__(name, bases, **options): print("prepare", name, options); return {"made": True}
            def __new__(mcls, name, bases, namespace, **options): return super().__new__(mcls, name, bases, namespace)
            def __init__(cls, name, bases, namespace, **options): super().__init__(name, bases, namespace)
            def __call__(cls, *args): print("call", args); return super().__call__(*args)
            def __getitem__(cls, key): return (cls.__name__, key)
            def __len__(cls): return 4
            @property
            def nice(cls): return cls.__name__.lower()
        class Thing(metaclass=Meta, colour="red"):
            def __init__(self, x): self.x = x
        print(Thing(3).x, Thing["k"], len(Thing), Thing.nice, Thing.made, type(Thing).__name__)
    """,
    "__init_subclass__, __class_getitem__ and __instancecheck__": """
        class Plugin:
            found = []
            def __init_subclass__(cls, /, name, **options): super().__init_subclass__(**options); cls.found.append(name)
            def __class_getitem__(cls, item): return f"{cls.__name__}[{item}]"
        class One(Plugin, name="one"): pass
        class Two(One, name="two"): pass
        print(Plugin.found, One[int.__name__])
        class Even(type):
            def __instancecheck__(cls, thing): return thing % 2 == 0
        class EvenNumber(metaclass=Even): pass
        print(isinstance(4, EvenNumber), isinstance(5, EvenNumber))
    """,
    "class bodies with loops and comprehensions": """
        class Table:
            rows = []
            for name, value in [("a", 1), ("b", 2)]:
                rows.append((name, value))
                if value < 2 < 5: small = name
            squares = [n * n for n in range(4) if 0 < n < 3]
            total = 0
            total += sum(squares)
            first, *rest = squares
            limits = {"low": 1}
            limits["high"] = limits["low"] + 1
            with contextlib.suppress(KeyError): limits["none"]
            try: 1 / 0
            except ZeroDivisionError: failed = True
        print(sorted(name for name in vars(Table) if not name.startswith("__")))
        print(Table.rows, Table.small, Table.squares, Table.total, Table.first, Table.rest, Table.limits)
    """,
    "abstract classes and protocols of containers": """
        import collections.abc
        class Even(collections.abc.Sequence):
            def __init__(self, n): self.n = n
            def __len__(self): return self.n
            def __getitem__(self, i):
                if not 0 <= i < self.n: raise IndexError(i)
                return 2 * i
        e = Even(3)
        print(list(e), 4 in e, 5 in e, list(reversed(e)), e.index(2), e.count(0), [*e], isinstance(e, collections.abc.Sized))
        try: collections.abc.Sequence()
        except TypeError as error: print(str(error)[:40])
    """,
    "operators of user classes": """
        class Money:
            def __init__(self, n): self.n = n
            def __add__(self, other): return Money(self.n + other.n) if isinstance(other, Money) else NotImplemented
            def __radd__(self, other): return Money(other + self.n)
            def __iadd__(self, other): self.n += other; return self
            def __neg__(self): return Money(-self.n)
            def __eq__(self, other): return self.n == other.n if isinstance(other, Money) else NotImplemented
            def __lt__(self, other): return self.n < other.n
            def __hash__(self): return hash(self.n)
            def __bool__(self): return self.n != 0
            def __call__(self, *args, **named): return (self.n, args, named)
            def __contains__(self, item): return item == self.n
            def __matmul__(self, other): return ("matmul", other)
            def __rpow__(self, other): return ("rpow", other)
            def __index__(self): return self.n
            def __repr__(self): return f"Money({self.n})"
            def __format__(self, spec): return f"<{self.n}:{spec}>"
        a = b = Money(1)
        a += 2
        print(a + Money(4), 5 + a, sum([a, a]), -a, a is b, a == Money(3), a != Money(3), a == 3, sorted([a, Money(1)]))
        print(not a, Money(0) or "none", a(1, x=2), 3 in a, 4 not in a, a @ 1, 2 ** a, [0, 1, 2, 3][a], f"{a:>5}", {a: 1})
        print(a > Money(2), bool(Money(0)))
        try: a + "x"
        except TypeError as error: print(error)
    """,
    # Functions
    "arguments of all kinds": """
        def f(a, b=2, /, c=3, *rest, d, e=5, **named): return (a, b, c, rest, d, e, named)
        print(f(1, d=4), f(1, 2, 3, 4, 5, d=6, x=7), f(*[1, 2], *(3,), **{"d": 4}, **{"e": 6}))
        print(inspect.signature(f))
        for wrong in (lambda: f(), lambda: f(1), lambda: f(1, a=1, d=1), lambda: f(**{"d": 1}, **{"d": 2})):
            try: print(wrong())
            except TypeError as error: print(error)
    """,
    "arguments are evaluated from left to right": """
        def f(*args, **named): return (args, named)
        print((log("f") and f)(log(1), *log([2, 3]), log(4), x=log(5), **log({"y": 6})))
        box = Box(f=f)
        print((log("box") and box).f(log(1)) == ((1,), {}), [log(1), *log([2]), log(3)], {log("k"): log("v"), **log({"z": 1})})
        print((log(1), log(2)), log("a") if log(0) else log("b"), log(0) or log(2), log(0) and log(1))
    """,
    "defaults are evaluated once": """
        def f(x, seen=log([])): seen.append(x); return seen
        print(f(1), f(2), f.__defaults__)
        g = [lambda n=n: n * 10 for n in range(3)]
        print([h() for h in g], (lambda *a, k=log(1): (a, k))(2))
        late = [lambda: n for n in range(3)]
        print([h() for h in late])
    """,
    "closures and nonlocal": """
        def counter():
            n = 0
            def add(by=1):
                nonlocal n
                n += by
                return n
            def get(): return n
            def reset():
                nonlocal n
                del n
            return add, get, reset
        add, get, reset = counter()
        print(add(), add(5), get(), get.__closure__[0].cell_contents, get.__code__.co_freevars)
        reset()
        try: get()
        except NameError as error: print(type(error).__name__, error)
    """,
    "global": """
        global COUNT
        COUNT = 0
        def bump():
            global COUNT, LATER
            COUNT += 1
            LATER = COUNT
            return COUNT
        print(bump(), bump(), COUNT, LATER)
        def forget():
            global LATER
            del LATER
        forget()
        try: LATER
        except NameError as error: print(error)
        def unbound():
            COUNT += 1
        try: unbound()
        except UnboundLocalError as error: print(error)
    """,
    "decorators": """
        def times(n):
            print("times", n)
            def decorate(function):
                @functools.wraps(function)
                def wrapper(*args): return [function(*args) for _ in range(n)]
                return wrapper
            return decorate
        @log
        @times(2)
        @functools.lru_cache
        def f(x):
            "The docs."
            return x * 2
        print(f(3)) if not callable(f) else print(f(3), f.__name__, f.__doc__, f.__wrapped__.cache_info().hits)
    """.replace("        @log\n", ""),
    "names, docstrings, modules": """
        class Outer:
            '''Outer's.'''
            class Inner:
                def method(self):
                    "Method's."
                    def local(): 'f' 'g'
                    return local
        local = Outer.Inner().method()
        def plain(): pass
        print(Outer.__doc__, Outer.Inner.__doc__, Outer.Inner.method.__doc__, local.__doc__, plain.__doc__)
        print(Outer.Inner.__qualname__, local.__qualname__, local.__name__, local.__module__ == __name__, (lambda: 0).__name__)
        print(Outer.Inner.method.__code__.co_firstlineno - FIRST, Outer.__module__ == __name__)
    """,
    "functions have fields": """
        def f(): f.calls = getattr(f, "calls", 0) + 1
        f(); f()
        f.calls += 1
        print(f.calls, f.__dict__)
    """,
    "recursion": """
        def depth(n): return 0 if n == 0 else 1 + depth(n - 1)
        def even(n): return True if n == 0 else odd(n - 1)
        def odd(n): return False if n == 0 else even(n - 1)
        print(depth(400), even(100))
        def endless(): return endless()
        try: endless()
        except RecursionError as error: print(type(error).__name__)
    """,
    # Comprehensions and generators
    "comprehensions": """
        rows = [[1, 2], [3, 4]]
        print([x for row in rows for x in row if x % 2], {x: y for x, y in rows}, {x for x, _ in rows})
        print([[y * x for x in range(y)] for y in range(4)], [(x, y) for x in range(3) for y in range(x)])
        print([a + b for a, (b, *c) in [(1, (2, 3)), (4, (5,))]], sum(x for row in rows for x in row))
        x = "outer"
        print([x for x in range(2)], x, [f() for f in [lambda: i for i in range(3)]])
        print([last := n for n in range(3)], last, any((hit := n) > 1 for n in range(5)), hit)
    """,
    "a generator expression is lazy": """
        squares = (log(n) ** 2 for n in log([1, 2, 3]))
        print("made")
        print(next(squares), list(squares), next(squares, "end"))
        try: next(squares)
        except StopIteration as stop: print("stop", stop.value)
    """,
    "generators: send, throw, close, return": """
        def talk():
            got = "nothing"
            try:
                while got != "end":
                    try: got = yield got
                    except ValueError as error: got = f"caught {error}"
                return "returned"
            finally:
                print("finally")
        t = talk()
        print(next(t), t.send("a"), t.throw(ValueError("v")))
        try: t.send("end")
        except StopIteration as stop: print(stop.value)
        t = talk(); next(t); t.close()
        try: talk().send(1)
        except TypeError as error: print(error)
        print(inspect.isgenerator(t), inspect.isgeneratorfunction(talk), t.__name__, inspect.getgeneratorstate(t))
    """,
    "yield from": """
        def inner():
            got = yield 1
            print("inner got", got)
            try: yield 2
            except KeyError: print("inner caught")
            return "result"
        def outer():
            result = yield from inner()
            yield result
            yield from [10, 11]
            yield from (n for n in range(2))
        o = outer()
        print(next(o), o.send("x"), o.throw(KeyError("k")), list(o))
    """,
    "a generator that is dropped ends at once": """
        def numbers():
            try:
                yield from range(10)
            finally:
                print("closed")
        for n in numbers():
            if n == 2: break
        print("after the loop")
    """,
    "a loop can go on with a generator": """
        numbers = iter(range(6))
        for n in numbers:
            if n == 2: break
        print(n, list(numbers))
        def count():
            for n in range(3): yield n
        c = count()
        for n in c: break
        print(n, [*c])
        def broken():
            yield 1
            raise KeyError("in the generator")
        try:
            for n in broken(): print(n)
        except KeyError as error: print(error, lines(error))
    """,
    "iterators of user classes": """
        class Countdown:
            def __init__(self, n): self.n = n
            def __iter__(self): return self
            def __next__(self):
                if self.n <= 0: raise StopIteration
                self.n -= 1
                return self.n
        class Old:
            def __getitem__(self, i):
                if i > 2: raise IndexError
                return i * 2
        a, *b = Countdown(4)
        print(a, b, list(Countdown(2)), [*Old()], 4 in Old(), max(Countdown(5)), dict(zip("ab", Countdown(2))))
        print(list(iter(functools.partial(next, Countdown(5)), 2)))
        for i in Countdown(3):
            if i == 5: break
        else: print("no break", i)
        try:
            for x in 5: pass
        except TypeError as error: print(error, lines(error))
    """,
    "a container that changes while it is iterated": """
        xs = [1, 2, 3]
        for x in xs:
            if x < 3: xs.append(x + 10)
        print(xs)
        d = {1: 1}
        try:
            for key in d: d[key + 1] = 0
        except RuntimeError as error: print(error, lines(error))
        print(sorted(d))
    """,
    "itertools": """
        print(list(itertools.chain([1], (2,), "x")), list(itertools.chain.from_iterable([[1], [2]])))
        print(list(itertools.islice(itertools.count(3), 3)), list(itertools.accumulate([1, 2, 3], operator.mul)))
        print([(k, list(g)) for k, g in itertools.groupby([1, 1, 2], key=lambda n: n * 10)], list(itertools.pairwise("abc")))
        a, b = itertools.tee([1, 2])
        print(next(a), list(a), list(b), list(itertools.product([0, 1], repeat=2)), list(itertools.starmap(pow, [(2, 3)])))
        print(list(itertools.zip_longest([1], [], fillvalue="-")), list(itertools.takewhile(lambda n: n < 2, [1, 2, 1])))
    """,
    "functions that take functions": """
        words = ["bb", "a", "ccc"]
        print(sorted(words, key=len), max(words, key=lambda w: w[-1]), list(map(str.upper, words)), list(filter(None, [0, 1])))
        print(functools.reduce(lambda a, b: a + b, words, "_"), min([], default="none"), sorted([3, 1], reverse=True))
        words.sort(key=operator.itemgetter(0), reverse=True)
        print(words, operator.attrgetter("x.y")(Box(x=Box(y=1))), operator.methodcaller("upper")("m"))
        print(any(log(n) for n in (0, 2, 3)), all([]), list(enumerate(words, 1)), list(zip([1], [2], strict=True)), list(reversed(words)))
    """,
    "functools": """
        calls = []
        class Circle:
            def __init__(self, r): self.r = r
            @functools.cached_property
            def area(self): calls.append("area"); return self.r ** 2
            @functools.singledispatchmethod
            def show(self, x): return "any"
            @show.register
            def _(self, x: int): return "int"
            scaled = functools.partialmethod(lambda self, by, *, plus: self.r * by + plus, plus=1)
        c = Circle(3)
        print(c.area, c.area, calls, c.show(1), c.show("x"), c.scaled(2))
        @functools.total_ordering
        class V:
            def __init__(self, n): self.n = n
            def __eq__(self, o): return self.n == o.n
            def __lt__(self, o): return self.n < o.n
        print(V(1) <= V(2), V(1) >= V(2), functools.partial(int, base=2)("101"), functools.partial(lambda *a: a, 1)(2))
        @functools.cache
        def fib(n): return n if n < 2 else fib(n - 1) + fib(n - 2)
        print(fib(20), fib.cache_info().currsize, sorted([2, 1], key=functools.cmp_to_key(lambda a, b: a - b)))
    """,
    # Context managers and exceptions
    "with": """
        class Manager:
            def __init__(self, name, swallow=False): self.name, self.swallow = name, swallow
            def __enter__(self): print("enter", self.name); return self.name
            def __exit__(self, kind, error, traceback): print("exit", self.name, kind and kind.__name__); return self.swallow
        box = Box()
        with Manager("a") as box.x, Manager("b") as [*box.y]: print(box.x, box.y)
        with Manager("c", True), Manager("d"): raise ValueError("swallowed")
        def leave():
            for i in range(3):
                with Manager(i):
                    if i == 1: return "left"
        print(leave())
        try:
            with Box(): pass
        except TypeError as error: print(error, lines(error))
    """,
    "contextlib": """
        @contextlib.contextmanager
        def tag(name):
            print("<", name)
            try: yield name.upper()
            except KeyError as error: print("caught", error)
            finally: print(">", name)
        with tag("a") as a, tag("b"): print(a); raise KeyError("k")
        @tag("deco")
        def f(): return 3
        print(f())
        with contextlib.ExitStack() as stack:
            print([stack.enter_context(tag(n)) for n in "xy"])
            stack.callback(print, "callback")
        with contextlib.suppress(ZeroDivisionError): 1 / 0
        try:
            with tag("c"): raise ValueError("through")
        except ValueError as error: print(error, lines(error))
        with contextlib.closing(Box(close=lambda: print("close"))), contextlib.nullcontext(5) as n: print(n)
    """,
    "try, except, else, finally": """
        def f(x):
            try:
                print("try", 10 // x)
            except (ZeroDivisionError, TypeError) as error:
                print(type(error).__name__); return "except"
            else:
                print("else")
            finally:
                print("finally")
                if x == 5: return "finally wins"
            return "end"
        print(f(1), f(0), f("x"), f(5))
        try:
            try: raise KeyError("first")
            finally: error = "unbound later"
        except KeyError as error: pass
        try: error
        except NameError: print("the name is gone")
        for i in range(3):
            try: continue
            finally: print("round", i)
    """,
    "raise from, context, notes": """
        def chain():
            try: {}["a"]
            except KeyError as error:
                error.add_note("a note")
                raise ValueError("b") from error
        try: chain()
        except ValueError as error:
            print(repr(error), repr(error.__cause__), error.__cause__.__notes__, error.__suppress_context__)
            print(lines(error), lines(error.__cause__))
        try:
            try: 1 / 0
            except ZeroDivisionError: raise KeyError("k")
        except KeyError as error: print(repr(error.__context__), error.__cause__)
        try: raise
        except RuntimeError as error: print(error)
        class Mine(Exception):
            def __init__(self, code): super().__init__(f"code {code}"); self.code = code
        try: raise Mine(3) from None
        except Mine as error: print(error, error.code, error.args, error.__suppress_context__)
    """,
    "except*": """
        def fail(): raise ExceptionGroup("many", [ValueError(1), ExceptionGroup("in", [KeyError(2), OSError(3)])])
        try:
            try: fail()
            except* ValueError as group: print("values", group.exceptions)
            except* (KeyError, IndexError) as group: print("keys", repr(group))
            else: print("never")
            finally: print("finally")
        except ExceptionGroup as rest: print(repr(rest), lines(rest))
        try: raise TypeError("bare")
        except* TypeError as group: print(repr(group.exceptions[0]))
    """,
    "the lines of a traceback": """
        class Bad:
            @property
            def field(self): raise AttributeError("no field")
            def __eq__(self, other): raise ValueError("eq")
            def __bool__(self): raise ValueError("bool")
            def __iter__(self): raise ValueError("iter")
            def __getitem__(self, key): raise KeyError(key)
            __hash__ = None
        bad, box = Bad(), Box()
        def several(x):
            return (
                x,
                [1, 2][
                    x
                ],
            )
        attempts = [
            lambda: bad.field,
            lambda: bad == 1,
            lambda: [] if bad else 1,
            lambda: [*bad],
            lambda: bad["k"],
            lambda: several(7),
            lambda: [
                n
                for n in bad
            ],
            lambda: box.missing.more,
            lambda: {bad: 1},
            lambda: print(
                1,
                1 / 0,
            ),
            lambda: sorted([3, 1], key=lambda n: 1 // (n - 3)),
        ]
        for attempt in attempts:
            try: attempt()
            except Exception as error: print(type(error).__name__, error, lines(error))
    """,
    "the lines of statements that fail": """
        def store():
            x = 1
            (
                None
            ).x = 2
        def augment():
            d = {}
            d["k"] += (
                1
            )
        def unpack():
            a, b = \\
                (1, 2, 3)
        def delete():
            d = []
            del d[
                0
            ]
        def loop():
            for x in [1]:
                for y in x:
                    pass
        def matched():
            match [1]:
                case [n] if n.nothing:
                    pass
        def reraised():
            try:
                unpack()
            finally:
                pass
        def checked():
            assert 1 == 2
        def said():
            assert \\
                0, f"{1 / 0}"
        for f in (store, augment, unpack, delete, loop, matched, reraised, checked, said):
            try: f()
            except Exception as error: print(f.__name__, type(error).__name__, lines(error))
    """,
    "assert": """
        class Odd:
            def __repr__(self): raise ValueError("a broken repr")
            def __eq__(self, other): return []
        for check in (lambda: 1 == 1, lambda: log(2) < log(1), lambda: []):
            try:
                assert check(), ("text", log("only when it fails"))
                print("held")
            except AssertionError as error: print(error)
        try: assert Odd() == 3
        except AssertionError: print("failed, whatever its repr does")
    """,
    # Patterns
    "match: literals, captures, guards, alternatives": """
        def kind(x):
            match x:
                case 0 | 1: return "bit"
                case True: return "never"
                case -3: return "negative"
                case "a" as letter: return letter
                case None: return "none"
                case int(n) if (m := n * 2) > 20: return f"large {m}"
                case float() | complex(): return "float"
                case str(): return "text"
                case _: return "other"
        print([kind(x) for x in (0, 1, True, -3, "a", None, 11, 5, 2.0, "zz", [])])
    """,
    "match: sequences, mappings, classes, values": """
        class Colour(enum.Enum):
            RED = 1
        @dataclasses.dataclass
        class P:
            x: int
            y: int
        class Old:
            __match_args__ = ("left", "right")
            def __init__(self): self.left, self.right = 1, 2
        def kind(x):
            match x:
                case Colour.RED: return "red"
                case P(0, y=b): return f"axis {b}"
                case P(x=a, y=P()): return f"nested {a}"
                case Old(left, right=r): return (left, r)
                case [] | (): return "empty"
                case [1, *rest]: return rest
                case [a, b]: return ("pair", a, b)
                case [[a, (b, _)], *_, last]: return (a, b, last)
                case {"k": 1, **others}: return others
                case {"j": {"deep": v}}: return v
                case {}: return "a mapping"
            return "nothing"
        cases = (Colour.RED, P(0, 2), P(1, P(3, 4)), P(5, 6), Old(), [], [1, 2, 3], (4, 5), [[1, (2, 3)], 4, 5],
                 {"k": 1, "z": 2}, {"j": {"deep": 9}}, {"q": 0}, "ab")
        print([kind(case) for case in cases])
    """,
    "match: what is bound": """
        def f():
            def get(): return found
            match {"a": [1, 2, 3]}:
                case {"a": [found, *more]}: pass
            return get(), more
        print(f())
        def evaluated(x):
            match log(x), log(x + 1):
                case a, b if log(a > b): return "greater"
                case a, 4: return "four"
                case _, b: return b
        print(evaluated(3), evaluated(5))
    """,
    # Expressions
    "chained comparisons": """
        print(log(1) < log(2) < log(3), log(3) < log(2) < log(1), log(1) == log(1) != log(2) is not None in [True])
        class Odd:
            def __lt__(self, other): return []
            def __gt__(self, other): return "yes"
        print(Odd() < 1 < 2, 0 < 1 < Odd(), (1 < Odd()) < "z" if False else 1)
        f = lambda lo, x, hi: lo <= x < hi
        print(f(1, 1, 2), [n for n in range(9) if 2 < n <= 5], not 1 < 2 < 3, 1 < 2 > 1 in (1,))
        def g():
            x = 1 < (yield "asked") < 10
            yield x
        it = g(); next(it); print(it.send(5))
        print(0 < (n := 5) < 9, n)
    """,
    "conditional expressions, walrus, boolean values": """
        print([("even" if n % 2 == 0 else "odd") if n else "zero" for n in range(3)])
        if (n := len([1, 2])) > 1 and (m := n + 1): print(n, m)
        data = iter([3, 1, 0, 5])
        while (x := next(data)): print("x", x)
        print([] or {} or 0, [] and 1, 1 and [], None or "d", not [], not not [0], (y := 4) + y)
        def f(): return [z := 1, z ** 2]
        print(f())
    """,
    "f-strings": """
        x, width, names = 3.14159, 8, ["a", 'b']
        print(f"{x:.2f}|{x!r:>{width}}|{x:{width}.{3}f}|{x=}|{x = :.1f}|{names!s}|{names!r:>12}|{{}}|{'nested ' + f'{width}'}")
        print(f"{log(1)}{log(2):>{log(4)}}", f"{(lambda n: n * 2)(3)}", f"{ {'a': 1}['a'] }", f'''{
            x
        :.0f}''', "%s %d %(a)s".replace("%(a)s", "") % ("s", 1), "{0.x} {1[k]} {n!r}".format(Box(x=1), {"k": 2}, n="n"))
    """,
    "slices and subscripts": """
        class Grid:
            def __getitem__(self, key): return key
            def __setitem__(self, key, value): print("set", key, value)
            def __delitem__(self, key): print("del", key)
        g, xs = Grid(), list(range(8))
        print(g[1], g[1:2], g[::], g[1:2, ..., None], g[()], g["k", -1::2], xs[-3:], xs[::-2])
        g[1:, 0] = 5
        g[0] += 1
        del g[::3], g[1]
        xs[1:3] = ["a"]; xs[::3] = "xyz"; del xs[-2:]
        print(xs, "text"[1:3], (1, 2, 3)[1:], range(9)[2:8:2])
    """,
    "arithmetic and its errors": """
        print(7 // 2, -7 % 3, 2 ** -1, 7 / 2, 1 << 4, 6 & 3, 6 | 3, 6 ^ 3, ~5, -3, +3, [1] * 2, "a" * 3, "%03d" % 7, 5 % 3)
        print([1] + [2], {1} | {2}, {"a": 1} | {"b": 2}, {1, 2} & {2}, {1, 2} - {2}, {1} <= {1, 2}, [1, 2] < [1, 3])
        box = Box(x=None)
        for wrong in (lambda: 1 + "a", lambda: [] + (), lambda: 1 < "a", lambda: 1 in 2, lambda: -"a", lambda: box.x[0], lambda: box.x()):
            try: wrong()
            except TypeError as error: print(error)
    """,
    # Statements
    "assignment targets": """
        a = b = [0]
        c, (d, *e), box, xs = 1, (2, 3, 4), Box(), [0] * 4
        box.x, xs[1], [xs[2], *box.rest] = 10, 20, "abc"
        print(a is b, c, d, e, box.x, box.rest, xs)
        xs[0] = box.y = y = log(5)
        for box.i, xs[3] in [(1, 2), (3, 4)]: pass
        print(xs, box.y, y, box.i)
        for wrong in ((1,), (1, 2, 3)):
            try: p, q = wrong
            except ValueError as error: print(error)
        try: p, q = 5
        except TypeError as error: print(error)
    """,
    "assignment stores from left to right": """
        i, xs = 0, [10, 20, 30]
        xs[i], i = 99, 2
        print(i, xs)
        i, xs[i] = 1, 7
        print(i, xs)
        class Node:
            def __init__(self, value, next=None): self.value, self.next = value, next
        node, before = Node(1, Node(2, Node(3))), None
        while node: node.next, before, node = before, node, node.next
        values = []
        while before: values.append(before.value); before = before.next
        print(values)
        for xs[i], i in [(5, 0), (6, 2)]: pass
        print(i, xs)
    """,
    "the order in which assignments evaluate": """
        def thing(name, value): print("thing", name); return value
        xs, box = [1, 2, 3], Box(n=1)
        thing("list", xs)[log(0)] = log("value")
        thing("box", box).n = log(4)
        thing("box", box).n += log(5)
        thing("list", xs)[log(1)] += log(6)
        thing("list", xs)[log(0):log(1)] += log([7])
        thing("list", xs)[log(0)], thing("box", box).m = log((8, 9))
        del thing("list", xs)[log(0)], thing("box", box).m
        print(xs, box.__dict__)
    """,
    "augmented assignment": """
        class Tracked:
            def __init__(self): self.data = {"k": 1}
            def __getitem__(self, key): print("get", key); return self.data[key]
            def __setitem__(self, key, value): print("set", key); self.data[key] = value
        t = Tracked(); t["k"] += 1; t["k"] **= 3
        xs = ys = [1]; xs += (2,); xs *= 2
        s = r = {1}; s |= {2}; s -= {1}; s ^= {5}; s &= {2, 5}
        n = 7; n //= 2; n <<= 3; n |= 1; n ^= 8; n %= 10; n -= 1; n /= 4; n >>= 0 if n.is_integer() else 0.0 or 0
        print(t.data, xs, ys is xs, s, r is s)
    """.replace("; n >>= 0 if n.is_integer() else 0.0 or 0\n", "\n        print(n)\n"),
    "augmented assignment of a tuple's list": """
        pair = ([1], 2)
        try: pair[0] += [9]
        except TypeError as error: print(error, pair)
        x = "text"; x += "!"; x *= 2
        print(x)
        box = Box(items=[1]); alias = box.items
        box.items += [2]; box.items[0] -= 5
        print(alias, box.items is alias)
    """,
    "del": """
        x, xs, box = 1, [1, 2, 3, 4], Box(a=1, b=2)
        del x, xs[0], box.a
        del (xs[0], box.b)
        print(xs, vars(box) == {})
        try: x
        except NameError as error: print(type(error).__name__)
        try: del box.a
        except AttributeError as error: print(error)
    """,
    "loops": """
        for i in range(5):
            if i == 1: continue
            if i == 3: break
            print(i)
        else: print("never")
        n = 3
        while n:
            n -= 1
            if n == 5: break
        else: print("else", n)
        for a, (b, *c) in [(1, (2, 3, 4))]: print(a, b, c)
        for _ in []: pass
        for x in (y for y in "ab"): print(x)
        for key, value in {"a": 1}.items(): print(key, value)
    """,
    "imports": """
        import os.path as p, collections.abc, json as j
        from math import floor as down, pi
        from collections import OrderedDict
        print(p.basename("a/b"), collections.abc.Sized.__name__, j.dumps({"a": [1]}), down(pi), OrderedDict(a=1))
        try: import no_such_module
        except ImportError as error: print(type(error).__name__, error)
        try: from math import nothing
        except ImportError as error: print(str(error)[:34])
    """,
    # The standard library's kinds of classes
    "enum": """
        class Colour(enum.Enum):
            RED = 1
            GREEN = enum.auto()
            ALIAS = 1
            @property
            def nice(self): return self.name.title()
            @classmethod
            def first(cls): return next(iter(cls))
        class Mode(enum.Flag):
            R = enum.auto()
            W = enum.auto()
        class N(enum.IntEnum):
            ONE = 1
        print(list(Colour), Colour(2).nice, Colour["RED"] is Colour.ALIAS, Colour.first(), Mode.R | Mode.W, N.ONE + 1, Colour.RED in Colour)
        try: Colour(9)
        except ValueError as error: print(error)
        try: Colour.RED = 3
        except AttributeError as error: print(error)
    """,
    "namedtuple": """
        P = collections.namedtuple("P", "x y", defaults=[0])
        class Q(typing.NamedTuple):
            a: int
            b: str = "b"
            def both(self): return (self.a, self.b)
        p = P(1)
        x, y = p
        print(p, p.x, p._replace(y=5), p._asdict(), x + y, P._fields, Q(1).both(), Q(1) == (1, "b"), p[0])
        print(P.__module__ == __name__, Q.__module__ == __name__)
        try: p.x = 2
        except AttributeError as error: print(error)
    """,
    "containers": """
        d = collections.defaultdict(list); d["a"].append(1); d["b"]
        c = collections.Counter("aab"); c["z"] += 1; c.update("b")
        q = collections.deque([1, 2], maxlen=2); q.append(3); q.appendleft(0); q.rotate()
        o = collections.OrderedDict(a=1, b=2); o.move_to_end("a")
        m = collections.ChainMap({"x": 1}, {"y": 2})
        print(dict(d), c.most_common(), q, list(o), m["y"], dict.fromkeys("ab", 0), {**d, "c": 3}, d.keys() & {"a"})
        s = {3}; s.add(1); s.discard(3); s.update([5, 6]); f = frozenset(s)
        xs = [3, 1, 2]; xs.sort(); xs.insert(0, xs.pop()); xs.extend(x for x in (7, 8)); xs.reverse(); xs.remove(7)
        print(sorted(s), len(f), xs, xs.index(1), xs.count(3), xs.copy() == xs, d.get("q", 1), d.pop("b"), d.setdefault("n", 2))
        b = bytearray(b"abc"); b[0] += 1; v = memoryview(b); v[1:] = b"zz"
        print(b, bytes(v), len(v))
        class Stack(list):
            def push(self, x): self.append(x); return self
            def __getitem__(self, i): return super().__getitem__(-1 - i)
            def __len__(self): return 10 * super().__len__()
        class Defaults(dict):
            def __missing__(self, key): return f"no {key}"
        t = Stack([1]).push(2)
        print(t[0], len(t), t, list(t), Defaults()["k"], bool(Stack()))
    """,
    "methods of containers as values": """
        xs = []
        add = xs.append
        add(1); [add(n) for n in (2, 3)]
        print(xs, add.__name__, add.__self__ is xs, add == xs.append, list(map({"a": 1}.get, "ab")), callable(add))
        unbound = list.append
        unbound(xs, 4); str.upper("x"); dict.get({}, "k")
        print(xs, len.__name__, list(map(len, [xs])), getattr(xs, "pop")(), "-".join(map(str, xs)))
    """,
    "getattr and its relatives": """
        box = Box(a=1)
        setattr(box, "b", 2); delattr(box, "a")
        print(getattr(box, "b"), getattr(box, "c", 3), hasattr(box, "a"), vars(box), box.__dict__ == {"b": 2})
        box.__dict__["z"] = 5
        print(box.z, box.__class__.__name__, sorted(vars(box)), callable(box), dir(box)[-1])
        try: getattr(box, "nothing")
        except AttributeError as error: print(error, error.name, error.obj is box)
    """,
    "classes made by type()": """
        Made = type("Made", (Box,), {"n": 3, "get": lambda self: self.n})
        print(Made(x=1).get(), Made.__name__, Made.__module__ == __name__, issubclass(Made, Box), Made.__bases__ == (Box,))
        Made.n = 4
        Made.later = lambda self: self.n + 1
        print(Made().later(), Made.n, Made().n)
    """,
    # async
    "async def run by hand": """
        class Pause:
            def __init__(self, what): self.what = what
            def __await__(self): return (yield self.what)
        class Ticks:
            def __aiter__(self): self.n = 0; return self
            async def __anext__(self):
                self.n += 1
                if self.n > 2: raise StopAsyncIteration
                return await Pause(self.n)
        class Room:
            async def __aenter__(self): return await Pause("enter")
            async def __aexit__(self, *error): print("exit", error[0] and error[0].__name__); return True
        async def numbers():
            for n in range(3):
                yield n
                await Pause(("between", n))
        async def main(x):
            async with Room() as room: print("in", room); raise KeyError
            async for tick in Ticks(): print("tick", tick)
            else: print("else")
            got = [n async for n in numbers() if n != 1]
            more = [await Pause(("list", n)) for n in (1, 2)]
            box = Box(n=1); box.n += await Pause("augment"); ok = 0 < await Pause("compare") < 1000
            return (x, got, more, box.n, ok, {k: v async for k, v in pairs()})
        async def pairs(): yield "k", "v"
        coroutine, send = main("x"), None
        try:
            for turn in range(100): asked = coroutine.send(send); print("asked", asked); send = turn * 10
        except StopIteration as stop: print(stop.value)
        print(inspect.iscoroutinefunction(main), main.__name__)
    """,
    "async context managers of contextlib": """
        @contextlib.asynccontextmanager
        async def room(name):
            print("open", name)
            try: yield name
            finally: print("close", name)
        async def main():
            async with room("a") as a, contextlib.AsyncExitStack() as stack:
                b = await stack.enter_async_context(room("b"))
                return a + b
        try: main().send(None)
        except StopIteration as stop: print(stop.value)
    """,
    "copies": """
        import copy
        box = Box(xs=[1], inner=Box(n=1))
        shallow, deep = copy.copy(box), copy.deepcopy(box)
        box.xs.append(2); box.inner.n = 5
        print(shallow.xs, deep.xs, shallow.inner.n, deep.inner.n)
    """,
}

# Where the two differ, with the reason.
KNOWN: dict[str, str] = {}

SCENARIO = """
def scenario():
    import threading
    gate = threading.Lock()
    gate.acquire()
    other = threading.Thread(target=gate.acquire)
    other.start()
    program()
    gate.release()
    other.join()
"""
FAILING = SCENARIO + "    assert False, 'run again, recorded'\n"


def written(folder: Path, body: str, scenario: str = "") -> Path:
    """A file with the program: in a function if there is a scenario, else at the top of the file."""
    text = textwrap.dedent(body).strip("\n")
    future = ""
    if text.startswith("from __future__"):
        future, _, text = text.partition("\n")
    if scenario:
        text = "def program():\n" + textwrap.indent(text, "    ") + "\n" + scenario
    head = f"{future}\n{PRELUDE}"
    file = folder / f"program_{len(list(folder.iterdir()))}.py"
    file.write_text(f"{head}FIRST = {head.count(chr(10)) + 2}\n{text}\n")
    return file


@contextlib.contextmanager
def printed_to(stream: io.StringIO):
    with contextlib.redirect_stdout(stream), contextlib.redirect_stderr(stream):
        yield


def plainly(file: Path, call: str = "") -> str:
    """What the file prints when it is imported as ever, and one of its functions is called."""
    module = ModuleType(file.stem)
    module.__file__ = str(file)
    out = io.StringIO()
    sys.modules[file.stem] = module
    try:
        with printed_to(out):
            exec(compile(file.read_text(), str(file), "exec", dont_inherit=True), module.__dict__)
            if call:
                getattr(module, call)()
    finally:
        del sys.modules[file.stem]
    return out.getvalue()


def loaded(file: Path, call: str = "") -> str:
    """What it prints when it is rewritten, without a run."""
    out = io.StringIO()
    loader = Loader(file)
    loader.fresh()
    with printed_to(out):
        module = loader.main_module()
        if call:
            getattr(module, call)()
    return out.getvalue()


def output(verdict: Verdict, expected: Status) -> str:
    """What the last run of an exploration printed."""
    assert verdict.status is expected, f"{verdict}\n{verdict.output}"
    return verdict.output


@pytest.fixture(params=PROGRAMS)
def program(request: pytest.FixtureRequest) -> str:
    """The text of each program."""
    if request.param in KNOWN:
        request.applymarker(pytest.mark.xfail(reason=KNOWN[request.param], strict=False))
    return PROGRAMS[request.param]


def test_at_the_top_of_a_file(program: str, tmp_path: Path) -> None:
    """Rewritten code does the same while its file is imported."""
    file = written(tmp_path, program)
    assert loaded(file) == plainly(file)


def test_in_a_function_without_a_run(program: str, tmp_path: Path) -> None:
    """Rewritten code does the same when nothing is explored."""
    file = written(tmp_path, program, SCENARIO)
    assert loaded(file, "program") == plainly(file, "program")


def test_in_a_run_with_another_thread(program: str, tmp_path: Path) -> None:
    """It does the same while accesses are announced: those that may matter, and all."""
    file = written(tmp_path, program, SCENARIO)
    expected = plainly(file, "program")
    assert output(explore(f"{file}::scenario", max_seconds=None), Status.VERIFIED) == expected
    assert output(sample(f"{file}::scenario", runs=1), Status.UNFINISHED) == expected


def test_in_a_run_that_is_recorded(program: str, tmp_path: Path) -> None:
    """It does the same while the values of each step are written down."""
    file = written(tmp_path, program, FAILING)
    verdict = explore(f"{file}::scenario", max_seconds=None)
    assert output(verdict, Status.REFUTED) == plainly(file, "program")
    assert verdict.failure is not None
    assert "run again, recorded" in verdict.failure.message
