"""An assertion in a scenario that starts no thread."""


def scenario():
    numbers = [1, 2, 3]
    assert sum(numbers) == 7
