"""The network: what becomes of a request when something between two nodes is broken."""

import threading

import pytest

from concur.pubsub.embedded.network import CONTROLLER, Network, Node
from concur.pubsub.errors import Disconnected, RequestTimedOut
from tests.sync.conftest import Elsewhere

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
