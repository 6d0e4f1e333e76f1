"""A history: the calls of one object, by whom, with what, answered how, and which ended before which began.

The beginning and the end of a call are visible operations at one place. Two
beginnings commute, and so do two ends, but an end and a beginning do not: which
of the two came first is what a history tells, so the search must try both.
While the main thread is alone nothing is announced, and the order is the
program's. Without the checker a lock keeps the record in order.
"""

import _thread
import contextlib
import threading
from collections.abc import Callable, Iterator
from types import AsyncGeneratorType, CoroutineType, GeneratorType
from typing import Any, NoReturn

from concur.check import engine as runs
from concur.check import ops
from concur.check.calls import callee
from concur.check.engine import Engine
from concur.check.fields import load_attr, method, store_attr
from concur.check.snapshots import Atoms, reads_of
from concur.check.threads import Abort
from concur.check.trace import short
from concur.check.variables import unwatched
from concur.errors import UsageError

__concur__ = True  # what is defined here announces by itself

MOST_CALLS = 64
SITE = ("", 0)  # of an access that no line of the program makes
_LAZY = (GeneratorType, CoroutineType, AsyncGeneratorType)


class Itself:
    """The answer of a method that returns its own object, whichever object that is."""

    def __repr__(self) -> str:
        return "itself"


ITSELF = Itself()


class Answer:
    """What a call returned, or the name and the arguments of the exception that it raised."""

    __slots__ = ("raised", "value")

    def __init__(self, value: Any, raised: str | None = None) -> None:
        self.value = value
        self.raised = raised

    @classmethod
    def of_error(cls, error: BaseException) -> "Answer":
        return cls(error.args, type(error).__qualname__)

    def same(self, other: "Answer") -> bool:
        """Whether two answers are equal. An ``==`` that raises says no."""
        if self.raised != other.raised:
            return False
        mine, theirs = self.value, other.value
        if mine is theirs or mine is ITSELF or theirs is ITSELF:
            return mine is theirs
        try:
            return bool(mine == theirs)
        except Exception:  # of any class: the comparison is code of the program
            return False

    def verb(self) -> str:
        return "returned" if self.raised is None else "raised"

    def __str__(self) -> str:
        if self.raised is None:
            return short(self.value)
        name = self.raised.rpartition(".")[2]
        return f"{name}({', '.join(map(short, self.value))})"


class Call:
    """One call. `ended` is None while it has not returned, and for ever if it never does."""

    __slots__ = ("answer", "args", "began", "ended", "how", "kwargs", "name", "number", "thread")

    def __init__(
        self, number: int, thread: str, how: str, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> None:
        self.number = number  # of the thread
        self.thread = thread
        self.how = how  # "call", "read" or "write"
        self.name = name
        self.args = args
        self.kwargs = kwargs
        self.answer: Answer | None = None
        self.began = -1
        self.ended: int | None = None

    def __str__(self) -> str:
        name = self.name.strip("_") if self.name.startswith("__") else self.name
        if self.how == "read":
            return name
        if self.how == "write":
            return f"{name} = {short(self.args[0])}"
        given = [short(value) for value in self.args]
        given += [f"{key}={short(value)}" for key, value in self.kwargs.items()]
        return f"{name}({', '.join(given)})"

    def told(self) -> str:
        """The call and its answer."""
        if self.ended is None or self.answer is None:
            return f"{self}, never returned"
        if self.answer.raised is not None:
            return f"{self} raised {self.answer}"
        return str(self) if self.how == "write" else f"{self} -> {self.answer}"


class History:
    """The calls of one object so far, and the model that they are compared with."""

    def __init__(self, implementation: Any, make_model: Callable[[], object], model: Any) -> None:
        self._object = implementation
        self.model = model
        self.model_name = _name(make_model)
        self.object_name = type(implementation).__name__
        self.calls: list[Call] = []
        self.atoms = Atoms()
        self.proxy: Any = None
        self.run: Engine | None = None
        self.ticks = 0  # beginnings and ends so far
        self.lock = _thread.allocate_lock()

    def perform(self, how: str, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Do to the object what the program asks of the proxy, and write it down."""
        run = runs.active
        if run is not None and run.dead:  # it is being torn down
            return act(self._object, how, name, args, kwargs)
        self._check(run, how, name)
        call = self._begin(run, how, name, args, kwargs)
        try:
            result = act(self._object, how, name, args, kwargs)
        except (Abort, KeyboardInterrupt):
            raise
        except BaseException as error:  # whatever a call raises is its answer
            if run is None or not run.dead:
                self._end(run, call, Answer.of_error(error))
            raise
        if isinstance(result, _LAZY) or (name == "__iter__" or hasattr(type(result), "__next__")):
            self._misuse(
                run,
                f"{self.object_name}.{name} returned a {type(result).__name__}: what it yields comes later, so"
                " this is not one call; return a list",
            )
        self._end(run, call, Answer(ITSELF if result is self._object else result))
        return self.proxy if result is self._object else result

    def _check(self, run: Engine | None, how: str, name: str) -> None:
        if run is not None and self.run is not run:
            self.run = run
            run.histories.append(self)
        if len(self.calls) >= MOST_CALLS:
            self._misuse(
                run,
                f"more than {MOST_CALLS} calls of one {self.object_name}: the orders of so many cannot be"
                " searched; keep the scenario small",
            )
        if how != "write" and not has(self.model, name):
            self._misuse(
                run,
                f"the model {self.model_name} has no '{name}', which the program asks of {self.object_name};"
                " a model has the same methods",
            )

    def _misuse(self, run: Engine | None, message: str) -> NoReturn:
        misuse(run, f"linearizable: {message}")

    def _begin(
        self, run: Engine | None, how: str, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Call:
        if run is None:
            call = Call(threading.get_ident(), threading.current_thread().name, how, name, args, kwargs)
        else:
            call = Call(run.current.tid, run.current.name, how, name, args, kwargs)
        with self._recorded(run, ops.READ, call, (*args, *kwargs.values())):
            call.args = tuple(self.atoms.snapshot(value) for value in args)
            call.kwargs = {key: self.atoms.snapshot(value) for key, value in kwargs.items()}
            call.began = self.ticks
            self.calls.append(call)
        return call

    def _end(self, run: Engine | None, call: Call, answer: Answer) -> None:
        values = answer.value if answer.raised is not None else (answer.value,)
        with self._recorded(run, ops.ADVANCE, call, values):
            call.answer = Answer(self.atoms.snapshot(answer.value), answer.raised)
            call.ended = self.ticks
        if run is not None and run.recording and not run.alone:
            run.recorder.steps[-1].what = call.told()

    @contextlib.contextmanager
    def _recorded(self, run: Engine | None, kind: int, call: Call, values: tuple[Any, ...]) -> Iterator[None]:
        """Announce a beginning or an end, with the reading of what is copied then, and let it be noted."""
        if run is not None and not run.alone:
            reads = reads_of(self.atoms.note(values))
            run.step((kind, (id(self), ops.HISTORY), call, None, reads or None))
        with self.lock:
            self.atoms.note(values)  # again: while the step waited, they may have changed
            yield
            self.ticks += 1


def act(thing: Any, how: str, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Call a method, or read or write a field or property, as rewritten code would."""
    if how == "read":
        return load_attr(thing, name, SITE)
    if how == "write":
        return store_attr(args[0], thing, name, SITE)
    if name.startswith("__"):  # an operator is looked up on the class
        return callee(getattr(type(thing), name), SITE)(thing, *args, **kwargs)
    return method(thing, name, SITE)(*args, **kwargs)


def misuse(run: Engine | None, message: str) -> NoReturn:
    """Raise a usage error, here and, whatever the program makes of it, from the check.

    Raises:
        UsageError: always.
    """
    if run is not None:
        run.misuse = run.misuse or message
    raise UsageError(message)


def _name(make_model: Any) -> str:
    name = getattr(make_model, "__name__", type(make_model).__name__)
    return "the model" if name == "<lambda>" else str(name)


def has(model: Any, name: str) -> bool:
    """Whether a model has a method or a field of that name."""
    if name in getattr(type(model), "__dict__", ()):
        return True
    with unwatched():
        return hasattr(type(model) if name.startswith("__") else model, name)
