"""Words of buffers: what is torn and what is not, what races and what does not."""

import textwrap
from pathlib import Path

import pytest

from concur.check import Status

from .conftest import TOGETHER, Check, observed

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
