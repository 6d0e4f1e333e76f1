"""Where mechanisms meet: loops that wait, iterators, generators that are dropped, what a program is not shown."""

from pathlib import Path

import pytest

from concur.check import Status

from .conftest import TOGETHER, Check, observed

# Each moves what one thread alone knows, so it is no wait: the third round ends the loop.
MOVES = {
    "next of a generator": ("steps = count()", "next(steps) == 3"),
    "next of an iterator in C": ("steps = itertools.count(1)", "next(steps) == 3"),
    "its method": ("steps = itertools.count(1)", "steps.__next__() == 3"),
    "list of a part": ("steps = itertools.count(1)", "list(itertools.islice(steps, 1)) == [3]"),
    "zip": ("steps = zip([1, 2, 3])", "next(steps)[0] == 3"),
    "unpacking": ("steps = map(list, [[1], [1], []])", "[*next(steps)] == []"),
    "in": ("steps = iter((1, 2, 3, 4))", "(lambda: 2 in steps)() and 4 in steps"),
    "iter of a list": ("steps = iter([1, 2, 3])", "next(steps) == 3"),
    "any of a generator": ("steps = count()", "any(n == 2 for n in steps) and next(steps) == 3"),
    "for": ("steps = itertools.count(1)", "[n for n, _ in zip(steps, 'a')] == [3]"),
}


@pytest.mark.parametrize("name", MOVES)
def test_a_loop_that_moves_an_iterator_does_not_wait(check: Check, name: str) -> None:
    """Nobody else changes anything, and still the loop ends."""
    made, last = MOVES[name]
    verdict = check(f"""
    import itertools
    def count():
        n = 0
        while True:
            n += 1
            yield n
    def scenario():
        {made}
        seen = []
        def moving():
            while not ({last}): pass
            seen.append(1)
        def other(): seen.append(2)
        together(moving, other)
        assert sorted(seen) == [1, 2]
    """)
    assert verdict.status is Status.VERIFIED, str(verdict)


def test_a_loop_over_a_comprehension_waits(check: Check) -> None:
    """A generator expression that is consumed at once changes nothing: one wait, not rounds without end."""
    verdict = check("""
    class Box: ready = False
    def scenario():
        boxes = [Box(), Box()]
        def wait():
            while not all(box.ready for box in boxes): pass
        def set_one(): boxes[0].ready = True
        def set_other(): boxes[1].ready = True
        together(wait, set_one, set_other)
    """)
    assert verdict.status is Status.VERIFIED, str(verdict)
    assert not verdict.reason


CLOSING = """
def scenario():
    closed, box = [], Box()
    def steps():
        try: yield 1; yield 2
        finally: closed.append(box.n)
    def drop():
        {body}
        assert closed
    def other(): box.n += 1
    together(drop, other)
"""


@pytest.mark.parametrize(
    "body",
    [
        "for n in steps(): break",
        "g = steps(); next(g); del g",
        "g = steps(); next(g); g = None",
        "a, b = steps()",
        "any(n == 1 for n in steps())",
        "g = steps(); next(g)\n        while box.n < 0: pass\n        g = None",
        "g = steps(); next(g)\n        while g is not None: g = None",
        "next(steps())",
        "for a, b in ((n, n) for n in steps()): break",
        "{n: 1 for n in steps()}",
    ],
)
@pytest.mark.parametrize("full", [False, True])
def test_a_dropped_generator_is_closed(check: Check, body: str, full: bool) -> None:
    """When the program lets it go, not at the end of the run; and its last accesses are announced."""
    text = "class Box: n = 0\n" + CLOSING.replace("{body}", body)
    if full:  # in a run that is recorded too: with all its steps and their names
        text = text.replace("together(drop, other)", "together(drop, other)\n    assert box.n > 1")
    verdict = check(text)
    assert verdict.status is (Status.REFUTED if full else Status.VERIFIED), str(verdict)
    if full:
        assert verdict.failure is not None
        assert "box.n > 1" in verdict.failure.message


def test_what_closing_reads_races(tmp_path: Path) -> None:
    file = tmp_path / "program.py"
    file.write_text(
        TOGETHER
        + """
result = None
class Box: n = 0
def scenario():
    global result
    box, seen = Box(), []
    def steps():
        try: yield 1
        finally: seen.append(box.n)
    def drop():
        g = steps()
        next(g)
        del g
    def other(): box.n += 1
    together(drop, other)
    result = tuple(seen)
"""
    )
    assert observed(file) == {(None, (0,)), (None, (1,))}


def test_a_store_of_the_same_value_is_no_change(check: Check) -> None:
    """By every kind of assignment; in a waiting loop it would otherwise go round for ever."""
    verdict = check("""
    import dataclasses
    @dataclasses.dataclass
    class Box:
        n: int = 0
        ready: bool = False
    state = 0
    def scenario():
        global state
        box, xs = Box(), [0]
        def wait():
            global state
            while not box.ready:
                box.n = 0
                xs[0] = 0
                state = 0
                box.n, xs[0] = 0, 0
        def ready(): box.ready = True
        together(wait, ready)
    """)
    assert verdict.status is Status.VERIFIED, str(verdict)
    assert verdict.schedules < 60


def test_a_store_of_another_value_is_one(check: Check) -> None:
    """A loop that counts does not wait, whatever it counts in."""
    verdict = check("""
    import dataclasses
    @dataclasses.dataclass
    class Box:
        n: int = 0
    def scenario():
        box, xs = Box(), [0]
        def count():
            while box.n < 3:
                box.n, xs[0] = box.n + 1, 5
        def other(): xs[0] = 7
        together(count, other)
    """)
    assert verdict.status is Status.VERIFIED, str(verdict)


def test_a_name_that_is_unbound_is_a_change(check: Check) -> None:
    """A handler unbinds its name: storing None after that is no store of the same value."""
    verdict = check("""
    error = 0
    def scenario():
        global error
        error = 0
        def work():
            global error
            try: raise ValueError
            except ValueError as error: pass
            error = None
        def wait():
            while True:
                try:
                    if error is None: break
                except NameError: pass
        together(work, wait)
    """)
    assert verdict.status is Status.VERIFIED, str(verdict)


def test_a_variable_of_another_module_is_stored_by_its_name(check: Check) -> None:
    """A store through the module is known as well as one by name."""
    verdict = check("""
    import sys
    state = 0
    def scenario():
        global state
        state = None
        here = sys.modules[__name__]
        def work():
            global state
            here.state = 5
            state = None
            state = 1
        def wait():
            while state is not None and state != 1: pass
        together(work, wait)
    """)
    assert verdict.status is Status.VERIFIED, str(verdict)


def test_nothing_of_a_loop_shows_in_locals(check: Check) -> None:
    verdict = check("""
    def inner(flag):
        while flag:
            a = 1
            names = sorted(locals()), sorted(vars()), dir(), eval("sorted(locals())")
            flag = False
        return names
    def scenario():
        for names in inner(True): assert names == ["a", "flag"], names
        together(lambda: None)
    """)
    assert verdict.status is Status.VERIFIED, str(verdict)


def test_list_of_a_shared_iterator_is_one_step(tmp_path: Path) -> None:
    """Moving the iterator and changing what its elements go into happen at once."""
    file = tmp_path / "program.py"
    file.write_text(
        TOGETHER
        + """
result = None
def scenario():
    global result
    steps, taken, rest = iter((1, 2, 3)), [], []
    def all_of_them(): taken.extend(steps)
    def one(): rest.append(next(steps, None))
    together(all_of_them, one)
    result = tuple(taken), tuple(rest)
"""
    )
    assert observed(file) == {(None, ((1, 2, 3), (None,))), (None, ((2, 3), (1,)))}


@pytest.mark.parametrize(
    "test",
    [
        "if odd < 1: seen.append(1)",
        "if 1 > odd: seen.append(1)",
        "if not (odd < odd): pass\n        else: seen.append(1)",
        "seen += [1] if odd < 1 else []",
        "seen += [1 for n in (1, 2) if odd < n < 2][:1]",
        "seen += [1 for n in (1,) if odd < n]",
        "if odd < 1 and odd < 2: seen.append(1)",
        "while odd < 1: seen.append(1); break",
        "assert True if odd < 1 else True, seen.append(1)\n        seen += [1] if odd < [] else []",
    ],
)
def test_the_truth_of_what_a_comparison_returns(tmp_path: Path, test: str) -> None:
    """A container that the operator of a class returns is looked into by whoever asks for its truth."""
    file = tmp_path / "program.py"
    file.write_text(
        TOGETHER
        + f"""
result = None
content = []
class Odd:
    def __lt__(self, other): return content
def scenario():
    global result
    odd, seen = Odd(), []
    content.clear()
    def ask():
        nonlocal seen
        {test}
    def fill(): content.append(1)
    together(ask, fill)
    result = tuple(seen)
"""
    )
    assert observed(file) == {(None, ()), (None, (1,))}
