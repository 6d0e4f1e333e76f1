# refuted by: Each thread takes its four steps
"""A step after all is done."""

SCHEDULE = ["A", "B", "B", "A", "B", "A", "A", "B", "B"]
