# refuted by: Each thread takes its four steps
"""B has read, and does not come to write."""

SCHEDULE = ["A", "B", "B", "A", "A", "B", "A"]
