"""ProcessQueue survives a thousand kills: nobody hangs, nothing comes twice, and nothing is lost but what was told."""

from tests.process.kills import Report, storm

from .storm import SEED

KILLS, ROUNDS = 50, 24


def test_a_thousand_kills(capsys) -> None:
    """Rounds of workers that are killed at random moments; what became of the items of the killed is printed."""
    total = Report()
    for number in range(ROUNDS):
        total += storm(f"{SEED} {number}", KILLS)
    assert total.kills >= 1_000
    with capsys.disabled():
        print(f" seed {SEED}: {total}", end=" ")
