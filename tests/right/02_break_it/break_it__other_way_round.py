"""B reads early."""

SCHEDULE = ["B", "A", "A", "B", "A", "B", "B", "A"]
