"""Brokers that nobody answers, as programs for the checker: how often do they ask?"""

# sleeps: the time in here is virtual, and passes only when nobody can run

import time
from collections.abc import Callable
from threading import Thread

from concur.pubsub import EmbeddedCluster
from concur.pubsub.embedded.network import CONTROLLER

SECONDS = 8
INTERVAL = 0.5  # seconds between two heartbeats
MOST = SECONDS / INTERVAL + 5


class Counted:
    """A cluster whose first broker's heartbeats are counted, from some moment on."""

    def __init__(self, cluster: EmbeddedCluster) -> None:
        self.asked = 0
        life = cluster.lives[1]
        tell = life._tell

        def told(call: Callable[[], object]) -> object:
            self.asked += 1
            return tell(call)

        life._tell = told  # type: ignore[method-assign, assignment]


def beats(trouble: Callable[[EmbeddedCluster], None]) -> None:
    """In trouble a broker asks again after a heartbeat's time, and not at once."""
    config = {"broker.heartbeat.interval.ms": int(INTERVAL * 1000), "broker.session.timeout.ms": 2000}
    with EmbeddedCluster(brokers=2, config=config) as cluster:
        counted = Counted(cluster)

        def break_it() -> None:
            trouble(cluster)

        thread = Thread(target=break_it)
        thread.start()
        time.sleep(SECONDS)
        thread.join()
        assert counted.asked <= MOST, f"{counted.asked} heartbeats in {SECONDS} s"
        before = counted.asked
    assert counted.asked <= before + 1


def cut_off() -> None:
    """From the controller, so that every heartbeat fails at once."""
    beats(lambda cluster: cluster.cut([1], [CONTROLLER]))


def paused() -> None:
    beats(lambda cluster: cluster.pause(1))


def replaced() -> None:
    """Killed and started again: the life before is not to go on, and the present one does as ever."""

    def trouble(cluster: EmbeddedCluster) -> None:
        cluster.kill(1)
        cluster.start(1)

    beats(trouble)


def answers_lost() -> None:
    """Of the controller: each heartbeat is heard, and the broker is not told."""
    beats(lambda cluster: cluster.network.lose(CONTROLLER, 1000))


def slow() -> None:
    """A link so slow that no answer comes in time."""
    beats(lambda cluster: cluster.delay([1], [CONTROLLER], 30))


def at_rest() -> None:
    beats(lambda cluster: None)
