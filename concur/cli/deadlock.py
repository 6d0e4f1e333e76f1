"""``concur deadlock``: somebody else's program, run once, under watch.

The program is run as ``python FILE.py`` runs it, and what it returns is passed
on, unless there is a deadlock: then who waits for whom is printed, and the
process ends, since the threads of a deadlock cannot be ended. What the watch has
to say goes to standard error; standard output is the program's.
"""

import io
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import CodeType, ModuleType, TracebackType
from typing import NoReturn

import click

from concur.cli.door import REFUTED, STOPPED
from concur.deadlock import Report, watch
from concur.errors import UsageError


@click.command(context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@click.argument("file", metavar="FILE.py")
@click.argument("arguments", nargs=-1, metavar="[ARGS]...", type=click.UNPROCESSED)
@click.option("--strict", is_flag=True, help="Exit code 1 also for what can deadlock but did not.")
@click.option("--no-order", is_flag=True, help="Only look for real deadlocks; faster.")
def deadlock(file: str, arguments: tuple[str, ...], strict: bool, no_order: bool) -> int:
    """Run a program and watch its locks.

    Prints a deadlock when it happens, and ends the program with exit code 1. At the
    end, prints which locks were taken in orders that contradict each other.
    """
    try:
        with io.open_code(os.path.abspath(file)) as stream:
            source = stream.read()
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}.") from None
    potentials: list[Report] = []
    end = _Ending()

    def keep(report: Report) -> None:
        if report.kind == "suspicion":  # about a program that may never come to its end
            _say(f"{report}\n")
        else:
            potentials.append(report)

    with _as_main(file, arguments) as main:
        with watch(order=not no_order, on_deadlock=end.deadlock, on_potential=keep):
            try:
                code = _run(source, file, main)
            except KeyboardInterrupt:
                _say("stopped")
                end.now(STOPPED)
        for report in potentials:
            _say(f"{report}\n")
        _say(f"concur: no deadlock happened in this run of {file}; {_count(potentials, no_order)}")
    return code or (REFUTED if strict and potentials else 0)


class _Ending:
    """Ends the process whatever its threads are doing."""

    def __init__(self) -> None:
        self._first = threading.Lock()  # never released: one deadlock is told, and nothing after it

    def deadlock(self, report: Report) -> None:
        self._first.acquire()
        _say(f"deadlock: {report}")
        self.now(REFUTED)

    def now(self, code: int) -> NoReturn:
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except (OSError, ValueError):  # nobody reads it any more
                pass
        os._exit(code)


@contextmanager
def _as_main(file: str, arguments: tuple[str, ...]) -> Iterator[ModuleType]:
    """Let the program find what it finds when Python runs it."""
    before = sys.argv, sys.path[:], sys.modules["__main__"]
    main = ModuleType("__main__")
    main.__dict__.update(__file__=file, __builtins__=__builtins__, __spec__=None, __cached__=None)
    sys.argv = [file, *arguments]
    sys.path.insert(0, os.path.dirname(os.path.abspath(file)))
    sys.modules["__main__"] = main
    try:
        yield main
    finally:
        sys.argv, sys.path[:], sys.modules["__main__"] = before


def _run(source: bytes, file: str, main: ModuleType) -> int:
    """Run the program until its last thread has ended, daemons excepted; its exit code."""
    code = 0
    try:
        exec(_compiled(source, file), main.__dict__)
    except SystemExit as leaving:
        code = _exit_code(leaving.code)
    except Exception as error:
        error.__traceback__ = _below(error.__traceback__)
        sys.excepthook(type(error), error, error.__traceback__)
        code = 1
    sys.stdout.flush()
    for thread in threading.enumerate():
        if thread is not threading.current_thread() and not thread.daemon:
            thread.join()
    return code


def _compiled(source: bytes, file: str) -> CodeType:
    return compile(source, file, "exec", dont_inherit=True)


def _below(trace: TracebackType | None) -> TracebackType | None:
    """The part of a traceback that is in the program."""
    while trace is not None and trace.tb_frame.f_code.co_filename == __file__:
        trace = trace.tb_next
    return trace


def _exit_code(given: object) -> int:
    """What Python makes of ``sys.exit(given)``."""
    if given is None:
        return 0
    if isinstance(given, int):
        return given & 0xFF
    _say(str(given))
    return 1


def _count(potentials: list[Report], no_order: bool) -> str:
    if no_order:
        return "lock orders were not looked at."
    if not potentials:
        return "no lock orders contradict each other."
    return "one can happen, see above." if len(potentials) == 1 else f"{len(potentials)} can, see above."


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
