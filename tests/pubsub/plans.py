"""Plans of faults for hypothesis; a failing one shrinks to few and early faults."""

from collections.abc import Sequence

from hypothesis import strategies as st

from concur.pubsub.faults import KINDS, Choice, Plan, plan_of


def fault_plans(
    brokers: Sequence[int] = (1, 2, 3),
    *,
    steps: int = 8,
    gap_ms: int = 2_000,
    acks: int = 0,
    most_down: int | None = 1,
    kinds: Sequence[str] = KINDS,
) -> st.SearchStrategy[Plan]:
    """Plans of at most so many steps, at most so far apart; see ``plan_of``."""
    choice = st.builds(
        Choice,
        st.integers(0, gap_ms),
        st.integers(0, len(kinds) - 1),
        st.integers(0, len(brokers) - 1),
        st.integers(0, 600),
        st.integers(0, acks),
    )
    return st.lists(choice, max_size=steps).map(lambda choices: plan_of(choices, brokers, most_down, kinds))
