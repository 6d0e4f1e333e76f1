"""Small generated programs: two or three threads over a few shared places, some of which go wrong."""

import re
import textwrap

from hypothesis import strategies as st

HEAD = """
import struct
import threading
import time


class State:
    total = 0


def fresh_state():
    state = State()
    state.x = state.y = 0
    state.items = [1]
    state.table = {}
    state.buf = bytearray(16)
    state.numbers = memoryview(bytearray(24))[4:20].cast("Q")
    return state


o = fresh_state()
locks = [threading.Lock(), threading.Lock()]
mine = threading.local()
threads = {}
G = 0


def never_called():  # so that G counts as a variable that functions assign, in every program
    global G
    G = 1
"""

Block = list[str]


def _indented(block: Block) -> Block:
    return ["    " + line for line in block]


numbers = st.integers(1, 3)
fields = st.sampled_from(["o.x", "o.y", "G", "State.total"])
lock_names = st.sampled_from(["locks[0]", "locks[1]"])

data = st.one_of(
    fields.map(lambda f: [f"r = r * 5 + {f}"]),
    st.tuples(fields, numbers).map(lambda t: [f"{t[0]} = r % 5 + {t[1]}"]),
    st.tuples(fields, numbers).map(lambda t: [f"{t[0]} += {t[1]}"]),
)
data_without_sums = st.one_of(
    fields.map(lambda f: [f"r = {f}"]), st.tuples(fields, numbers).map(lambda t: [f"{t[0]} += {t[1]}"])
)
containers = st.one_of(
    numbers.map(lambda n: [f"o.items.append({n})"]),
    st.just(["r = r * 5 + len(o.items)"]),
    st.just(["if o.items:", "    r = r * 5 + o.items.pop()"]),
    st.just(["for element in o.items:", "    r = r * 5 + element"]),
    st.just(["r = r * 5 + o.items[0]"]),
    numbers.map(lambda n: [f"o.table[{n}] = r % 5"]),
    st.just(["r = r * 5 + sum(o.table.values())"]),
    st.just(["o.items += [2]"]),
    st.just(["r = r * 5 + (1 in o.items)"]),
)
indices = st.sampled_from([0, 3, 8, -1])
buffers = st.one_of(
    st.tuples(indices, numbers).map(lambda t: [f"o.buf[{t[0]}] = r % 5 + {t[1]}"]),
    st.tuples(indices, numbers).map(lambda t: [f"o.buf[{t[0]}] += {t[1]}"]),
    indices.map(lambda i: [f"r = r * 5 + o.buf[{i}]"]),
    numbers.map(lambda n: [f"o.buf[0:16] = bytes([{n}]) * 16"]),
    numbers.map(lambda n: [f"memoryview(o.buf)[4:12] = bytes([{n}]) * 8"]),
    st.just(["o.buf[::-3] = b'abcdef'"]),
    st.just(["r = r * 5 + sum(o.buf[2:10])"]),
    st.just(["r = r * 5 + sum(bytes(memoryview(o.buf)[7:]))"]),
    st.just(["r = r * 5 + sum(o.buf)"]),
    st.just(["r = r * 5 + len(o.buf)"]),
    st.just(["for byte in o.buf[7:9]:", "    r = r * 5 + byte"]),
    st.just(["for byte in memoryview(o.buf)[7:9]:", "    r = r * 5 + byte"]),
    st.just(["r = r * 5 + (0 in o.buf)"]),
    numbers.map(lambda n: [f"struct.pack_into('QB', o.buf, 4, {n}, {n})"]),
    st.just(["r = r * 5 + struct.unpack_from('Q', o.buf, 3)[0] % 7"]),
    st.just(["o.buf.append(1)"]),
    st.just(["o.buf[0:9] = b''"]),
    st.just(["o.buf[15:] = b'123'"]),
    st.just(["r = r * 5 + o.buf.pop()"]),
    st.just(["o.buf.reverse()"]),
    st.just(["o.numbers[0] = r + 1"]),
    st.just(["o.numbers[1] += 2"]),
    st.just(["r = r * 5 + o.numbers[0] % 7"]),
)
misuse = st.one_of(
    lock_names.map(lambda lock: [f"{lock}.acquire()"]),
    lock_names.map(lambda lock: [f"{lock}.release()"]),
    lock_names.map(lambda lock: [f"r = r * 5 + {lock}.locked()"]),
)
timed = st.one_of(
    st.tuples(lock_names, numbers).map(
        lambda t: [
            f"if {t[0]}.acquire(timeout={t[1]}):",
            f"    {t[0]}.release()",
            "else:",
            "    r = r * 5 + 4",
        ]
    ),
    st.tuples(lock_names, numbers).map(lambda t: [f"r = r * 5 + {t[0]}.acquire(timeout={t[1]})"]),
    numbers.map(lambda n: [f"time.sleep({n})"]),
    st.just(["r = r * 5 + int(time.monotonic())"]),
    numbers.map(lambda n: ["with monitor:", f"    r = r * 5 + monitor.wait(timeout={n})"]),
    numbers.map(
        lambda n: [
            f"threads['A'].join(timeout={n}) if threads['A'] is not threading.current_thread() else None"
        ]
    ),
)
# Loops that wait. None keeps a value that it has read while it reads another one: see stategraph.py.
spins = st.one_of(
    fields.map(lambda f: [f"while not {f}: pass"]),
    st.tuples(fields, numbers).map(lambda t: [f"while {t[0]} != {t[1]}: pass"]),
    st.tuples(fields, fields).map(lambda t: [f"while {t[0]} and {t[1]}:", "    pass"]),
    st.tuples(fields, fields, numbers).map(lambda t: [f"while not {t[0]}:", f"    {t[1]} = {t[2]}"]),
    st.tuples(fields, numbers).map(
        lambda t: ["n = 0", f"while not {t[0]} and n < 2:", f"    n += {t[1]}", "r = r * 5 + n"]
    ),
    st.tuples(fields, fields).map(
        lambda t: ["while True:", f"    if {t[0]}: break", f"    if {t[1]} == 2: continue", "    r = 3"]
    ),
    st.tuples(fields, fields).map(lambda t: [f"while not {t[0]}:", f"    while {t[1]}: pass"]),
    st.tuples(fields, fields).map(
        lambda t: [f"while not {t[0]}:", f"    if {t[1]}: raise ValueError('no')", "else:", "    r = 4"]
    ),
    fields.map(lambda f: [f"while {f} == 1:", "    t = (r, 1)"]),
    st.tuples(lock_names, fields).map(
        lambda t: [f"while not {t[0]}.acquire(False): pass", f"{t[1]} += 1", f"{t[0]}.release()"]
    ),
    lock_names.map(lambda lock: [f"while {lock}.locked(): pass"]),
    fields.map(lambda f: [f"while not {f}:", "    time.sleep(1)"]),
    st.just(["while not o.items: pass"]),
)
toggles = st.tuples(fields, st.integers(0, 2)).map(lambda t: [f"{t[0]} = {t[1]}"])
# Loops that change something each time they go round.
busy = st.one_of(
    st.tuples(fields, fields).map(lambda t: [f"while not {t[0]}:", f"    {t[1]} = 1", f"    {t[1]} = 0"]),
    st.tuples(fields, lock_names).map(lambda t: [f"while not {t[0]}:", f"    with {t[1]}: pass"]),
    st.tuples(fields, fields).map(
        lambda t: [f"{t[0]} = 1", f"while {t[1]}:", f"    {t[0]} = 0", f"    {t[0]} = 1", f"{t[0]} = 0"]
    ),
    st.tuples(lock_names, lock_names, fields).map(
        lambda t: [
            "while True:",
            f"    {t[0]}.acquire()",
            f"    if {t[1]}.acquire(False): break",
            f"    {t[0]}.release()",
            f"{t[2]} = 1",
            f"{t[1]}.release()",
            f"{t[0]}.release()",
        ]
    ),
)
lives = st.sampled_from(["A", "B"]).map(lambda name: [f"r = r * 5 + threads['{name}'].is_alive()"])
# Objects whose calls may be taken as one step; some statements look inside them.
atomics = st.one_of(
    st.just(["r = r * 5 + number.fetch_add(1)"]),
    numbers.map(lambda n: [f"number.set({n})"]),
    st.just(["r = r * 5 + number.compare_and_set(0, 2)"]),
    st.just(["r = r * 5 + number.exchange(r % 3)"]),
    st.just(["r = r * 5 + number.get()"]),
    st.just(["r = r * 5 + number._value"]),
    st.just(["number._value = 3"]),
    st.just(["with permits:", "    o.x += 1"]),
    st.just(["r = r * 5 + permits.acquire(False)"]),
    st.just(["r = r * 5 + permits.acquire(timeout=1)"]),
    st.just(["permits.acquire()", "r = r * 5 + o.x"]),
    st.just(["o.x = r", "permits.release()"]),
    st.just(["r = r * 5 + permits._permits"]),
    st.just(["with permits._guard:", "    o.y += 1"]),
)
conditions = st.one_of(
    st.just(["with monitor:", "    monitor.wait()"]),
    st.just(["with monitor:", "    monitor.notify()"]),
    st.just(["with monitor:", "    o.x += 1", "    monitor.notify_all()"]),
    st.just(["with monitor:", "    while not o.x:", "        monitor.wait()"]),
    st.just(["with monitor:", "    monitor.wait()", "    r = r * 5 + o.x", "    o.x += 1"]),
    st.just(["with monitor:", "    r = r * 5 + bool(monitor.wait_for(lambda: o.x))"]),
    st.just(["with monitor:", "    monitor.notify(2)"]),
)


def _blocks(simple: st.SearchStrategy[Block]) -> st.SearchStrategy[Block]:
    return st.one_of(
        simple,
        simple,
        st.tuples(lock_names, simple).map(lambda t: [f"with {t[0]}:", *_indented(t[1])]),
        st.tuples(lock_names, simple).map(
            lambda t: [f"if {t[0]}.acquire(False):", *_indented(t[1]), f"    {t[0]}.release()"]
        ),
        st.tuples(fields, simple).map(lambda t: [f"if {t[0]}:", *_indented(t[1])]),
        fields.map(lambda f: [f"if {f} > 2:", "    raise ValueError('too many')"]),
        st.tuples(lock_names, lock_names).map(
            lambda t: [f"with {t[0]}:", f"    with {t[1]}:", "        o.y += 1"]
        ),
    )


def bodies(*, with_time: bool) -> st.SearchStrategy[Block]:
    kinds = [data, data, containers, buffers, misuse, lives, conditions] + (
        [timed, timed] if with_time else []
    )
    return st.lists(_blocks(st.one_of(*kinds)), min_size=1, max_size=3).map(
        lambda blocks: [line for b in blocks for line in b]
    )


def programs(*, with_time: bool = True) -> st.SearchStrategy[tuple[Block, ...]]:
    """The bodies of the threads, and at the end what the main thread does before it joins them."""
    body = bodies(with_time=with_time)
    main: st.SearchStrategy[Block] = st.one_of(st.just([]), st.just([]), _blocks(data))
    return st.one_of(
        st.tuples(body, body, main),
        st.tuples(_short(body), _short(body), _short(body), main),
    )


def looping_programs(*, with_busy: bool = False) -> st.SearchStrategy[tuple[Block, ...]]:
    """Programs with loops that wait, for the state graph."""
    simple = st.one_of(toggles, toggles, spins, spins, data_without_sums, misuse, conditions)
    block = _blocks(st.one_of(simple, busy) if with_busy else simple)
    body = st.lists(block, min_size=1, max_size=3).map(lambda blocks: [line for b in blocks for line in b])
    body = body.map(_in_two_steps)
    first = st.tuples(busy if with_busy else spins, body).map(lambda t: t[0] + t[1]).map(_in_two_steps)
    return st.one_of(
        st.tuples(first, body, st.just([])),
        st.tuples(first, first, st.just([])),
        st.tuples(_short(first), _short(body), _short(body), st.just([])),
    )


def _in_two_steps(block: Block) -> Block:
    """The same with ``s = x; x = s + 1`` for ``x += 1``: the state graph does not see what is kept in between."""
    lines: Block = []
    for line in block:
        update = re.fullmatch(r"( *)(\S+) \+= (\d)", line)
        indent, place, number = update.groups() if update else ("", "", "")
        if update and place != "n":
            lines += [f"{indent}s = {place}", f"{indent}{place} = s + {number}"]
        else:
            lines.append(line)
    return lines


def programs_of_atomics() -> st.SearchStrategy[tuple[Block, ...]]:
    """Programs with calls that may be taken as one step."""
    body = st.lists(_blocks(st.one_of(atomics, atomics, atomics, data)), min_size=1, max_size=2).map(
        lambda blocks: [line for b in blocks for line in b]
    )
    return st.tuples(body, body, st.just([])) | st.tuples(
        _short(body), _short(body), _short(body), st.just([])
    )


def programs_of_conditions() -> st.SearchStrategy[tuple[Block, ...]]:
    """Programs with two waiters at least, for the options of conditions."""
    wait = st.sampled_from(
        [
            ["with monitor:", "    monitor.wait()", "    r = r * 5 + o.x", "    o.x += 1"],
            ["with monitor:", "    while not o.x:", "        monitor.wait()", "    o.x -= 1"],
        ]
    )
    other = st.lists(st.one_of(conditions, conditions, data), min_size=1, max_size=2).map(
        lambda blocks: [line for b in blocks for line in b]
    )
    return st.tuples(wait, wait, other, st.just([]))


def programs_of_buffers() -> st.SearchStrategy[tuple[Block, ...]]:
    """Programs that do little but load and store in a buffer."""
    kinds = st.one_of(buffers, buffers, buffers, data)
    body = st.lists(_blocks(kinds), min_size=1, max_size=2).map(
        lambda blocks: [line for b in blocks for line in b]
    )
    return st.tuples(body, body, st.just([])) | st.tuples(
        _short(body), _short(body), _short(body), st.just([])
    )


def _short(body: st.SearchStrategy[Block]) -> st.SearchStrategy[Block]:
    return body.filter(lambda block: len(block) <= 3)


# Made only where a program uses it.
_WHEN_NAMED = {
    "monitor": "monitor = threading.Condition(threading.Lock())\n",
    "number": "from concur import AtomicInteger\nnumber = AtomicInteger()\n",
    "permits": "from concur import FairSemaphore\npermits = FairSemaphore(1)\n",
}


def source(program: tuple[Block, ...], order: str) -> str:
    """The text of a program, whose threads are started in the given order."""
    *workers, main = program
    text = "\n".join(line for block in program for line in block)
    parts = [HEAD + "".join(line for word, line in _WHEN_NAMED.items() if word in text)]
    for name, block in zip("ABC", workers, strict=False):
        lines = ["global G", "r = 0", *block, "mine.r = r"]
        parts.append(f"def work_{name}():\n" + textwrap.indent("\n".join(lines), "    "))
    start = [
        f"{n} = threads[{n!r}] = threading.Thread(target=work_{n}, name={n!r})" for n in "ABC"[: len(workers)]
    ]
    start += [f"{name}.start()" for name in order]
    join = [f"{name}.join()" for name in order]
    lines = ["global G", "r = 0", *start, *main, "mine.r = r", *join]
    parts.append("def scenario():\n" + textwrap.indent("\n".join(lines), "    "))
    return "\n\n\n".join(parts) + "\n"
