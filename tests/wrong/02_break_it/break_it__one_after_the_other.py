# refuted by: An addition is lost: less than 4
"""One after the other."""

SCHEDULE = ["B", "B", "B", "B", "A", "A", "A", "A"]
