"""Groups on a whole cluster, simulated: schedules of all its threads that are drawn from a seed, under virtual time."""

import pytest

from concur.check.exploration import sample
from tests.pubsub.simulated_groups import cooperative, eager


@pytest.mark.parametrize("scenario", [eager, cooperative])
def test_partitions_have_one_owner_and_records_are_read_once(scenario):
    verdict = sample(scenario, runs=6, seed=1, races="off", timeouts="idle")
    assert verdict.failure is None, verdict


@pytest.mark.slow
@pytest.mark.parametrize("scenario", [eager, cooperative])
def test_the_same_for_long(scenario):
    verdict = sample(scenario, runs=500, seed=2, races="off", timeouts="idle", max_seconds=None)
    assert verdict.failure is None, verdict
