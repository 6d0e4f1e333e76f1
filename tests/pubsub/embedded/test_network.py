"""The network: what becomes of a request when something between two nodes is broken."""

import threading
from collections.abc import Callable

import pytest

from concur.pubsub.embedded import network as module
from concur.pubsub.embedded.network import CONTROLLER, Network, Node
from concur.pubsub.errors import Disconnected, RequestTimedOut
from tests.sync.conftest import Elsewhere, spin_until

FUSE = 60.0


@pytest.fixture
def network() -> Network:
    network = Network()
    network.join(1)
    network.join(2)
    return network


@pytest.fixture
def elsewhere():
    threads = Elsewhere()
    yield threads
    threads.join()


class Clock:
    """Time that passes only when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0
        self.meanwhile: Callable[[], object] = int

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.meanwhile()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(module, "time", clock)
    return clock


def test_a_request_is_a_call(network: Network) -> None:
    assert network.send("me", 1, lambda: "answer", FUSE) == "answer"
    with pytest.raises(ZeroDivisionError):
        network.send("me", 1, lambda: 1 // 0, FUSE)


def test_who_is_down_is_not_reached(network: Network) -> None:
    network.leave(1)
    with pytest.raises(Disconnected, match="broker-1 is down"):
        network.send("me", 1, lambda: pytest.fail("it was carried out"), FUSE)


def test_who_goes_down_in_the_middle_does_not_answer(network: Network) -> None:
    """The request was carried out, and nobody is told; a new life of the node does not answer for the old one."""
    done = []

    def work() -> None:
        done.append(1)
        network.leave(1)
        network.join(1)

    with pytest.raises(Disconnected) as caught:
        network.send("me", 1, work, FUSE)
    assert done == [1]
    assert not caught.value.definite


def test_each_life_has_its_number(network: Network) -> None:
    assert network.is_up(1, 1)
    network.leave(1)
    assert not network.is_up(1)
    assert network.join(1) == 2
    assert network.is_up(1, 2)
    assert not network.is_up(1, 1)


def test_nothing_passes_a_cut_in_either_direction(network: Network) -> None:
    network.cut([1], [2, "me"])
    pairs: list[tuple[Node, Node]] = [(1, 2), (2, 1), ("me", 1)]
    for source, target in pairs:
        with pytest.raises(Disconnected, match="no link"):
            network.send(source, target, lambda: pytest.fail("it was carried out"), FUSE)
    assert network.send("me", 2, lambda: 5, FUSE) == 5
    network.heal()
    assert network.send(1, 2, lambda: 5, FUSE) == 5


def test_a_link_that_is_cut_in_the_middle_loses_the_answer(network: Network) -> None:
    with pytest.raises(Disconnected, match="cut before the answer"):
        network.send("me", 1, lambda: network.cut(["me"], [1]), FUSE)


def test_all_clients_go_by_one_name(network: Network) -> None:
    network.join(CONTROLLER)
    network.cut(["clients"], [1])
    with pytest.raises(Disconnected):
        network.send("anyone", 1, lambda: 5, FUSE)
    assert network.send(2, 1, lambda: 5, FUSE) == 5
    assert network.send(1, CONTROLLER, lambda: 5, FUSE) == 5


@pytest.mark.parametrize(("what", "carried_out"), [("answer", 1), ("request", 0)])
def test_what_is_lost(network: Network, what: str, carried_out: int) -> None:
    """One request is carried out and not answered, or not even that; the next one is as ever."""
    done: list[int] = []
    network.lose(1, 1, what)
    with pytest.raises(RequestTimedOut):
        network.send("me", 1, lambda: done.append(1), 0.01)
    assert len(done) == carried_out
    network.send("me", 1, lambda: done.append(1), FUSE)
    assert len(done) == carried_out + 1


def test_a_link_that_is_too_slow_answers_too_late(network: Network) -> None:
    done: list[int] = []
    network.delay(["me"], [1], 0.02)
    with pytest.raises(RequestTimedOut):
        network.send("me", 1, lambda: done.append(1), 0.01)
    assert done == [1]
    network.send("me", 1, lambda: done.append(1), FUSE)
    network.delay([1], ["me"], 0)
    assert not network._delays


def test_how_long_a_slow_link_takes(network: Network, clock: Clock) -> None:
    """Its delay, or the patience of who asks; the same in both directions."""
    network.delay([1], ["me", 2], 5)
    assert network.send("me", 1, lambda: "answer", 9) == "answer"
    assert clock.now == 5
    with pytest.raises(RequestTimedOut):
        network.send(1, 2, int, 2)
    assert clock.now == 7
    network.send("you", 1, int, 9)
    assert clock.now == 7


def test_who_dies_while_a_request_is_on_its_way_does_not_carry_it_out(network: Network, clock: Clock) -> None:
    """Nor does its next life."""

    def restart() -> None:
        network.leave(1)
        network.join(1)

    network.delay(["me"], [1], 5)
    clock.meanwhile = restart
    with pytest.raises(Disconnected, match="went down"):
        network.send("me", 1, lambda: pytest.fail("it was carried out"), 9)


def test_healing_ends_delays_and_losses(network: Network, clock: Clock) -> None:
    network.delay(["me"], [1], 5)
    network.lose(1, 3)
    network.heal()
    assert network.send("me", 1, lambda: "answer", 9) == "answer"
    assert clock.now == 0
    assert network._calm


def test_losses_come_in_order_and_to_whom_they_are_meant_for(network: Network, clock: Clock) -> None:
    done: list[str] = []
    network.lose(1, 1, "request", source="me")
    network.lose(1, 1, "answer", source="me")
    network.send("you", 1, lambda: done.append("yours"), 9)
    for n in range(2):
        with pytest.raises(RequestTimedOut):
            network.send("me", 1, lambda: done.append(f"mine {n}"), 9)  # noqa: B023
    network.send("me", 1, lambda: done.append("mine"), 9)
    assert done == ["yours", "mine 1", "mine"]
    assert clock.now == 9  # who waits for what never arrived waits to the end
    assert network._calm
    with pytest.raises(ValueError, match="'answer' or a 'request', not 'letter'"):
        network.lose(1, 1, "letter")


def test_a_request_to_a_paused_node_waits_until_it_goes_on(network: Network, elsewhere: Elsewhere) -> None:
    network.pause(1)
    answers: list[int] = []
    thread = elsewhere.start(lambda: answers.append(network.send("me", 1, lambda: 5, FUSE)))
    for call in network.resume(1):
        call()
    elsewhere.join(thread)
    assert answers == [5]


def test_a_request_that_is_given_up_is_still_in_the_socket(network: Network) -> None:
    """The node does it when it goes on; a node that is killed instead does nothing."""
    done: list[int] = []
    for end in (network.resume, network.leave):
        network.pause(1)
        with pytest.raises(RequestTimedOut):
            network.send("me", 1, lambda: done.append(1), 0.01)
        assert done == []
        late = end(1)
        for call in late or []:
            call()
        assert len(late or []) == (1 if end == network.resume else 0)
        done.clear()


def test_who_is_paused_while_it_works_does_not_answer(network: Network) -> None:
    network.cut([2], ["you"])  # so that the network is not calm
    with pytest.raises(RequestTimedOut):
        network.send("me", 1, lambda: network.pause(1), 0.01)


def test_who_is_killed_while_it_is_paused_begins_anew(network: Network) -> None:
    """What waited in its socket is gone; and who is down is not paused."""
    network.pause(1)
    with pytest.raises(RequestTimedOut):
        network.send("me", 1, lambda: pytest.fail("it was carried out"), 0.01)
    network.leave(1)
    network.pause(1)
    network.join(1)
    assert not network.is_paused(1)
    assert network.resume(1) == []
    assert network.send("me", 1, lambda: "answer", FUSE) == "answer"


def test_who_is_paused_asks_nothing(network: Network, elsewhere: Elsewhere) -> None:
    done: list[int] = []
    network.pause(2)
    thread = elsewhere.start(lambda: network.send(2, 1, lambda: done.append(1), FUSE))
    spin_until(lambda: bool(done) or len(network._changed._waiters) > 0)  # type: ignore[attr-defined]
    assert not done
    network.resume(2)
    elsewhere.join(thread)
    assert done == [1]


def test_a_paused_node_stops_at_the_gate(network: Network, elsewhere: Elsewhere) -> None:
    passed = threading.Event()
    network.pause(1)

    def own_thread() -> None:
        network.gate(1)
        passed.set()

    thread = elsewhere.start(own_thread)
    assert not passed.is_set()
    network.leave(1)  # nor does it keep a thread of one that was killed
    elsewhere.join(thread)
    assert passed.is_set()
