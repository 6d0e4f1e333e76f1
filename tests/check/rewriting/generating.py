"""Strategies for programs: expressions and statements, nested in each other, that log what is evaluated when.

Every leaf is a call of `log`, so that a change in the order of evaluation shows
in what is printed. A program may well fail: it prints the exception, its chain
and the lines that it passed, and then goes on.
"""

from hypothesis import strategies as st

NAMES = ("a", "b", "c", "shared", "far")  # far belongs to an outer function, shared to the module
TARGETS = (*NAMES, "box.n", "box.m", "xs[0]", "xs[-1]", "d['k']", "(log('owner') and box).n", "xs[log(0)]")
_numbers = st.integers(0, 3).map(lambda n: f"log({n})")
_leaves = st.one_of(
    _numbers,
    st.sampled_from(NAMES),
    st.sampled_from(("box.n", "xs[0]", "d['k']", "len(xs)", "d.get('z', 1)", "K.n")),
)


_signs = st.sampled_from(("<", "<=", "!=", ">", "is not"))


def _grow(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    names = st.sampled_from(("i", "j"))
    return st.one_of(
        st.builds(
            "({} {} {})".format,
            inner,
            st.sampled_from(("+", "-", "*", "//", "%", "|", "==", "<", "is")),
            inner,
        ),
        st.builds(
            "({} {} {} {} {})".format,
            inner,
            *[x for s in ("<", "<=", "!=", ">") for x in (st.just(s), inner)][:4],
        ),
        st.builds("({} {} {})".format, inner, st.sampled_from(("and", "or")), inner),
        st.builds("({} if {} else {})".format, inner, inner, inner),
        st.builds("(not {})".format, inner),
        st.builds("(-{})".format, inner),
        st.builds("(w := {})".format, inner),
        st.builds("show({}, *[{}], k={})".format, inner, inner, inner),
        st.builds("(lambda p, q={}: p + q + {})({})".format, inner, inner, inner),
        st.builds("sum([{1} for {0} in range(log(3)) if {2}])".format, names, inner, inner),
        st.builds("sum({1} for {0} in xs for _ in range({2} % 3))".format, names, inner, inner),
        st.builds("len({{{1}: {2} for {0} in range(2)}})".format, names, inner, inner),
        st.builds('len(f"""{{{}}}{{{}!r:>{{{} % 5}}}}""")'.format, inner, inner, inner),
        st.builds("[{}, {}][{} % 3]".format, inner, inner, inner),
        st.builds("[*[{}], {}][-1]".format, inner, inner),
        st.builds("len({{'x': {}, **{{'y': {}}}}})".format, inner, inner),
        st.builds("next(gen({}))".format, inner),
        st.builds("run(later({}))".format, inner),
        st.builds("(\n    {}\n    +\n    {}\n)".format, inner, inner),
    )


EXPRESSIONS = st.recursive(_leaves, _grow, max_leaves=5)
_targets = st.sampled_from(TARGETS)


def _block(lines: list[str]) -> str:
    return "\n".join("    " + line for text in lines for line in text.split("\n"))


def _compound(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    body = st.lists(inner, min_size=1, max_size=3).map(_block)
    e, t = EXPRESSIONS, _targets
    leave = st.sampled_from(("break", "continue"))
    errors = st.sampled_from(("TypeError", "(ZeroDivisionError, IndexError)", "Exception"))
    deeper = body.map(lambda text: "\n".join("    " + line for line in text.split("\n")))
    patterns = st.sampled_from((
        "[x, *rest]", "[1, y]", "int(x) if x > log(1)", "0 | 1", "{'k': x, **rest}", "Box(n=x)", "K.n", "box.n", "None",
        "(x, y) if log(x) == y", "str() as x",
    ))  # fmt: skip
    subjects = st.one_of(e, st.sampled_from(("xs", "d", "box", "(log(1), 2)", "'text'", "None")))
    return st.one_of(
        st.builds("if {}:\n{}\nelse:\n{}".format, e, body, body),
        st.builds("for {} in [{}, {}]:\n{}\nelse:\n{}".format, t, e, e, body, body),
        st.builds("for {}, *{} in [(1, 2), ({}, 3, 4)]:\n{}".format, t, t, e, body),
        st.builds("for _ in range(3):\n{}\n    if {}: {}\n{}".format, body, e, leave, body),
        st.builds("turns = 2\nwhile turns and {}:\n    turns -= 1\n{}\nelse:\n{}".format, e, body, body),
        st.builds("try:\n{}\nexcept {} as e:\n    print('caught', type(e).__name__, lines(e))\n{}\nelse:\n{}\n"
                  "finally:\n{}".format, body, errors, body, body, body),
        st.builds("try:\n{}\nfinally:\n{}".format, body, body),
        st.builds("try:\n{}\nexcept* ValueError as e:\n    print(e.exceptions)\n{}".format, body, body),
        st.builds("with room({}) as {}, room({}):\n{}".format, e, t, e, body),
        st.builds("match {}:\n    case {}: print('first')\n    case {}: print('second')\n    case _:\n{}".format,
                  subjects, patterns, patterns, deeper),
        st.builds("class K(Box):\n    n = {}\n    n += 1\n    ys = [n, {}]\n    ys[0] += 1\n    box.n = ys[0]"
                  .format, e, e),
        st.builds("@decorate({})\ndef inner(p={}):\n    nonlocal far\n    global shared\n{}\n    return p\n"
                  "print(inner())".format, e, e, body),
    )  # fmt: skip


_simple = st.one_of(
    st.builds("{} = {}".format, _targets, EXPRESSIONS),
    st.builds("{} {}= {}".format, _targets, st.sampled_from(("+", "-", "*", "//", "|")), EXPRESSIONS),
    st.builds("{} = {} = {}".format, _targets, _targets, EXPRESSIONS),
    st.builds("{}, {} = {}, {}".format, _targets, _targets, EXPRESSIONS, EXPRESSIONS),
    st.builds(
        "{}, ({}, *{}) = {}, [{}, 1, 2]".format, _targets, _targets, _targets, EXPRESSIONS, EXPRESSIONS
    ),
    st.builds("print({})".format, EXPRESSIONS),
    st.builds("assert {}, {}".format, EXPRESSIONS, EXPRESSIONS),
    st.builds("raise ValueError({})".format, EXPRESSIONS),
    st.builds("raise ExceptionGroup('g', [ValueError({}), TypeError()])".format, EXPRESSIONS),
    st.builds("raise KeyError({}) from TypeError({})".format, EXPRESSIONS, EXPRESSIONS),
    st.builds("return {}".format, EXPRESSIONS),
    st.builds("del {}".format, st.sampled_from(("a", "box.m", "xs[0]", "d['k']", "shared", "(b, box.n)"))),
    st.builds("yielded = [*gen({}), (yield {})]".format, EXPRESSIONS, EXPRESSIONS),
    st.builds("c = yield from gen({})".format, EXPRESSIONS),
)
STATEMENTS = st.recursive(_simple, _compound, max_leaves=6)

_HELPERS = """
global shared
shared = 1
box, xs, d = Box(n=1, m=2), [1, 2, 3], {'k': 1}
def show(*args, **named): print("show", args, named); return len(args)
def gen(n):
    try: yield n; yield log("more")
    finally: print("closed")
    return n
async def later(n): return log(n)
def run(coroutine):
    try: coroutine.send(None)
    except StopIteration as stop: return stop.value
@contextlib.contextmanager
def room(n):
    print("enter", n)
    try: yield n
    except IndexError as error: print("room", type(error).__name__)
    finally: print("leave")
def decorate(n):
    def decorated(function): print("decorate", n); return function
    return decorated
def chain(error):
    while error is not None:
        print(type(error).__name__, error.args if not isinstance(error, ExceptionGroup) else error.exceptions,
              lines(error), error.__suppress_context__)
        error = error.__cause__ or error.__context__
def outer():
    far = 1
    class K(Box): n = 2
"""


@st.composite
def programs(draw: st.DrawFn) -> str:
    """A function with random statements, called as a plain function or driven as a generator."""
    statements = draw(st.lists(STATEMENTS, min_size=2, max_size=5))
    body = _block(["nonlocal far", "global shared", "a, b, c, w = 1, 2, 3, 4", "K = Known", *statements])
    inner = "\n".join("    " + line for line in ("def tested():\n" + body).split("\n"))
    generates = any("yield" in statement for statement in statements)
    call = "list(drive(tested()))" if generates else "tested()"
    return (
        _HELPERS.replace("class K(Box)", "class Known(Box)")
        + inner
        + f"\n    try: print('result', {call})\n    except Exception as error: chain(error)\n"
        + "    print(far)\n"
        + "def drive(steps):\n    value = None\n    for turn in range(9):\n"
        + "        try: value = steps.send(value) if turn != 3 else steps.throw(IndexError('thrown'))\n"
        + "        except StopIteration as stop: yield stop.value; return\n"
        + "        yield value\n    steps.close()\n"
        + "outer()\nprint(sorted(vars(box)), xs, d)\ntry: print(shared)\nexcept NameError: print('no shared')\n"
    )
