# refuted by: Each thread takes its four steps
"""Names are in capital letters."""

SCHEDULE = ["a", "b", "b", "a", "b", "a", "a", "b"]
