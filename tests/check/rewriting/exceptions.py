"""Context managers, exceptions, and the lines of their tracebacks."""

PROGRAMS: dict[str, str] = {
    "the lines of a chain of attributes": """
        box = Box(a=Box(f=lambda: 1 / 0))
        def fields():
            return (box
                .a
                .missing
                .more)
        def calls():
            return (box
                .a
                .f())
        for f in (fields, calls):
            try: f()
            except Exception as error: print(lines(error))
    """,
    "with": """
        class Manager:
            def __init__(self, name, swallow=False): self.name, self.swallow = name, swallow
            def __enter__(self): print("enter", self.name); return self.name
            def __exit__(self, kind, error, traceback): print("exit", self.name,
                kind and kind.__name__); return self.swallow
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
}
