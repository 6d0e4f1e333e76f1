# refuted by: Two are lost: the counter ends at 2
"""One of the four is lost."""

SCHEDULE = ["A", "B", "B", "A", "A", "A", "B", "B"]
