"""pybreaker: a circuit breaker that several threads call."""

import pybreaker

from tests.check.packages.scenarios.common import together


def fail():
    raise ValueError


def attempt(breaker):
    try:
        breaker.call(fail)
    except (ValueError, pybreaker.CircuitBreakerError):
        pass


def scenario_opens():
    """2 calls that fail, the second failure opens the circuit: it is open"""
    breaker = pybreaker.CircuitBreaker(fail_max=2)
    together(lambda: attempt(breaker), lambda: attempt(breaker))
    assert breaker.current_state == "open"
    assert breaker.fail_counter == 2


def scenario_listener_is_told_once():
    """1 call that opens the circuit, 1 look at `state`: the listener is told once that it opened"""
    told = []

    class Listener(pybreaker.CircuitBreakerListener):
        def state_change(self, cb, old_state, new_state):
            told.append((old_state.name, new_state.name))

    breaker = pybreaker.CircuitBreaker(fail_max=1, listeners=[Listener()])
    together(lambda: attempt(breaker), lambda: breaker.state)
    assert told == [("closed", "open")]
