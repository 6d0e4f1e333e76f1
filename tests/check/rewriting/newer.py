"""Syntax of newer Pythons; on an older one these programs are left out, since it cannot parse them."""

import sys

PROGRAMS: dict[str, str] = {}

if sys.version_info >= (3, 12):
    PROGRAMS |= {
        "type parameters": """
            def first[T](xs: list[T], default: T | None = log(None)) -> T: return xs[0] if xs else default
            class Stack[T: (int, str)]:
                made = 0
                def __init__(self): self.items: list[T] = []; Stack.made += 1
                def push[U](self, x: U) -> U: self.items.append(x); return x
            type Pair[T] = tuple[T, T]
            type Lazy = log("evaluated") and list[int]
            s = Stack[int]()
            print(first([3]), first([]), s.push(4), s.items, Stack.made, Pair[int], Pair.__value__)
            print(first.__type_params__, Stack.__type_params__, Stack.__name__, inspect.signature(first))
            print(Lazy.__name__, Lazy.__value__, Lazy.__value__)
        """,
        "type parameters in a class that captures": """
            def make(n):
                total = 0
                class Counter[T]:
                    def add(self, x: T) -> T:
                        nonlocal total
                        total += n
                        return total
                return Counter
            print(make(2)().add(1), make(3)().add(1))
        """,
        "f-strings in f-strings": """
            names, width = ["a", "b"], 6
            print(f"{f"{f"{log("deep")}"}"} {", ".join(names)} {names[0]!r:>{width}} {f'{width:{width}}'}")
            print(f"{(lambda: "in")()} {{}} {names=} {
                width  # a comment
            :>{log(3)}}")
        """,
        "comprehensions without a function of their own": """
            x = "outer"
            class C:
                y = [x for x in range(2)]
                z = [(lambda: n)() for n in range(2)]
            def f():
                try: return [1 // n for n in (1, 0)], x
                except ZeroDivisionError as error: return lines(error)
            print(C.y, C.z, x, f(), [[a for a in range(b)] for b in range(3)], {n: [n for n in "ab"] for n in (1,)})
        """,
    }

if sys.version_info >= (3, 13):
    PROGRAMS |= {
        "a default of a type parameter": """
            def f[T = int](x: T) -> T: return x
            print(f(1), f.__type_params__[0].__default__)
        """,
        "copies with changes": """
            import copy
            @dataclasses.dataclass
            class P:
                x: int
                y: int = 2
            print(copy.replace(P(1), y=5))
        """,
    }
