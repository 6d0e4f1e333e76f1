"""Where every command begins and ends: faults become one line and an exit code."""

import os
import signal
import sys
import traceback
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NoReturn

import click

from concur.check.verdict import Status
from concur.errors import UsageError

VERIFIED, REFUTED, WRONG_USAGE, NO_CLAIM, OUR_FAULT, STOPPED = 0, 1, 2, 3, 70, 130
_WORST_FIRST = (WRONG_USAGE, REFUTED, NO_CLAIM, VERIFIED)
CODES = {
    Status.VERIFIED: VERIFIED,
    Status.REFUTED: REFUTED,
    Status.UNFINISHED: NO_CLAIM,
    Status.UNCHECKABLE: NO_CLAIM,
}


class Door(click.Group):
    """The group of commands; whatever goes wrong inside becomes one line and an exit code."""

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        **extra: Any,
    ) -> NoReturn:
        for stream in (sys.stdout, sys.stderr):
            if hasattr(stream, "reconfigure"):
                stream.reconfigure(errors="backslashreplace")  # a source line may hold any character
        sys.exit(self._run(args, prog_name, complete_var, **extra))

    def _run(
        self, args: Sequence[str] | None, prog_name: str | None, complete_var: str | None, **extra: Any
    ) -> int:
        try:
            code = super().main(args, prog_name, complete_var, standalone_mode=False, **extra)
            sys.stdout.flush()
            return code if isinstance(code, int) else VERIFIED
        except click.UsageError as error:
            path = error.ctx.command_path if error.ctx else "concur"
            return complain(f"{error.format_message()} See `{path} --help`.")
        except UsageError as error:
            return complain(str(error))
        except (KeyboardInterrupt, click.Abort):
            click.echo("stopped", err=True)
            # Python marks that Ctrl-C has ended an exec of a text, such as the making of a dataclass, and `python -m`
            # then ends itself by SIGINT, caught or not. The next such exec takes the mark back.
            exec("")
            return STOPPED
        except BrokenPipeError:
            # Whoever read our output has left: say no more, not even at exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return REFUTED
        except Exception as error:
            if os.environ.get("CONCUR_TRACEBACK") == "1":
                traceback.print_exc()
            said = " ".join(f"{type(error).__name__}: {error}".split())
            click.echo(
                f"concur: a fault in concur itself, not in your program: {said}\n"
                "Please report it to the maintainers of concur, with what the same command prints "
                "under CONCUR_TRACEBACK=1.",
                err=True,
            )
            return OUR_FAULT


def complain(message: str) -> int:
    click.echo(f"concur: {message}", err=True)
    return WRONG_USAGE


def worst(codes: Iterable[int]) -> int:
    """The exit code of several.

    >>> worst([0, 3, 1, 0])
    1
    """
    found = set(codes)
    return next((code for code in _WORST_FIRST if code in found), VERIFIED)


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """Make a request to end, or a closed terminal, leave through every ``finally``, as Ctrl-C does."""

    def leave(number: int, frame: object) -> NoReturn:
        raise SystemExit(128 + number)

    wanted = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before = [(number, signal.signal(number, leave)) for number in wanted]
    try:
        yield
    finally:
        for number, handler in before:
            signal.signal(number, handler)
