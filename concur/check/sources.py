"""Read a file, rewrite it and compile it, once as long as it does not change."""

import importlib.util
import linecache
import os
from pathlib import Path

from concur.check.rewrite import rewrite
from concur.errors import UsageError


class Compiled:
    """A rewritten file."""

    __slots__ = ("code", "file", "names", "source")

    def __init__(self, source: str, file: str) -> None:
        try:
            tree, self.names = rewrite(source, file)
            self.code = compile(tree, file, "exec", dont_inherit=True, optimize=0)
        except SyntaxError as error:
            where = f"{file}:{error.lineno}"
            line = (error.text or "").strip()
            raise UsageError(
                f"{where}: this file is not Python: {error.msg}{': ' + line if line else ''}"
            ) from None
        except ValueError as error:  # a null byte
            raise UsageError(f"{file}: this file is not Python: {error}") from None
        except RecursionError:
            raise UsageError(
                f"{file}: an expression in this file is nested too deeply to be rewritten"
            ) from None
        self.file = file
        self.source = source


cache: dict[str, tuple[int, int, Compiled]] = {}  # file -> its time and size, and what it became


def compile_file(file: str) -> Compiled:
    try:
        stat = os.stat(file)
        known = cache.get(file)
        if known is not None and known[:2] == (stat.st_mtime_ns, stat.st_size):
            return known[2]
        text = importlib.util.decode_source(Path(file).read_bytes())
    except (UnicodeDecodeError, SyntaxError) as error:
        raise UsageError(f"{file}: this file is not text in UTF-8: {error}") from None
    except IsADirectoryError:
        raise UsageError(f"{file} is a folder; name a Python file") from None
    except FileNotFoundError:
        raise UsageError(f"{file}: there is no such file") from None
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}") from None
    linecache.checkcache(file)
    compiled = Compiled(text, file)
    cache[file] = (stat.st_mtime_ns, stat.st_size, compiled)
    return compiled
