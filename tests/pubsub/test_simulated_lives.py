"""A broker's thread that tells the controller that it lives never goes round without waiting."""

import pytest

from concur.check.exploration import sample
from tests.pubsub.simulated_lives import answers_lost, at_rest, cut_off, paused, replaced, slow


@pytest.mark.parametrize("scenario", [cut_off, paused, replaced, answers_lost, slow, at_rest])
def test_a_broker_that_gets_no_answer_waits_before_it_asks_again(scenario):
    """Whatever is wrong with the controller or the way to it; nor does the end of the cluster make it ask more."""
    verdict = sample(scenario, runs=1, seed=1, races="off", timeouts="idle", livelocks=False)
    assert verdict.failure is None, verdict
    assert "did not reach" not in verdict.reason
