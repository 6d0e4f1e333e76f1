"""A race condition, played by hand.

You have: two threads, "A" and "B". Each of them does ``counter.value += 1`` twice, and the counter begins at 0.
You must: say who takes the next step, from the first to the last, so that additions are lost.
It is checked: by playing your schedule, step by step.
"""

# ``counter.value += 1`` is two steps: one that reads counter.value, and one that writes what was read, plus 1.
# Each entry lets the thread of that name take one step. Nothing is lost by
# ["A", "A", "A", "A", "B", "B", "B", "B"]: the counter ends at 4.

SCHEDULE: list[str] = []  # TODO
