"""Items go through a queue once each, in the order of each producer, and never more than it holds."""

import queue
from collections import Counter
from functools import partial
from random import Random
from typing import Any

import pytest

from concur.errors import Closed

from .storm import for_one, ours, patience, several, theirs, turns

QUEUES = ours("BoundedQueue", "MonitorQueue")
Item = tuple[int, int]  # of which producer, the how-manieth


def put(line: Any, item: Item, own: Random, haste: float = 0.5) -> None:
    """Put an item in one of three ways, until it is in; *haste* is the share of those that do not wait long."""
    while True:
        try:
            way = own.random()
            if way < haste * 0.4:
                line.put_nowait(item)
            elif way < haste:
                line.put(item, timeout=patience(own))
            else:
                line.put(item)
            return
        except queue.Full:
            pass


def get(line: Any, own: Random, haste: float = 0.5) -> Item:
    """The same for the other end."""
    while True:
        try:
            way = own.random()
            if way < haste * 0.4:
                item: Item = line.get_nowait()
            elif way < haste:
                item = line.get(timeout=patience(own))
            else:
                item = line.get()
            return item
        except queue.Empty:
            pass


def in_order(got: list[Item]) -> list[Item]:
    """What one consumer got; of each producer it must be in order."""
    last: dict[int, int] = {}
    for producer, number in got:
        assert number > last.get(producer, -1), f"{number} of producer {producer} came after {last[producer]}"
        last[producer] = number
    return got


def once_each(lists: list[list[Item]], producers: int, items: int) -> None:
    """Nothing is lost, nothing comes twice."""
    got = Counter(item for items in lists for item in items)
    expected = Counter((producer, number) for producer in range(producers) for number in range(items))
    assert got == expected, f"lost: {sorted(expected - got)}, doubled: {sorted(got - expected)}"


def producers_of(rng: Random, number: int, produce: Any) -> list[Any]:
    """Bodies that know which producer they are."""
    return [for_one(partial(produce, me), rng) for me in range(number)]


@pytest.mark.parametrize("make", QUEUES + theirs(queue.Queue))
def test_nothing_is_lost(make, storm) -> None:
    """With time-outs and tries between them, each item comes out once, in order."""
    for rng in storm.rounds():
        pairs, size = rng.randint(1, 3), rng.randint(1, 4)
        items, haste = turns(rng), rng.choice((0, 0.5))
        line = make(size)

        def produce(me: int, own: Random) -> list[Item]:
            for number in range(items):
                put(line, (me, number), own, haste)
                assert line.qsize() <= size
            return []

        def consume(own: Random) -> list[Item]:
            return in_order([get(line, own, haste) for _ in range(items)])

        bodies = producers_of(rng, pairs, produce) + several(rng, pairs, pairs, consume)
        once_each(storm.run(*bodies, watched=line), pairs, items)
        assert line.empty()
        for number in range(size):  # all the room is there again
            line.put((0, number), False)
        assert line.full()


@pytest.mark.parametrize("make", QUEUES)
def test_until_it_is_closed(make, storm) -> None:
    """The last producer closes; every consumer ends, and what was put before that has come out."""
    for rng in storm.rounds():
        producers = rng.randint(1, 3)
        items, haste = turns(rng), rng.choice((0, 0.5))
        line = make(rng.randint(1, 4))
        done: list[int] = []

        def produce(me: int, own: Random) -> list[Item]:
            for number in range(items):
                put(line, (me, number), own, haste)
            done.append(me)
            if len(done) == producers:
                line.close()
            return []

        def consume(own: Random) -> list[Item]:
            got = []
            if own.random() < 0.5:
                got = list(line)
            else:
                try:
                    while True:
                        got.append(get(line, own, haste))
                except Closed:
                    pass
            return in_order(got)

        bodies = producers_of(rng, producers, produce) + several(rng, 1, 4, consume)
        once_each(storm.run(*bodies, watched=line), producers, items)
        with pytest.raises(Closed):
            line.put((0, 0))


@pytest.mark.parametrize("make", QUEUES)
def test_closed_in_the_middle(make, storm) -> None:
    """Each put either raised Closed, or its item comes out: there is no third case."""
    for rng in storm.rounds():
        line = make(rng.randint(1, 4))
        items, haste = turns(rng), rng.choice((0, 0.5))

        def produce(me: int, own: Random) -> list[Item]:
            sent: list[Item] = []
            try:
                for number in range(items):
                    put(line, (me, number), own, haste)
                    sent.append((me, number))
            except Closed:
                pass
            return sent

        def consume(own: Random) -> list[Item]:
            return in_order(list(line))

        def close(own: Random) -> list[Item]:
            for _ in range(own.randint(0, 100)):
                line.qsize()
            line.close()
            return []

        producers = producers_of(rng, rng.randint(1, 3), produce)
        results = storm.run(
            *producers, *several(rng, 1, 3, consume), *several(rng, 1, 1, close), watched=line
        )
        sent = [item for items in results[: len(producers)] for item in items]
        got = [item for items in results[len(producers) :] for item in items]
        assert sorted(sent) == sorted(got)


@pytest.mark.parametrize("make", QUEUES)
def test_several_at_a_time(make, storm) -> None:
    """put_many says how many went in, get_many brings up to so many, and both keep the order."""
    for rng in storm.rounds():
        producers = rng.randint(1, 3)
        items, haste = turns(rng), rng.choice((0, 0.5))
        line = make(rng.randint(1, 6))
        done: list[int] = []

        def produce(me: int, own: Random) -> list[Item]:
            left = [(me, number) for number in range(items)]
            while left:
                batch = left[: own.randint(1, 10)]
                try:
                    if own.random() < 0.2:
                        put(line, batch[0], own, haste)
                        sent = 1
                    else:
                        sent = line.put_many(batch, timeout=None if own.random() < 0.5 else patience(own))
                except queue.Full:
                    sent = 0
                del left[:sent]
            done.append(me)
            if len(done) == producers:
                line.close()
            return []

        def consume(own: Random) -> list[Item]:
            got: list[Item] = []
            try:
                while True:
                    if own.random() < 0.2:
                        got.append(get(line, own, haste))
                        continue
                    limit = own.randint(1, 8)
                    try:
                        batch = line.get_many(limit, timeout=None if own.random() < 0.5 else patience(own))
                    except queue.Empty:
                        continue
                    assert 1 <= len(batch) <= limit
                    got += batch
            except Closed:
                return in_order(got)

        bodies = producers_of(rng, producers, produce) + several(rng, 1, 4, consume)
        once_each(storm.run(*bodies, watched=line), producers, items)


@pytest.mark.parametrize("make", QUEUES + theirs(queue.Queue))
def test_join_waits_for_all_tasks(make, storm) -> None:
    """join returns when task_done was called for every item, and not before."""
    for rng in storm.rounds():
        pairs = rng.randint(1, 2)
        items, haste = turns(rng), rng.choice((0, 0.5))
        line = make(rng.randint(1, 4))
        dealt_with: list[Item] = []

        def produce(me: int, own: Random) -> int:
            for number in range(items):
                put(line, (me, number), own, haste)
            line.join()
            return len([item for item in dealt_with if item[0] == me])

        def consume(own: Random) -> int:
            for _ in range(items):
                dealt_with.append(get(line, own, haste))
                line.task_done()
            return items

        bodies = producers_of(rng, pairs, produce) + several(rng, pairs, pairs, consume)
        assert storm.run(*bodies, watched=line) == [items] * len(bodies)
