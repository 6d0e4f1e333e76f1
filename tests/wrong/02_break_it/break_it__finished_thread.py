# refuted by: Each thread takes its four steps
"""A has nothing left to do at its fifth step."""

SCHEDULE = ["A", "B", "A", "B", "A", "B", "A", "A", "B"]
