"""The standard library's kinds of classes and containers."""

PROGRAMS: dict[str, str] = {
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
        print(list(Colour), Colour(2).nice, Colour["RED"] is Colour.ALIAS, Colour.first(), Mode.R | Mode.W,
            N.ONE + 1, Colour.RED in Colour)
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
        print(sorted(s), len(f), xs, xs.index(1), xs.count(3), xs.copy() == xs, d.get("q", 1), d.pop("b"),
            d.setdefault("n", 2))
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
        print(Made(x=1).get(), Made.__name__, Made.__module__ == __name__, issubclass(Made, Box),
            Made.__bases__ == (Box,))
        Made.n = 4
        Made.later = lambda self: self.n + 1
        print(Made().later(), Made.n, Made().n)
    """,
}
