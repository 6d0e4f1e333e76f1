"""Classes: fields, descriptors, metaclasses, operators, annotations."""

PROGRAMS: dict[str, str] = {
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
        print(list(e), 4 in e, 5 in e, list(reversed(e)), e.index(2), e.count(0), [*e],
            isinstance(e, collections.abc.Sized))
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
        print(not a, Money(0) or "none", a(1, x=2), 3 in a, 4 not in a, a @ 1, 2 ** a, [0, 1, 2, 3][a],
            f"{a:>5}", {a: 1})
        print(a > Money(2), bool(Money(0)))
        try: a + "x"
        except TypeError as error: print(error)
    """,
}
