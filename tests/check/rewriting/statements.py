"""Statements: what they bind and when, loops, imports, coroutines."""

PROGRAMS: dict[str, str] = {
    "stores from left to right beside a captured variable": """
        def f():
            i, xs = 0, [0, 0, 0]
            def get(): return i
            i, xs[i] = 2, 9
            xs[i], i, xs[i] = 5, 1, 7
            return get(), xs
        print(f())
    """,
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
