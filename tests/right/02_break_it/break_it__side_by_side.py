"""Both read, then both write, twice: in each round one of two is lost."""

SCHEDULE = ("A", "B") * 4
