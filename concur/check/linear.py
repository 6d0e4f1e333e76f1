"""Linearizability: as if each call of an object took effect at one moment between its beginning and its end.

A history is linearizable if its calls can be put in an order in which a
sequential model gives the same answers, and in which a call that ended before
another began comes before it (Herlihy, Wing: "Linearizability: a correctness
condition for concurrent objects", TOPLAS 1990). A call that never returned may
have taken effect at any moment since it began, or not at all.

The order is searched depth first (Wing, Gong: "Testing and verifying concurrent
objects", JPDC 1993); a set of calls and a state of the model from which no order
leads on are not tried again (Lowe: "Testing for linearizability", CCPE 2017).
"""

from collections.abc import Callable
from typing import Any, TypeVar

from concur.check import engine as runs
from concur.check.engine import Engine
from concur.check.history import ITSELF, Answer, Call, History, act, misuse
from concur.check.misfit import Misfit, explain
from concur.check.proxy import Proxy, proxy_for
from concur.check.snapshots import Freezer, frozen
from concur.check.variables import unwatched
from concur.check.virtual_locks import WouldBlock
from concur.errors import NotLinearizableError, UsageError

__concur__ = True  # what is defined here announces by itself

T = TypeVar("T")


def linearizable(model: Callable[[], object], implementation: T) -> T:
    """Have the calls of an object recorded, and compared with a sequential model when the run ends.

    The result is used in place of the object. A run whose calls fit no order refutes the scenario
    with kind ``"not-linearizable"``. Calls are: methods, operators (``len``, ``in``, ``[]``, ``with``,
    ``+=``, ...), and the reading and assigning of public fields and properties. Names that begin with ``_``
    are passed on unrecorded. At most 64 calls are recorded of one object.

    Args:
        model: a class, or a function without arguments, that makes the model: an object with the
            same methods, written for one thread. A method that would have to wait raises instead.
            A model depends on nothing but its own state, and ``copy.deepcopy`` can copy it.
        implementation: the object.

    Returns:
        A stand-in for the object.

    Raises:
        UsageError: the model cannot be made, or other threads of the run have not been joined.

    Answers are compared with ``==``, exceptions by the name of their class and by their arguments.

        >>> from concur import linearizable
        >>> from concur.check.linear import check
        >>> counts = linearizable(list, [])
        >>> counts.append(3)
        >>> len(counts), counts.pop()
        (1, 3)
        >>> check(counts)

    The notion is that of Herlihy and Wing, "Linearizability: a correctness condition for concurrent
    objects", TOPLAS 1990.
    """
    run = runs.active
    if run is not None and not run.alone and not run.dead:
        misuse(run, "linearizable: make the object before the threads that use it are started")
    if not callable(model):
        misuse(
            run,
            "linearizable: the model comes first, and is a class or a function that makes one,"
            f" not a {type(model).__name__}",
        )
    try:
        with unwatched():
            made = model()
    except Exception as error:  # of any class: it is the caller's code
        name = getattr(model, "__name__", "model")
        misuse(run, f"linearizable: {name}() makes no model: {type(error).__name__}: {error}")
    stand_in: T = proxy_for(History(implementation, model, made))
    return stand_in


def check(stand_in: object) -> None:
    """Compare what was recorded so far with the model, in a program that is not under the checker.

    Args:
        stand_in: what :func:`concur.linearizable` returned. No thread may be inside a call, except one that will not
            come back: a call that has not returned counts as one that may have taken effect.

    Raises:
        NotLinearizableError: no order of the calls fits; the message has the calls and the reason.
        UsageError: the model cannot be copied, waits, or is not that of a :func:`concur.linearizable` object;
            or other threads of the run have not been joined.
    """
    if not isinstance(stand_in, Proxy):
        raise UsageError(f"check: this {type(stand_in).__name__} was not made by linearizable()")
    run = runs.active
    if run is not None and not run.alone:
        misuse(run, "check: join the threads first")
    with unwatched():
        misfit = _examine(stand_in._cc_history)
    if misfit is not None:
        raise NotLinearizableError(f"{misfit.message}\n{misfit.why}")


def judge(engine: Engine, fitting: set[Any]) -> None:
    """After a run: note the first of its histories that does not fit its model.

    A run that failed otherwise, or did not reach its end, is not judged.

    Args:
        engine: the run.
        fitting: keys of histories that are known to fit; new ones are added.

    Raises:
        UsageError: the program or its model does what linearizable() cannot judge.
    """
    if engine.misuse is not None:
        raise UsageError(engine.misuse)
    if engine.pruned or engine.cut or engine.uncheckable or engine.went_wrong:
        return
    for history in engine.histories:
        key = _key(history)
        if key is not None and key in fitting:
            continue
        engine.misfit = _examine(history)
        if engine.misfit is not None:
            return
        if key is not None:
            fitting.add(key)


def _key(history: History) -> Any:
    """Equal for two histories only if one fits when the other does; None if there is no such key."""
    calls = sorted(history.calls, key=lambda call: (call.number, call.began))
    freezer = Freezer()
    frozen = freezer.key
    try:
        with unwatched():
            return (
                frozen(history.model),
                *[
                    (
                        call.number,
                        call.how,
                        call.name,
                        frozen(call.args),
                        frozen(call.kwargs),
                        _answer_key(call, frozen),
                    )
                    for call in calls
                ],
                *predecessors(calls),
            )
    except Exception:  # of any class: a value that cannot be taken apart
        return None


def _answer_key(call: Call, frozen: Callable[[Any], Any]) -> Any:
    if call.ended is None or call.answer is None:
        return None
    return (call.answer.raised, "itself" if call.answer.value is ITSELF else frozen((call.answer.value,)))


def predecessors(calls: list[Call]) -> list[int]:
    """For each call the set, as bits, of those that had ended when it began."""
    return [
        sum(
            1 << index
            for index, other in enumerate(calls)
            if other.ended is not None and other.ended < call.began
        )
        for call in calls
    ]


def _examine(history: History) -> Misfit | None:
    search = _Search(history)
    if search.extend(0, search.model.copied(), []):
        return None
    return explain(history, search.calls, search.before, search.best, search.model.replayed(search.best))


class _Model:
    """The model of a history: copied before each call, since the search goes back."""

    def __init__(self, history: History) -> None:
        self.history = history

    def copied(self, state: Any = None) -> Any:
        try:
            return self.history.atoms.copied(self.history.model if state is None else state)
        except Exception as error:  # of any class: copying runs code of the model
            raise UsageError(
                f"linearizable: the model {self.history.model_name} cannot be copied"
                f" ({type(error).__name__}: {error}); a model holds plain data"
            ) from None

    def answer(self, state: Any, call: Call) -> Answer:
        """Let the model do the call."""
        atoms = self.history.atoms
        args = tuple(atoms.snapshot(value) for value in call.args)
        kwargs = {key: atoms.snapshot(value) for key, value in call.kwargs.items()}
        try:
            result = act(state, call.how, call.name, args, kwargs)
        except WouldBlock:
            raise UsageError(
                f"linearizable: the model {self.history.model_name} waits in {call}; a model never waits:"
                " let it raise where the call could not go on"
            ) from None
        except UsageError as error:
            raise UsageError(
                f"linearizable: the model {self.history.model_name}, in {call}: {error}"
            ) from None
        except Exception as error:  # of any class: it is the model's answer
            return Answer.of_error(error)
        return Answer(ITSELF if result is state else result)

    def replayed(self, order: list[Call]) -> Callable[[Call], Answer]:
        """What the model answers to a call after those in the order."""

        def answer(call: Call) -> Answer:
            state = self.copied()
            for earlier in order:
                self.answer(state, earlier)
            return self.answer(state, call)

        return answer


class _Search:
    """The search for an order."""

    def __init__(self, history: History) -> None:
        # Calls are tried in the order in which they ended: most often that is one that fits.
        self.calls = sorted(
            history.calls,
            key=lambda call: (call.ended is None, call.began if call.ended is None else call.ended),
        )
        self.before = predecessors(self.calls)
        self.returned = sum(1 << index for index, call in enumerate(self.calls) if call.ended is not None)
        self.model = _Model(history)
        self.dead_ends: set[Any] = set()
        self.best: list[Call] = []
        self.most = -1  # calls that returned, in the best order so far

    def extend(self, done: int, state: Any, order: list[Call]) -> bool:
        """Whether the order, which led to the state, can be continued over all calls that returned."""
        if done & self.returned == self.returned:
            return True
        if self.dead_ends and (done, frozen(state)) in self.dead_ends:
            return False
        count = (done & self.returned).bit_count()
        if count > self.most:
            self.most, self.best = count, list(order)
        for index, call in enumerate(self.calls):
            if done >> index & 1 or self.before[index] & ~done:
                continue
            then = self.model.copied(state)
            answer = self.model.answer(then, call)
            if call.ended is not None and call.answer is not None and not answer.same(call.answer):
                continue
            if self.extend(done | 1 << index, then, [*order, call]):
                return True
        key = frozen(state)
        if key is not None:
            self.dead_ends.add((done, key))
        return False
