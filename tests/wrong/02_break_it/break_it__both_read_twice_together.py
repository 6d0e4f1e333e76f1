# refuted by: Two are lost: the counter ends at 2
"""Both read, both write, and again: it ends at 2 only if nobody writes in between."""

SCHEDULE = ["A", "A", "B", "A", "B", "A", "B", "B"]
