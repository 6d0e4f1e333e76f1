"""What the scenarios of a classic notice: known wrong solutions, each one change in its text."""

import pytest

from concur.check import Status

# The file, what is changed into what, and who notices.
MUTANTS = {
    "bank: locks in the order of the arguments": (
        "bank_transfer",
        "for name in sorted(set(names)):",
        "for name in dict.fromkeys(names):",
        "scenario",
    ),
    "bank: an account named twice is locked twice": (
        "bank_transfer",
        "sorted(set(names))",
        "sorted(names)",
        "scenario_too_little",
    ),
    "bank: the balance is looked at outside": (
        "bank_transfer",
        (
            "        with self.hold(source, target):\n            if self._accounts[source].balance < amount:\n"
            "                return False\n"
        ),
        (
            "        if self._accounts[source].balance < amount:\n            return False\n"
            "        with self.hold(source, target):\n"
        ),
        "scenario_too_little",
    ),
    "bank: only the payer is locked": (
        "bank_transfer",
        "with self.hold(source, target):",
        "with self.hold(source):",
        "scenario",
    ),
    "bank: the payer is let go before the payee has it": (
        "bank_transfer",
        "            self._accounts[source].balance -= amount\n            self._accounts[target]",
        (
            "            self._accounts[source].balance -= amount\n        with self.hold(target):\n"
            "            self._accounts[target]"
        ),
        "scenario",
    ),
    "bank: the auditor locks nothing": (
        "bank_transfer",
        "with self.hold(*self._accounts):",
        "with self.hold():",
        "scenario",
    ),
    "bank: one lock for all": (
        "bank_transfer",
        "for name in sorted(set(names)):",
        "for name in sorted(self._accounts):",
        "scenario_others_go_on",
    ),
    "savages: no ladle": (
        "dining_savages",
        "        with self._ladle:\n",
        "        if True:\n",
        "scenario",
    ),
    "savages: the ladle is put down while waiting": (
        "dining_savages",
        "                self._full.acquire()  #",
        (
            "                self._ladle.release()\n                self._full.acquire()\n"
            "                self._ladle.acquire()  #"
        ),
        "scenario",
    ),
    "savages: nobody waits for the cook": (
        "dining_savages",
        "                self._full.acquire()  #",
        "                pass  #",
        "scenario",
    ),
    "savages: nobody wakes the cook": (
        "dining_savages",
        "                self._empty.release()\n",
        "",
        "scenario",
    ),
    "savages: the cook is not asleep": (
        "dining_savages",
        "        self._empty.acquire()\n",
        "",
        "scenario",
    ),
    "savages: the cook says so first": (
        "dining_savages",
        "        self.servings.extend(cook())\n        self._full.release()\n",
        "        self._full.release()\n        self.servings.extend(cook())\n",
        "scenario",
    ),
    "bathroom: anybody fits": (
        "unisex_bathroom",
        "(kind == self._kind and self._inside < self._places)",
        "self._inside < self._places",
        "scenario_men_and_women",
    ),
    "bathroom: one too many": (
        "unisex_bathroom",
        "self._inside < self._places)",
        "self._inside <= self._places)",
        "scenario_places",
    ),
    "bathroom: who fits need not stand in line": (
        "unisex_bathroom",
        "            self._line.append((kind, turn))\n",
        (
            "            put = self._line.appendleft if self._has_room_for(kind) else self._line.append\n"
            "            put((kind, turn))\n"
        ),
        "scenario_nobody_is_overtaken",
    ),
    "bathroom: one is let in at a time": (
        "unisex_bathroom",
        "        while self._line and",
        "        if self._line and",
        "scenario_two_at_once",
    ),
    "bathroom: one place for all": (
        "unisex_bathroom",
        "return self._inside == 0 or (kind == self._kind and self._inside < self._places)",
        "return self._inside == 0",
        "scenario_two_at_once",
    ),
    "bathroom: counted when awake": (
        "unisex_bathroom",
        (
            "            self._inside += 1  # here, and not when he wakes up: the place is his from now on\n"
            "            turn.release()\n"
        ),
        "            turn.release()\n            self._inside += 1 if self._inside < 0 else 0\n",
        "scenario_places",
    ),
    "bathroom: nobody is let in by who leaves": (
        "unisex_bathroom",
        "                self._inside -= 1\n                self._let_in()\n",
        "                self._inside -= 1\n",
        "scenario_places",
    ),
    "list: two insert at once": (
        "search_insert_delete",
        "        with self._growing:\n",
        "        if True:\n",
        "scenario_two_inserts",
    ),
    "list: an item is linked before it is there": (
        "search_insert_delete",
        "            self._end.following = Node(item)\n            self._end = self._end.following\n",
        (
            '            self._end.following = Node("")\n            self._end = self._end.following\n'
            "            self._end.item = item\n"
        ),
        "scenario_two_inserts",
    ),
    "list: inserted while another is deleted": (
        "search_insert_delete",
        "with self._growing, self._turnstile, self._nobody_searches:",
        "with self._turnstile, self._nobody_searches:",
        "scenario_insert_and_delete",
    ),
    "list: deleted while others search": (
        "search_insert_delete",
        "with self._growing, self._turnstile, self._nobody_searches:",
        "with self._growing, self._turnstile:",
        "scenario_search_and_delete",
    ),
    "list: the end is forgotten": (
        "search_insert_delete",
        "            if self._end is node:\n                self._end = before\n",
        "",
        "scenario_insert_and_delete",
    ),
    "list: the first to leave opens": (
        "search_insert_delete",
        "            if self._searchers == 0:\n",
        "            if self._searchers == 1:\n",
        "scenario_search_and_delete",
    ),
    "list: searchers are counted without a lock": (
        "search_insert_delete",
        "        with self._counting:\n            self._searchers += 1\n",
        "        if True:\n            self._searchers += 1\n",
        "scenario_search_and_delete",
    ),
    "list: one searcher at a time": (
        "search_insert_delete",
        "        with self._turnstile:\n            self._begin_search()\n        try:\n",
        "        self._turnstile.acquire()\n        self._begin_search()\n        try:\n",
        "scenario_side_by_side",
    ),
    "list: inserters wait for searchers": (
        "search_insert_delete",
        "        with self._growing:\n",
        "        with self._growing, self._nobody_searches:\n",
        "scenario_side_by_side",
    ),
    "list: searchers overtake who waits to delete": (
        "search_insert_delete",
        "with self._turnstile:\n            self._begin_search()",
        "if True:\n            self._begin_search()",
        "scenario_deleter_is_not_overtaken",
    ),
    "river: three and one go": (
        "river_crossing",
        "        if len(hackers) >= half and len(serfs) >= half:\n            halves = [hackers, serfs]\n",
        (
            "        if len(hackers) + len(serfs) >= self.seats:\n"
            "            return [(hackers or serfs).popleft() for _ in range(self.seats)]\n"
        ),
        "scenario_three_and_one",
    ),
    "river: the bank is free before the boat is gone": (
        "river_crossing",
        (
            "            crew = self._crew()\n            for member in crew:\n                if member is call:\n"
            "                    board()\n                else:\n                    member.release()\n"
            "                    self._aboard.acquire()\n            if crew:\n                row()\n"
        ),
        (
            "            crew = self._crew()\n        for member in crew:\n            if member is call:\n"
            "                board()\n            else:\n                member.release()\n"
            "                self._aboard.acquire()\n        if crew:\n            row()\n"
        ),
        "scenario_one_boat_after_the_other",
    ),
    "river: rows before all are aboard": (
        "river_crossing",
        "                    self._aboard.acquire()\n",
        "",
        "scenario_two_and_two",
    ),
    "river: says that he is aboard before he is": (
        "river_crossing",
        "            board()\n            self._aboard.release()\n",
        "            self._aboard.release()\n            board()\n",
        "scenario_two_and_two",
    ),
    "river: everybody rows": (
        "river_crossing",
        "            self._aboard.release()\n",
        "            self._aboard.release()\n            row()\n",
        "scenario_two_and_two",
    ),
    "river: a crew of one kind never goes": (
        "river_crossing",
        "        elif len(hackers) >= self.seats:\n",
        "        elif len(hackers) > self.seats:\n",
        "scenario_one_boat_after_the_other",
    ),
    "coaster: goes before all are seated": (
        "roller_coaster",
        "            self._seated.acquire()\n",
        "",
        "scenario_full",
    ),
    "coaster: calls one too many": (
        "roller_coaster",
        "        for _ in range(self.seats):\n            self._get_on.release()\n",
        "        self._get_on.release()\n        for _ in range(self.seats):\n            self._get_on.release()\n",
        "scenario_again",
    ),
    "coaster: loads before all have left": (
        "roller_coaster",
        "            self._gone.acquire()\n",
        "",
        "scenario_again",
    ),
    "coaster: all get off by one semaphore": (
        "roller_coaster",
        "        self._get_off[car].acquire()\n        leave(car)",
        "        self._get_off[0].acquire()\n        leave(car)",
        "scenario_two_cars",
    ),
    "coaster: looks for the car too late": (
        "roller_coaster",
        "        self._seated.release()\n        self._get_off[car]",
        "        self._seated.release()\n        car = self._at_platform\n        self._get_off[car]",
        "scenario_two_cars",
    ),
    "coaster: a car passes another": (
        "roller_coaster",
        "        self._unloading.take(car)\n",
        "",
        "scenario_in_order",
    ),
    "coaster: one car at a time on the track": (
        "roller_coaster",
        "            self._seated.acquire()\n        self._loading.hand_on(car)\n",
        "            self._seated.acquire()\n",
        "scenario_side_by_side",
    ),
    "santa: goes off before all are done": (
        "santa_claus",
        "            self._done.acquire()\n",
        "",
        "scenario_all_of_a_group",
    ),
    "santa: woken by everybody": (
        "santa_claus",
        "            if self._present == self.size:\n                self._wake_santa()\n",
        "            self._wake_santa()\n",
        "scenario_all_of_a_group",
    ),
    "santa: places become free one by one": (
        "santa_claus",
        (
            "            self._done.acquire()\n        with self._counting:\n            self._present = 0\n"
            "        self._places.release(self.size)\n"
        ),
        (
            "            self._done.acquire()\n            self._places.release()\n        with self._counting:\n"
            "            self._present = 0\n"
        ),
        "scenario_groups_do_not_mix",
    ),
    "santa: elves are counted without a lock": (
        "santa_claus",
        "        with self._counting:\n            self._present += 1\n",
        "        if True:\n            self._present += 1\n",
        "scenario_all_of_a_group",
    ),
    "santa: elves first": (
        "santa_claus",
        "return self.reindeer if self.reindeer.is_complete else self.elves",
        "return self.elves if self.elves.is_complete else self.reindeer",
        "scenario_reindeer_first",
    ),
    "santa: reindeer that are gone still count": (
        "santa_claus",
        "            self._present = 0\n",
        "            self._present = self.size\n",
        "scenario_both_groups",
    ),
    "no starvation: a weak semaphore is none": (
        "no_starve_mutex",
        "overtaken(NoStarveMutex(), 2, bool)",
        "overtaken(WeakSemaphore(1), 2, bool)",
        "scenario_overtaken_once",
    ),
    "no starvation: the first gate closes after one": (
        "no_starve_mutex",
        "was_last = self._gathered.fetch_add(-1) == 1\n",
        "was_last = self._gathered.fetch_add(-1) >= 1\n",
        "scenario_overtaken_once",
    ),
    "no starvation: the first gate stays open": (
        "no_starve_mutex",
        "gate = self._second_gate if self._in_batch else self._first_gate\n",
        (
            "gate = self._first_gate if self._gathered.get() else self._second_gate if self._in_batch"
            " else self._first_gate\n"
        ),
        "scenario_overtaken_once",
    ),
    "no starvation: both gates open": (
        "no_starve_mutex",
        "        self._second_gate = WeakSemaphore(0)\n",
        "        self._second_gate = WeakSemaphore(1)\n",
        "scenario_one_at_a_time",
    ),
    "no starvation: the second gate is not opened": (
        "no_starve_mutex",
        "gate = self._second_gate if was_last else self._first_gate\n",
        "gate = self._first_gate\n",
        "scenario_one_at_a_time",
    ),
    "no starvation: the first gate is not opened again": (
        "no_starve_mutex",
        "gate = self._second_gate if self._in_batch else self._first_gate\n",
        "gate = self._second_gate\n",
        "scenario_one_at_a_time",
    ),
}


@pytest.mark.parametrize("name", MUTANTS)
def test_mutant_refuted(mutant, name: str) -> None:
    """The scenario notices the wrong line."""
    verdict = mutant(*MUTANTS[name])
    assert verdict.status is Status.REFUTED, str(verdict)
