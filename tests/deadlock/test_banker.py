"""The banker: what is granted, what is not, and that no interleaving deadlocks."""

import itertools
import threading
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from concur import deadlock
from concur.check import Status, explore
from concur.deadlock import Banker, safe_order

FILE = Path(deadlock.__file__).parent / "banker.py"


def test_the_example_of_the_textbooks() -> None:
    """Five clients and three kinds: which requests are granted, and why not the others."""
    claims = {
        "P0": {"A": 7, "B": 5, "C": 3},
        "P1": {"A": 3, "B": 2, "C": 2},
        "P2": {"A": 9, "B": 0, "C": 2},
        "P3": {"A": 2, "B": 2, "C": 2},
        "P4": {"A": 4, "B": 3, "C": 3},
    }
    banker = Banker({"A": 10, "B": 5, "C": 7}, claims)
    for client, held in [
        ("P0", (0, 1, 0)),
        ("P1", (2, 0, 0)),
        ("P2", (3, 0, 2)),
        ("P3", (2, 1, 1)),
        ("P4", (0, 0, 2)),
    ]:
        assert banker.request(client, dict(zip("ABC", held, strict=True)))
    assert banker.free() == {"A": 3, "B": 3, "C": 2}
    assert banker.request("P1", {"A": 1, "C": 2})
    assert banker.held("P1") == {"A": 3, "B": 0, "C": 2}
    assert not banker.request("P4", {"A": 3, "B": 3})  # there is not so much
    assert not banker.request("P0", {"B": 2})  # there is, but nobody could finish then
    assert banker.free() == {"A": 2, "B": 3, "C": 0}
    assert banker.safe_order()[0] in ("P1", "P3")


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=4),
    st.integers(0, 4),
)
def test_safe_order(pairs: list[tuple[int, int]], free: int) -> None:
    """There is one exactly if some order of all works out, and the one that is given does."""
    held = {f"C{index}": {"x": min(pair)} for index, pair in enumerate(pairs)}
    claims = {f"C{index}": {"x": max(pair)} for index, pair in enumerate(pairs)}

    def works(order: tuple[str, ...]) -> bool:
        left = free
        for client in order:
            if claims[client]["x"] - held[client]["x"] > left:
                return False
            left += held[client]["x"]
        return True

    found = safe_order({"x": free}, held, claims)
    if found is None:
        assert not any(works(order) for order in itertools.permutations(claims))
    else:
        assert sorted(found) == sorted(claims)
        assert works(tuple(found))


def test_misuse() -> None:
    """The message says what was asked for and what would have been right."""
    with pytest.raises(ValueError, match="'Ann' claims 3 of 'x', but there are 2"):
        Banker({"x": 2}, {"Ann": {"x": 3}})
    with pytest.raises(ValueError, match="'Ann' claims 1 of 'y', but there are 0"):
        Banker({"x": 2}, {"Ann": {"y": 1}})
    with pytest.raises(ValueError, match="there cannot be -1 of 'x'"):
        Banker({"x": -1}, {})
    banker = Banker({"x": 2}, {"Ann": {"x": 2}})
    for call in (banker.request, banker.acquire):
        with pytest.raises(ValueError, match="'Ann' wants 3 of 'x' and holds 0, but has claimed 2"):
            call("Ann", {"x": 3})
        with pytest.raises(ValueError, match="wants -1 of 'x'"):
            call("Ann", {"x": -1})
        with pytest.raises(ValueError, match="'Bob' has made no claim: the clients are Ann"):
            call("Bob", {"x": 1})
    with pytest.raises(ValueError, match="'Ann' released 1 of 'x', but holds 0"):
        banker.release("Ann", {"x": 1})
    assert banker.free() == {"x": 2}


def test_all_or_nothing() -> None:
    """A request that cannot be met in one kind takes nothing of the others."""
    banker = Banker({"x": 2, "y": 1}, {"Ann": {"x": 2, "y": 1}, "Bob": {"y": 1}})
    assert banker.request("Bob", {"y": 1})
    assert not banker.request("Ann", {"x": 1, "y": 1})
    assert banker.free() == {"x": 2, "y": 0}
    assert not banker.acquire("Ann", {"x": 1, "y": 1}, timeout=0)
    banker.release("Bob")
    assert banker.acquire("Ann", {"x": 1, "y": 1})
    assert repr(banker) == "<Banker free={'x': 1, 'y': 0} held={'Ann': {'x': 1, 'y': 1}, 'Bob': {'y': 0}}>"


def test_real_threads(elsewhere) -> None:
    """Clients that take their claim unit by unit all finish."""
    kinds = {"x": 4, "y": 3}
    claims = {f"C{index}": {"x": 1 + index % 4, "y": 1 + index % 3} for index in range(6)}
    banker = Banker(kinds, claims)

    def work(client: str) -> None:
        for _ in range(20):
            for kind, amount in claims[client].items():
                for _ in range(amount):
                    assert banker.acquire(client, {kind: 1})
            banker.release(client)

    for client in claims:
        elsewhere.start(lambda client=client: work(client))
    elsewhere.join()
    assert not elsewhere.errors
    assert banker.free() == kinds


# Under every interleaving


def together(*calls: Callable[[], object]) -> None:
    threads = [threading.Thread(target=call) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def two_clients(module: ModuleType) -> None:
    """Both need all there is, and take it in two steps."""
    banker = module.Banker({"x": 2}, {"Ann": {"x": 2}, "Bob": {"x": 2}})

    def work(client: str) -> None:
        banker.acquire(client, {"x": 1})
        banker.acquire(client, {"x": 1})
        banker.release(client)

    together(lambda: work("Ann"), lambda: work("Bob"))
    assert banker.free() == {"x": 2}


def two_kinds(module: ModuleType) -> None:
    """Crosswise."""
    banker = module.Banker({"x": 1, "y": 1}, {"Ann": {"x": 1, "y": 1}, "Bob": {"x": 1, "y": 1}})

    def work(client: str, first: str, second: str) -> None:
        banker.acquire(client, {first: 1})
        banker.acquire(client, {second: 1})
        banker.release(client)

    together(lambda: work("Ann", "x", "y"), lambda: work("Bob", "y", "x"))
    assert banker.free() == {"x": 1, "y": 1}


def three_clients(module: ModuleType) -> None:
    """One call each; the third one is served by what the others give back."""
    banker = module.Banker({"x": 1}, {name: {"x": 1} for name in "ABC"})

    def work(client: str) -> None:
        banker.acquire(client, {"x": 1})
        banker.release(client)

    together(lambda: work("A"), lambda: work("B"), lambda: work("C"))
    assert banker.free() == {"x": 1}


@pytest.mark.parametrize("scenario", [two_clients, two_kinds, three_clients], ids=lambda each: each.__name__)
def test_verified(scenario: Callable[[ModuleType], None], attempt: Callable[[str, str], str]) -> None:
    """Nobody waits for ever, and nothing is lost."""
    verdict = explore(scenario, attempt=attempt("", ""), max_schedules=20_000, max_seconds=None)
    assert verdict.status is Status.VERIFIED, str(verdict)


@pytest.fixture
def attempt(tmp_path: Path) -> Callable[[str, str], str]:
    def write(right: str, wrong: str) -> str:
        text = FILE.read_text(encoding="utf-8")
        assert not right or text.count(right) == 1, "the mutant does not fit the file"
        path = tmp_path / "attempt_banker.py"
        path.write_text(text.replace(right, wrong) if right else text, encoding="utf-8")
        return str(path)

    return write


MUTANTS = {
    "grants what there is": (
        "if safe_order(free, {**self._held, client: after}, self._claims) is None:",
        "if False:",
        two_clients,
    ),
    "tells nobody": ("            self._changed.notify_all()  #", "            #", three_clients),
    "keeps what comes back": ("amount - back.get(kind, 0) for kind", "amount for kind", three_clients),
    "takes an unsafe state for safe": ("            return None\n", "            return order\n", two_kinds),
}


@pytest.mark.parametrize("mutant", MUTANTS)
def test_mutant_refuted(mutant: str, attempt: Callable[[str, str], str]) -> None:
    """The scenarios notice."""
    right, wrong, scenario = MUTANTS[mutant]
    verdict = explore(scenario, attempt=attempt(right, wrong), max_schedules=20_000, max_seconds=None)
    assert verdict.status is Status.REFUTED, str(verdict)
