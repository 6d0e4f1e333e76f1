# refuted by: Each thread takes its four steps
"""There is no thread C."""

SCHEDULE = ["A", "B", "C", "A", "A", "B", "A", "B"]
