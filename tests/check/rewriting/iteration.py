"""Comprehensions, generators, iterators, and functions that take functions."""

PROGRAMS: dict[str, str] = {
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
        print([(k, list(g)) for k, g in itertools.groupby([1, 1, 2], key=lambda n: n * 10)],
            list(itertools.pairwise("abc")))
        a, b = itertools.tee([1, 2])
        print(next(a), list(a), list(b), list(itertools.product([0, 1], repeat=2)),
            list(itertools.starmap(pow, [(2, 3)])))
        print(list(itertools.zip_longest([1], [], fillvalue="-")),
            list(itertools.takewhile(lambda n: n < 2, [1, 2, 1])))
    """,
    "functions that take functions": """
        words = ["bb", "a", "ccc"]
        print(sorted(words, key=len), max(words, key=lambda w: w[-1]), list(map(str.upper, words)),
            list(filter(None, [0, 1])))
        print(functools.reduce(lambda a, b: a + b, words, "_"), min([], default="none"), sorted([3, 1], reverse=True))
        words.sort(key=operator.itemgetter(0), reverse=True)
        print(words, operator.attrgetter("x.y")(Box(x=Box(y=1))), operator.methodcaller("upper")("m"))
        print(any(log(n) for n in (0, 2, 3)), all([]), list(enumerate(words, 1)),
            list(zip([1], [2], strict=True)), list(reversed(words)))
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
}
