"""Functions: arguments, defaults, closures, decorators, names."""

PROGRAMS: dict[str, str] = {
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
        print((log("box") and box).f(log(1)) == ((1,), {}), [log(1), *log([2]), log(3)],
            {log("k"): log("v"), **log({"z": 1})})
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
        print(Outer.Inner.__qualname__, local.__qualname__, local.__name__, local.__module__ == __name__,
            (lambda: 0).__name__)
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
}
