"""Words of buffers: what is torn and what is not, what races and what does not."""

import textwrap
from pathlib import Path

import pytest

from concur.check import Status
from tests.soundness.enumeration import outcomes

from .conftest import TOGETHER, Check

# What writes sixteen bytes, and what reads them; the reader appends two of them, one of each word, to `seen`.
STORES = {
    "slice of a bytearray": "buf[0:16] = b'n' * 16",
    "slice of a view": "memoryview(buf)[0:16] = b'n' * 16",
    "whole slice": "buf[:] = bytearray(b'n' * 16)",
    "negative step": "buf[::-1] = b'n' * 16",
    "negative indices": "buf[-16:] = b'n' * 16",
    "numbers": "buf[0:16] = [110] * 16",
    "generator": "buf[0:16] = (110 for _ in range(16))",
    "pack_into": "struct.pack_into('8s8s', buf, 0, b'n' * 8, b'n' * 8)",
    "pack_into of a view": "struct.pack_into('16s', memoryview(buf), -16, b'n' * 16)",
    "Struct.pack_into": "struct.Struct('16s').pack_into(buf, 0, b'n' * 16)",
    "pack_into kept": "PACK(buf, 0, b'n' * 16)",
    "cast": "memoryview(buf).cast('Q')[0:2] = memoryview(b'n' * 16).cast('Q')",
}
LOADS = {
    "slice": "seen.append(buf[0:16])",
    "bytes": "seen.append(bytes(memoryview(buf)))",
    "bytes of a bytearray": "seen.append(bytes(buf))",
    "tobytes": "seen.append(memoryview(buf)[0:16].tobytes())",
    "unpack_from": "seen.append(struct.unpack_from('16s', buf)[0])",
    "Struct.unpack_from": "seen.append(struct.Struct('16s').unpack_from(buf, offset=0)[0])",
    "unpack": "seen.append(struct.unpack('16s', memoryview(buf))[0])",
    "iter_unpack": "seen.append(b''.join(x for (x,) in struct.iter_unpack('8s', buf)))",
    "from_bytes": "seen.append(int.from_bytes(memoryview(buf), 'big').to_bytes(16, 'big'))",
    "two indices": "seen.append(bytes([buf[0]]) * 8 + bytes([buf[8]]) * 8)",
    "iteration": "seen.append(bytes([x for x in buf]))",
}
HEAD = """
import array, struct
PACK = struct.Struct('16s').pack_into
buf = bytearray(b'o' * 16)
seen = []
"""


def program(first: str, second: str, setup: str = "", end: str = "") -> str:
    lines = [HEAD + textwrap.dedent(setup)]
    lines += [
        f"def {name}():\n" + textwrap.indent(textwrap.dedent(body), "    ")
        for name, body in (("one", first), ("two", second))
    ]
    lines += ["def scenario():\n    together(one, two)\n" + textwrap.indent(textwrap.dedent(end), "    ")]
    return "\n".join(lines)


def seen(tmp_path: Path, text: str) -> set[object]:
    """Every value of `result` that the program can end with."""
    file = tmp_path / "program.py"
    file.write_text(TOGETHER + text)
    return observed(file)


def observed(file: Path) -> set[object]:
    return outcomes(
        file, observe=lambda engine, scenario: (engine.uncheckable, scenario.loader.main_module().result)
    )[0]


@pytest.mark.parametrize("name", STORES)
def test_a_store_over_two_words_is_seen_half_done(tmp_path: Path, name: str) -> None:
    """A reader sees what was stored up to some word, in the order of addresses, and nothing else."""
    text = program(
        STORES[name], LOADS["slice"], end="global result\nresult = chr(seen[0][0]) + chr(seen[0][8])"
    )
    assert seen(tmp_path, text) == {(None, result) for result in ("oo", "no", "on", "nn")}


@pytest.mark.parametrize("name", STORES)
def test_a_store_goes_in_the_order_of_addresses(tmp_path: Path, name: str) -> None:
    """Who reads the second word first never finds it new and the first one old."""
    text = program(
        STORES[name],
        "seen.append(buf[8])\nseen.append(buf[0])",
        end="global result\nresult = chr(seen[1]) + chr(seen[0])",
    )
    assert seen(tmp_path, text) == {(None, result) for result in ("oo", "no", "nn")}


@pytest.mark.parametrize("name", LOADS)
def test_a_load_over_two_words_can_be_torn(tmp_path: Path, name: str) -> None:
    """Two words are loaded one after the other."""
    text = program(
        "buf[0] = 110\nbuf[8] = 110",
        LOADS[name],
        end="global result\nresult = chr(seen[0][0]) + chr(seen[0][8])",
    )
    assert seen(tmp_path, text) == {(None, result) for result in ("oo", "no", "on", "nn")}


# set-up, two steps, and whether they depend on each other
PAIRS = {
    "two words": ("", "buf[0] = 1", "buf[8] = 1", False),
    "one word": ("", "buf[0] = 1", "buf[7] = 1", True),
    "one byte": ("", "buf[3] = 1", "buf[-13] = 1", True),
    "slices apart": ("", "buf[0:8] = bytes(8)", "buf[8:16] = bytes(8)", False),
    "a slice that reaches over": ("", "buf[0:9] = bytes(9)", "buf[8:16] = bytes(8)", True),
    "a slice with a step": ("", "buf[0:16:8] = b'xy'", "buf[15] = 1", True),
    "a slice with a step beside it": ("b2 = bytearray(32)", "b2[0:32:16] = b'xy'", "b2[8] = 1", False),
    "reads": ("", "buf[0]", "bytes(buf)", False),
    "an empty slice": ("", "buf[3:3] = b''", "buf[3] = 1", False),
    "a view with an offset": ("view = memoryview(buf)[8:]", "view[0] = 1", "buf[8] = 1", True),
    "a view with an offset, apart": ("view = memoryview(buf)[8:]", "view[0] = 1", "buf[0] = 1", False),
    "a view of a view": ("view = memoryview(buf)[4:][4:]", "view[0] = 1", "buf[8] = 1", True),
    "a view backwards": ("view = memoryview(buf)[::-1]", "view[0] = 1", "buf[15] = 1", True),
    "a view backwards, apart": ("view = memoryview(buf)[::-1]", "view[0] = 1", "buf[0] = 1", False),
    "two views": ("u = memoryview(buf)[:8]; v = memoryview(buf)[8:]", "u[7] = 1", "v[0] = 1", False),
    "a cast": ("q = memoryview(buf).cast('Q')", "q[1] = 5", "buf[8] = 1", True),
    "a cast, apart": ("q = memoryview(buf).cast('Q')", "q[1] = 5", "buf[7] = 1", False),
    "a cast in two dimensions": ("q = memoryview(buf).cast('B', (2, 8))", "q[1, 0] = 5", "buf[7] = 1", True),
    "an array": ("a = array.array('q', [0, 0])", "a[0] = 1", "a[1] = 1", False),
    "an array of small numbers": ("a = array.array('h', [0] * 8)", "a[0] = 1", "a[3] = 1", True),
    "an array and a view": ("a = array.array('i', [0] * 4)", "a[2] = 1", "memoryview(a)[3] = 1", True),
    "pack": ("", "struct.pack_into('Q', buf, 0, 1)", "struct.pack_into('Q', buf, 8, 1)", False),
    "pack, unaligned": ("", "struct.pack_into('Q', buf, 1, 1)", "struct.pack_into('Q', buf, 8, 1)", True),
    "append": ("", "buf.append(1)", "buf[0] = 1", True),
    "append and read": ("", "buf.append(1)", "buf[0]", True),
    "append and len": ("", "buf.append(1)", "len(buf)", True),
    "append and pack": ("", "buf.append(1)", "struct.pack_into('Q', buf, 0, 1)", True),
    "len": ("", "buf[0] = 1", "len(buf)", False),
    "truth": ("", "buf[0] = 1", "not buf", False),
    "find": ("", "buf[8] = 1", "buf.find(b'x')", True),
    "equality": ("", "buf[8] = 1", "buf == b'x'", True),
    "in": ("", "buf[8] = 1", "5 in buf", True),
    "in bytes": ("", "buf[8] = 1", "buf in b'abc'", True),
    "reverse": ("", "buf[8] = 1", "buf.reverse()", True),
    "sum": ("", "buf[8] = 1", "sum(buf)", True),
    "join": ("", "buf[8] = 1", "b''.join([memoryview(buf)[8:]])", True),
    "join, apart": ("", "buf[8] = 1", "b''.join([memoryview(buf)[:8]])", False),
    "a longer slice": ("", "buf[0:2] = b'abc'", "buf[8] = 1", True),
    "del": ("", "del buf[0]", "buf[8] = 1", True),
    "+=": ("", "b = buf; b += b'x'", "buf[8] = 1", True),
    "a view is made": ("", "memoryview(buf)[0:8].cast('Q')", "buf[8] = 1", False),
    "release": ("view = memoryview(buf)", "view.release()", "buf[8] = 1", True),
    "a long one as a whole": ("b2 = bytearray(1024)", "b2.find(b'x')", "b2[1000] = 1", True),
    "a long one, apart": ("b2 = bytearray(1024)", "b2[0] = 1", "b2[1000] = 1", False),
    "bytes": ("view = memoryview(bytes(16))", "view[0]", "bytes(view)", False),
    "a foreign call": ("import copy", "buf[8] = 1", "with_lock(lambda: copy.copy(buf))", True),
    "a map": (
        "import mmap; m = mmap.mmap(-1, 64); view = memoryview(m)[8:16]", "view[0] = 1", "m[8]", True
    ),
    "words of a map": (
        "import mmap; m = mmap.mmap(-1, 64); u = memoryview(m)[8:16]; v = memoryview(m)[16:]",
        "u[0] = 1",
        "v[0] = 1",
        False,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", PAIRS)
def test_what_depends_on_what(check: Check, name: str) -> None:
    """Two steps that touch one word, or one of them the whole buffer, are run in both orders; others in one."""
    setup, first, second, dependent = PAIRS[name]
    if "with_lock" in second:
        setup += "\nimport threading\nlock = threading.Lock()\ndef with_lock(f):\n    with lock: f()\n"
        first = "with_lock(lambda: buf.__setitem__(8, 1))"
    verdict = check(program(first, second, setup))
    assert verdict.status is Status.VERIFIED, str(verdict)
    assert (verdict.schedules > 1) is dependent, verdict.schedules


def test_an_aligned_word_is_stored_at_once(check: Check) -> None:
    """A number of eight bytes in one word is never seen half written; an unaligned one is."""
    for offset, status in ((0, Status.VERIFIED), (4, Status.REFUTED)):
        text = program(
            f"q = memoryview(buf)[{offset}:{offset + 8}].cast('Q')\nq[0] = 0x0101010101010101",
            f"seen.append(memoryview(buf)[{offset}:{offset + 8}].cast('Q')[0])",
            setup="buf[:] = bytes(16)",
            end="assert seen[0] in (0, 0x0101010101010101)",
        )
        assert check(text).status is status


def test_the_report_names_the_bytes(check: Check) -> None:
    """Steps are shown as the bytes that they touch, with what was in them."""
    text = """
        def scenario():
            buf, seen = bytearray(b'o' * 16), []
            def one():
                buf[0:16] = b'n' * 16
            def two():
                seen.append(memoryview(buf)[4:12].tobytes())
            together(one, two)
            assert seen[0] in (b'o' * 8, b'n' * 8)
    """
    steps = [(step.op, step.value) for step in check(text).failure.steps]  # type: ignore[union-attr]
    assert ("write buf[0:8]", "b'nnnnnnnn'") in steps
    assert ("read buf[4:8]", "b'nnnn'") in steps
    assert ("read buf[8:12]", "b'oooo'") in steps


def test_bytes_beside_each_other_are_no_lost_update(check: Check) -> None:
    """The reason of a failure speaks of a lost update only where the same bytes were written."""
    text = program("buf[0] += 1", "buf[1] = 5", end="assert len(seen) == 1")
    assert "lost" not in check(text).failure.why  # type: ignore[union-attr]
    text = program("buf[0] += 1", "buf[0] += 1", end="assert buf[0] == 113")
    assert "An update was lost" in check(text).failure.why  # type: ignore[union-attr]


def test_a_step_keeps_no_view_alive(check: Check) -> None:
    """A view that the program has dropped does not forbid resizing."""
    text = program("view = memoryview(buf)\nview[0] = 1\nview = None\nbuf.append(1)", "pass")
    assert check(text).status is Status.VERIFIED


def test_a_view_forbids_resizing(check: Check) -> None:
    """One that lives does, under the checker as elsewhere."""
    text = program("buf.append(1)", "buf[0]", setup="view = memoryview(buf)")
    verdict = check(text)
    assert verdict.failure is not None
    assert "BufferError" in verdict.failure.message


# Each is run plainly, and with every access announced; value and exception must be the same.
PLAIN = """
buf[100]
buf[-17]
buf[100] = 1
buf[0] = 256
buf[0] = 'x'
buf[0:16] = 5
buf[0:16] = 'x'
buf[0:16] = [256] * 16
buf[0:16] = b''
buf[0:0] = b'abc'
buf[20:30] = b'abc'
buf[::2] = b'abc'
buf[::2] = b'12345678'
buf[::-1] = bytes(range(16))
buf[12:3:-4] = b'xyz'
buf[0:16:0] = b''
buf['x']
buf['x'] = 1
buf[1.5:2] = b'x'
buf[:] = buf
buf[4:12] = memoryview(buf)[0:8]
buf[0:8] = array.array('q', [7])
buf[True] = 1
buf[0:16] = iter(range(16))
buf[Index():] = b'zz'
buf[Index()] = 3
buf[::3]
buf[10:2:-3]
buf[5:3]
buf[3:3]
view[100]
view[100] = 1
view[0] = 256
view[0:4] = b'12345'
view[0:16] = b'12345'
view[0:16] = array.array('q', [1, 2])
view[0:16] = array.array('B', range(16))
view[::2] = b'12345678'
view[2:14:3] = b'1234'
view[...] = 1
view[0, 0]
view[::-1][0:16] = bytes(range(16))
view[::-1].tobytes()
view[3:11].tobytes('F')
bytes(view[::2])
view.cast('H')[2:6].tolist()
view.cast('d')[0] = 'x'
view.cast('d')[0] = 1.5
view[4:12].cast('Q')[0] = 1 << 64
view[4:12].cast('Q')[0] = 77
view[4:12].cast('Q')[0]
view.cast('Q')[0:2] = view
view.cast('B', (2, 8))[1, 3]
view.cast('B', (2, 8))[1, 3] = 4
view.cast('B', (2, 8)).tobytes()
bytes(view.cast('B', (2, 8)))
view.toreadonly()[0:16] = bytes(16)
view.toreadonly()[0] = 1
frozen[0:9] = bytes(9)
frozen[3]
bytes(frozen)
gone[0]
gone[0] = 1
gone[0:16] = bytes(16)
bytes(gone)
bool(gone)
struct.pack_into('16s', gone, 0, b'')
struct.pack_into('QQ', buf, 0, 1, 2)
struct.pack_into('QQ', buf, 1, 1, 2)
struct.pack_into('Q', buf, -8, 1)
struct.pack_into('Q', buf, -20, 1)
struct.pack_into('QQ', buf, 0, 1)
struct.pack_into('QQ', buf, 0, 1, -1)
struct.pack_into('QQ', frozen, 0, 1, 1)
struct.pack_into('QQ', view[::2], 0, 1, 1)
struct.pack_into('B3xB', buf, 6, 1, 1)
struct.pack_into('', buf, 3)
struct.pack_into('Q', [1], 0, 1)
struct.pack_into('Q', buf, 'x', 1)
struct.pack_into('?!', buf, 0, 1)
struct.pack_into('Q')
struct.unpack_from('QQ', buf)
struct.unpack_from('QQ', buf, 1)
struct.unpack_from('B', buf, offset=-1)
struct.unpack_from('B', buf, -17)
struct.unpack_from('B', 'x')
struct.unpack_from(format='B', buffer=buf)
struct.unpack('16s', view)
struct.unpack('15s', view)
struct.unpack('16s', [1])
list(struct.iter_unpack('Q', buf))
list(struct.iter_unpack('3s', buf))
struct.Struct('Q').unpack_from(buffer=buf, offset=8)
struct.Struct.pack_into(struct.Struct('Q'), buf, 0, 3)
int.from_bytes(buf, 'big')
int.from_bytes(view[0:3], byteorder='little', signed=True)
int.from_bytes([1, 2], 'big')
bytes(buf)
bytearray(view[3:])
bytes(numbers)
bytes([1, 2])
bytes('x', 'ascii')
bytes('x')
bytes(3)
bytes()
bytearray(b'x') + buf
numbers[1] = 1 << 63
numbers[3]
numbers[0:2] = b'x'
numbers[0:2] = array.array('i', [1])
numbers[0:2] = array.array('q', [8, 9])
numbers[0:1] = array.array('q', [8, 9])
numbers[::-2] = array.array('q', [8, 9])
numbers[::-1]
numbers[0:2]
numbers.tobytes()
letters[1] = 'x'
letters[0:2] = letters[1:3]
letters[0:3]
buf.append(5)
numbers.append(5)
buf.extend(view)
del buf[0]
del numbers[0]
[x for x in view]
list(reversed(view))
list(numbers)
view == buf
buf == b'o'
len(view), len(buf), len(numbers)
f'{buf}'
sum(view)
memoryview(numbers)[0:2] = memoryview(array.array('q', [3, 4]))
""".strip().splitlines()
WORLD = """
import array, struct, warnings
warnings.simplefilter('ignore')
class Index:
    def __index__(self): return 14
buf = bytearray(range(97, 113)); view = memoryview(bytearray(range(97, 113)))
frozen = memoryview(bytes(range(16))); numbers = array.array('q', [1, 2, 3])
letters = array.array('u', 'abc'); gone = memoryview(b'x'); gone.release()
result = error = None
"""


@pytest.mark.parametrize("statement", PLAIN)
def test_plain_behaviour(tmp_path: Path, statement: str) -> None:
    """Every operation gives the same value, exception and content as without the checker."""
    assigns = "] = " in statement or statement.startswith("del ")
    lines = f"{statement if assigns else 'result = ' + statement}"
    body = (
        "try:\n"
        + textwrap.indent(lines, "    ")
        + "\nexcept Exception as e:\n    error = (type(e).__name__, str(e))\n"
    )
    state = "repr((result, error, bytes(buf), bytes(view), numbers.tolist(), letters.tolist()))"
    plain: dict[str, object] = {}
    exec(compile(WORLD + body + f"result = {state}", "plain", "exec"), plain)
    text = WORLD + "def act():\n    global result, error\n" + textwrap.indent(body, "    ")
    text += f"    result = {state}\ndef idle():\n    pass\ndef scenario():\n    together(act, idle)\n"
    file = tmp_path / "program.py"
    file.write_text(TOGETHER + text)
    assert observed(file) == {(None, plain["result"])}


RING = """
import struct


class Ring:
    def __init__(self, buffer, slots, size):
        self.words = memoryview(buffer)[:16].cast("Q")  # how many were taken, how many were put
        self.data = memoryview(buffer)[16:]
        self.slots, self.size = slots, size

    def push(self, item):
        put = self.words[1]
        if put - self.words[0] == self.slots:
            return False
        at = put % self.slots * self.size
        self.data[at : at + self.size] = item
        self.words[1] = put + 1
        return True

    def pop(self):
        taken = self.words[0]
        if self.words[1] == taken:
            return None
        at = taken % self.slots * self.size
        item = bytes(self.data[at : at + self.size])
        self.words[0] = taken + 1
        return item


def scenario():
    ring = Ring(bytearray(16 + 16 * SLOTS), SLOTS, 16)
    put, got = [], []

    def producer():
        for n in range(COUNT):
            item = bytes([n + 1]) * 16
            if ring.push(item):
                put.append(item)

    def consumer():
        for _ in range(COUNT):
            got.append(ring.pop())

    for n in range(BEFORE):
        ring.push(bytes([n + 100]) * 16)
        ring.pop()
    together(producer, consumer)
    got += [ring.pop() for _ in range(SLOTS)]
    assert [item for item in got if item is not None] == put
"""
_STORE = "        self.data[at : at + self.size] = item\n"
_PUBLISH = "        self.words[1] = put + 1\n"
WRONG_RINGS = {
    "index published before the data": (_STORE + _PUBLISH, _PUBLISH + _STORE),
    "full taken for empty": ("if put - self.words[0] == self.slots:", "if False:"),
    "wrap-around off by one": ("at = taken % self.slots", "at = taken % (self.slots + 1)"),
    "the slot given back before it is read": (
        "        item = bytes(self.data[at : at + self.size])\n        self.words[0] = taken + 1\n",
        "        self.words[0] = taken + 1\n        item = bytes(self.data[at : at + self.size])\n",
    ),
}


@pytest.mark.parametrize(("slots", "count"), [(1, 2), (2, 2), (2, 3)])
def test_a_ring_between_two_is_verified(check: Check, slots: int, count: int) -> None:
    """The index is published after the record, and the slot is given back after it was read."""
    verdict = check(f"SLOTS, COUNT, BEFORE = {slots}, {count}, 1\n{RING}")
    assert verdict.status is Status.VERIFIED, str(verdict)


@pytest.mark.parametrize("name", WRONG_RINGS)
def test_a_wrong_ring_is_refuted(check: Check, name: str) -> None:
    """Each of these loses a record, repeats one, or shows one half written."""
    right, wrong = WRONG_RINGS[name]
    assert right in RING
    verdict = check(f"SLOTS, COUNT, BEFORE = 2, 3, 1\n{RING.replace(right, wrong)}", max_schedules=20_000)
    assert verdict.status is Status.REFUTED, str(verdict)
