"""What a demonstration tells is the same in every run, in its main lines."""

import importlib
import re

import pytest

# The file, and lines of its demonstration, as patterns that are to be found in this order.
LINES = {
    "bank_transfer": [
        r"^800 transfers have ended; \d+ were refused for want of money$",
        r"^an auditor looked 200 times and saw 300$",
    ],
    "dining_savages": [
        *[r"^the cook wakes up: 0 servings left; he makes 5$"] * 6,
        r"^30 servings were eaten, 30 of them different; 0 are left$",
    ],
    "no_starve_mutex": [
        r"^WeakSemaphore: before Ann, Bob had it 100 times, and Cyd 100$",
        r"^NoStarveMutex: before Ann, Bob had it [01] times, and Cyd [01]$",
    ],
    "river_crossing": [
        *[rf"^boat {number} crosses with (hhhh|hhss|ssss)$" for number in range(1, 7)],
        r"^6 boats, 24 people, and never three with one$",
    ],
    "roller_coaster": [
        *[rf"^car 0 is full and goes: round {number} of 4$" for number in range(1, 5)],
        r"^24 rides; cars came back in this order: 0 1 0 1 0 1 0 1$",
    ],
    "santa_claus": [
        r"^nine reindeer come back twice, nine elves get stuck once$",
        r"^Santa is woken by (9 reindeer|3 elves): ",
        r"^5 times awake: 2 for reindeer, 3 for elves$",
    ],
    "search_insert_delete": [
        r"^the deleter has cut out 30 items, one after the other$",
        r"^120 searches, 0 fell off the list; 121 items are left$",
    ],
    "unisex_bathroom": [
        r"^\w+ has been there 5 times$",
        r"^30 visits, at most [123] at once, never men and women at once$",
    ],
}


@pytest.mark.parametrize("name", LINES)
def test_demo_tells(name: str) -> None:
    told: list[str] = []
    importlib.import_module(f"concur.problems.{name}").demo(told.append)
    rest = iter(told)
    for pattern in LINES[name]:
        assert any(re.search(pattern, line) for line in rest), f"{pattern} is not in {told}"
