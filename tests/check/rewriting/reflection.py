"""Programs that look at themselves: their variables, their signatures, their classes, their copies."""

# Programs that are uncheckable while threads run -> what the verdict names.
UNCHECKABLE = {
    "locals() shows no temporaries": r"calls locals\(\)",
    "vars() and dir() without an argument": r"calls vars\(\)",
    "eval, exec, globals": r"calls eval\(\)",
    "an object changes its class": "assigns __class__",
    "temporaries hold nothing back": "weak reference",
}

PROGRAMS: dict[str, str] = {
    "locals() shows no temporaries": """
        def f(a, b):
            box, xs, d = Box(), [1, 2, 3], {}
            box.x = y = a
            box.y, (xs[0], *z) = b, (4, 5, 6)
            box.x += 1; xs[1] += 2; d["k"] = w = 3
            for box.i, (p, xs[2]) in [(1, (2, 3))]: pass
            with contextlib.nullcontext((1, 2)) as (q, box.q): pass
            match [1, 2]:
                case [m, *n]: pass
            assert a < b
            ok = 0 < a < b
            def get(): return y
            y = 5
            return sorted(locals())
        print(f(1, 2))
        class C:
            xs = [0]
            xs[0] = n = 1
            n += 1
            xs[0], (m, xs[0]) = 1, (2, 3)
            inside = sorted(name for name in locals() if not name.startswith("__"))
        print(C.inside, sorted(name for name in vars(C) if not name.startswith("__")))
    """,
    "vars() and dir() without an argument": """
        def f(a):
            b = a
            return sorted(vars()), dir()
        print(f(1))
    """,
    "eval, exec, globals": """
        def f(x):
            return eval("x + 1"), "f" in globals() or "program" in globals()
        print(f(1))
        space = {}
        exec("def g(n): return n * 2", space)
        print(space["g"](4))
    """,
    "an object changes its class": """
        class A: pass
        class B: kind = "b"
        a = A()
        a.__class__ = B
        print(type(a).__name__, a.kind)
    """,
    "signatures, annotations, hints, docstrings": """
        def f(a: int, /, b: "str" = "x", *rest: list[int], c: typing.Optional[int] = None, **more) -> bool:
            "What f does."
        class C:
            "What C is."
            x: int = 1
            y: "list[C]"
            def method(self, n: int = 3) -> "C": "What method does."
        print(inspect.signature(f), f.__doc__, C.__doc__, C.method.__doc__, inspect.signature(C.method))
        print({name: str(kind) for name, kind in f.__annotations__.items()}, typing.get_type_hints(f)["c"])
        print(C.__annotations__, C.__qualname__.split(".")[-1], C.method.__qualname__.split(".")[-2:])
        print(f.__defaults__, f.__kwdefaults__, f.__code__.co_argcount, f.__code__.co_varnames, f.__code__.co_name)
        def g():
            n: int = 1
            box = Box()
            box.x: log("never evaluated") = 2
            return n + box.x
        print(g(), g.__annotations__)
    """,
    "instances are copied and pickled": """
        import copy, pickle
        global Point, Slotted
        @dataclasses.dataclass
        class Point:
            x: int
            tags: list
        Point.__qualname__ = "Point"
        p = Point(1, ["a"])
        q = pickle.loads(pickle.dumps(p))
        print(q == p, q is p, type(q) is Point, copy.deepcopy(p), copy.copy(p).tags is p.tags)
        class Slotted:
            __slots__ = ("n",)
            def __init__(self, n): self.n = n
            def __reduce__(self): return (Slotted, (self.n,))
        Slotted.__qualname__ = "Slotted"
        print(pickle.loads(pickle.dumps(Slotted(3))).n, copy.copy(Slotted(4)).n, dataclasses.replace(p, x=9))
        try: pickle.dumps(lambda: 0)
        except Exception as error: print(type(error).__name__)
    """,
    "hints of a class that are texts": """
        from __future__ import annotations
        @dataclasses.dataclass
        class Node:
            value: int
            kind: typing.ClassVar[str] = "node"
            next: Node | None = None
            def __post_init__(self): self.value += 1
        print(Node(1, Node(5)), [field.name for field in dataclasses.fields(Node)], Node.__annotations__)
        def f(x: log("never evaluated") = 1) -> Nothing: pass
        print(f.__annotations__)
    """,
    "an annotation is evaluated once, in its place": """
        def f(a: log("a") = log(1), *, b: log("b") = log(2)) -> log("result"): pass
        print(f.__annotations__)
        class C:
            x: log("x") = log(3)
        @(log("decorator") and (lambda g: g))
        def g(a=log(4)): pass
    """,
    "what looks at its caller finds it": """
        import warnings
        def name(): return sys._getframe(1).f_code.co_name
        def caller(): return name(), sys._getframe().f_code.co_name
        print(caller())
        Made = collections.namedtuple("Made", "a b")
        Typed = typing.NamedTuple("Typed", [("a", int)])
        print(Made.__module__ == __name__, Typed.__module__ == __name__, Made(1, 2), Typed(3))
    """,
    "temporaries hold nothing back": """
        import weakref
        class Thing: pass
        thing, box, xs = Thing(), Box(), [0]
        gone = weakref.ref(thing)
        box.a = b = thing
        box.c, (xs[0], d) = thing, (thing, thing)
        for box.e, (f, xs[0]) in [(thing, (thing, thing))]: pass
        del thing, box, xs, b, d, f
        print(gone() is None)
    """.replace(
        "        print(gone() is None)\n", "        print(gone() is None or sys.gettrace() is not None)\n"
    ),
    "an exception is let go of": """
        def f():
            try: 1 / 0
            except ZeroDivisionError as error:
                def get(): return error
                inside = repr(get())
            try: get()
            except NameError as gone: return inside, type(gone).__name__
        print(f())
    """,
}
