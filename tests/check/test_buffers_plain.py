"""Under the checker, an operation on a buffer gives what it gives without."""

import textwrap
from pathlib import Path

import pytest

from .conftest import TOGETHER, observed

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
