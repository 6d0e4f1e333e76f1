"""Brokers that fall silent, as a program for the checker: its time is virtual."""

# sleeps: the time in here is virtual, and passes only when nobody can run

import time

from concur.pubsub import errors
from concur.pubsub.embedded.controller import Controller


def two_brokers_fall_silent() -> None:
    """Each is fenced when its session is over, counted from its last heartbeat, and not before."""
    controller = Controller(session_timeout=10)
    controller.start()
    for broker in (1, 2):
        controller.heartbeat(broker, 1, -1, 0)
    time.sleep(9)
    assert controller.state.live == {1, 2}
    controller.heartbeat(2, 1, controller.state.version, patience=3)  # until 10: that 1 is fenced is news
    assert controller.state.live == {2}
    time.sleep(9.5)
    assert controller.state.live == {2}
    time.sleep(1)
    assert controller.state.live == frozenset()
    controller.heartbeat(1, 2, -1, 0)  # one comes back, in another life
    assert controller.state.live == {1}
    try:
        controller.heartbeat(1, 1, -1, 0)
    except errors.Disconnected:
        pass
    else:
        raise AssertionError("the life before was heard of")
    controller.close()
