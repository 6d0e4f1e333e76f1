"""Patterns and expressions, and the order in which they are evaluated."""

PROGRAMS: dict[str, str] = {
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
        print(f"{x:.2f}|{x!r:>{width}}|{x:{width}.{3}f}|{x=}|{x = :.1f}|{names!s}|{names!r:>12}")
        print(f"{{}}|{'nested ' + f'{width}'}")
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
        print(7 // 2, -7 % 3, 2 ** -1, 7 / 2, 1 << 4, 6 & 3, 6 | 3, 6 ^ 3, ~5, -3, +3, [1] * 2, "a" * 3,
            "%03d" % 7, 5 % 3)
        print([1] + [2], {1} | {2}, {"a": 1} | {"b": 2}, {1, 2} & {2}, {1, 2} - {2}, {1} <= {1, 2}, [1, 2] < [1, 3])
        box = Box(x=None)
        for wrong in (lambda: 1 + "a", lambda: [] + (), lambda: 1 < "a", lambda: 1 in 2, lambda: -"a",
            lambda: box.x[0], lambda: box.x()):
            try: wrong()
            except TypeError as error: print(error)
    """,
}
