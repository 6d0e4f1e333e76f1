# refuted by: Each thread takes its four steps
"""A string, not a list."""

SCHEDULE = "ABBABAAB"
