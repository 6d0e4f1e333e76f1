"""Each call of an atomic is one step, on real threads."""

from typing import Any

from concur.sync import AtomicInteger, AtomicReference

from .storm import hop, several


def test_tickets_are_given_once(storm) -> None:
    """fetch_add gives every number once."""
    for rng in storm.rounds():
        number = AtomicInteger()
        given = storm.run(*several(rng, 2, 5, lambda _: [number.fetch_add() for _ in range(200)]))
        numbers = sorted(ticket for tickets in given for ticket in tickets)
        assert numbers == list(range(len(numbers)))
        assert number.get() == len(numbers)


def test_compare_and_set_adds(storm) -> None:
    """A loop of get and compare_and_set loses no addition."""
    for rng in storm.rounds():
        number = AtomicInteger()

        def add(_: object) -> int:
            for _ in range(100):
                while True:
                    seen = number.get()
                    hop()
                    if number.compare_and_set(seen, seen + 1):
                        break
            return 100

        assert sum(storm.run(*several(rng, 2, 5, add))) == number.get()


def test_exchange_passes_each_object_once(storm) -> None:
    """Objects that are exchanged come out once each, the last one stays inside."""
    for rng in storm.rounds():
        reference: AtomicReference[object] = AtomicReference("the first")

        def swap(me: object) -> list[object]:
            return [reference.exchange((id(me), turn)) for turn in range(200)]

        got = storm.run(*several(rng, 2, 5, swap))
        seen = [each for list_ in got for each in list_] + [reference.get()]
        assert len(seen) == len(set(seen)) == 200 * len(got) + 1


def test_a_stack_without_a_lock(storm) -> None:
    """Push and pop by compare_and_set on the head: nothing is lost, nothing comes twice."""
    for rng in storm.rounds():
        head: AtomicReference[Any] = AtomicReference(None)

        def push(item: object) -> None:
            while True:
                below = head.get()
                if head.compare_and_set(below, (item, below)):
                    return

        def pop() -> object:
            while (top := head.get()) is not None:
                if head.compare_and_set(top, top[1]):
                    return top[0]
            return None

        def work(me: object) -> list[object]:
            out = []
            for turn in range(100):
                push((id(me), turn))
                hop()
                out.append(pop())
            return out

        got = [item for items in storm.run(*several(rng, 2, 5, work)) for item in items if item is not None]
        assert pop() is None
        assert len(set(got)) == len(got)
        assert len(got) % 100 == 0
