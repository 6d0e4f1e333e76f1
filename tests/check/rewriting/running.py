"""Run one program plainly, through the loader, and in explorations: what it prints must be the same."""

import contextlib
import io
import re
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from concur.check import Status, Verdict, explore, sample
from concur.check.loader import Loader

# `log(x)` notes when it is evaluated; `lines(error)` says which lines of the program an exception passed.
PRELUDE = """
import functools, itertools, operator, collections, contextlib, dataclasses, enum, inspect, sys, typing
class Box:
    def __init__(self, **fields): self.__dict__.update(fields)
def log(value):
    print("log", value)
    return value
def lines(error):
    found, traceback = [], error.__traceback__
    while traceback is not None:
        if traceback.tb_frame.f_code.co_filename == __file__:
            found.append(traceback.tb_lineno - FIRST)
        traceback = traceback.tb_next
    return found
"""

# The other thread is alive while the program runs, so each of the program's accesses is announced.
SCENARIO = """
def scenario():
    import threading
    gate = threading.Lock()
    gate.acquire()
    other = threading.Thread(target=gate.acquire)
    other.start()
    program()
    gate.release()
    other.join()
"""
FAILING = SCENARIO + "    assert False, 'run again, recorded'\n"


def written(folder: Path, body: str, scenario: str = "") -> Path:
    """A file with the program: in a function if there is a scenario, else at the top of the file."""
    text = textwrap.dedent(body).strip("\n")
    future = ""
    if text.startswith("from __future__"):
        future, _, text = text.partition("\n")
    if scenario:
        text = "def program():\n" + textwrap.indent(text, "    ") + "\n" + scenario
    head = f"{future}\n{PRELUDE}"
    file = folder / f"program_{len(list(folder.iterdir()))}.py"
    file.write_text(f"{head}FIRST = {head.count(chr(10)) + 2}\n{text}\n")
    return file


def without_addresses(text: str) -> str:
    return re.sub(r" at 0x[0-9a-f]+", " at 0x", text)


@contextlib.contextmanager
def printed_to(stream: io.StringIO) -> Iterator[None]:
    with contextlib.redirect_stdout(stream), contextlib.redirect_stderr(stream):
        yield


def plainly(file: Path, call: str = "") -> str:
    """What the file prints when it is imported as ever, and one of its functions is called."""
    module = ModuleType(file.stem)
    module.__file__ = str(file)
    out = io.StringIO()
    sys.modules[file.stem] = module
    try:
        with printed_to(out):
            exec(compile(file.read_text(), str(file), "exec", dont_inherit=True), module.__dict__)
            if call:
                getattr(module, call)()
    finally:
        del sys.modules[file.stem]
    return without_addresses(out.getvalue())


def loaded(file: Path, call: str = "") -> str:
    """What it prints when it is rewritten, without a run."""
    out = io.StringIO()
    loader = Loader(file)
    loader.fresh()
    try:
        with printed_to(out):
            module = loader.main_module()
            if call:
                getattr(module, call)()
    finally:
        loader.fresh()
    return without_addresses(out.getvalue())


def explored(file: Path) -> str:
    """What it prints with another thread alive, where accesses that may matter are announced."""
    return output(explore(f"{file}::scenario", max_seconds=None), Status.VERIFIED)


def sampled(file: Path) -> str:
    """What it prints where all accesses are announced."""
    return output(sample(f"{file}::scenario", runs=1), Status.UNFINISHED)


def recorded(file: Path) -> str:
    """What it prints where the value of each step is written down, too; its scenario must be `FAILING`."""
    verdict = explore(f"{file}::scenario", max_seconds=None)
    printed = output(verdict, Status.REFUTED)
    assert verdict.failure is not None
    assert "run again, recorded" in verdict.failure.message, f"{verdict}"
    return printed


def output(verdict: Verdict, expected: Status) -> str:
    """What the last run of an exploration printed."""
    assert verdict.status is expected, f"{verdict}\n{verdict.output}"
    return without_addresses(verdict.output)
