"""A small storm of kills on ProcessQueue; the large one is in tests/stress."""

from tests.process.kills import storm


def test_thirty_kills() -> None:
    """Nobody hangs, nothing comes twice, and nothing is lost but what a killed consumer had, or was about to have."""
    report = storm("thirty", 30)
    print(report, end=" ")
    assert report.kills == 30
    assert report.received > 0
