# refuted by: An addition is lost: less than 4
"""The threads take turns, an addition at a time."""

SCHEDULE = ["A", "A", "B", "B", "A", "A", "B", "B"]
