"""Graded: wait_for_graph.py."""

from itertools import permutations
from random import Random
from threading import Thread

from concur.grade import graded


def told(attempt, *events):
    """A graph that was told these events, such as ``"A holds fork"``."""
    graph = attempt.WaitForGraph()
    for event in events:
        thread, verb, lock = event.split()
        getattr(graph, verb)(thread, lock)
    return graph


def refused(call, *args):
    try:
        call(*args)
    except ValueError:
        return True
    return False


@graded(points=3)
def test_cycles(attempt):
    """Every circle of 2 to 4 named in order."""
    for size in (2, 3, 4):
        for circle in permutations("ABCD", size):
            if circle[0] != min(circle):
                continue
            for order in permutations(range(size)):
                graph = attempt.WaitForGraph()
                for place in range(size):
                    graph.holds(circle[place], f"lock {place}")
                graph.waits("0", "lock 0")  # waits for the circle, and is not in it
                for place in order:
                    assert graph.cycle() is None, f"{graph.cycle()} is no deadlock yet"
                    graph.waits(circle[place], f"lock {(place + 1) % size}")
                assert graph.cycle() == list(circle), (
                    f"deadlock of {', '.join(circle)}, each waits for the next: cycle() is {graph.cycle()}"
                )


@graded(points=2)
def test_released(attempt):
    """What was released holds nobody up."""
    given_back = ["A holds x", "B holds y", "A released x", "A waits y", "B waits x"]
    got_it = ["B holds y", "A waits x", "A holds x", "B waits x", "A released x", "B holds x"]
    waits_no_more = ["A holds x", "B holds y", "A waits y", "B released y", "A holds y", "B waits x"]
    for story in (given_back, got_it, waits_no_more):
        graph = told(attempt, *story)
        assert graph.cycle() is None, f"{'; '.join(story)}: no deadlock, but cycle() is {graph.cycle()}"
    passed_on = ["A holds x", "A released x", "B holds x", "A holds y", "B waits y", "A waits x"]
    graph = told(attempt, *passed_on)
    assert graph.cycle() == ["A", "B"], f"{'; '.join(passed_on)}: a deadlock, but cycle() is {graph.cycle()}"


@graded(points=2)
def test_owner(attempt):
    """One owner, whose holds are counted."""
    graph = told(attempt, "A holds x", "A waits x")
    assert graph.cycle() is None, "A took x a second time, which is no deadlock with oneself"
    assert refused(graph.holds, "B", "x"), "A holds x, so B cannot"
    assert refused(graph.released, "B", "x"), "A holds x, so B cannot release it"
    for event in ("A holds x", "A released x", "B holds y", "A waits y", "B waits x"):
        thread, verb, lock = event.split()
        getattr(graph, verb)(thread, lock)
    assert graph.cycle() == ["A", "B"], "A took x twice and released it once, so B waits for A"
    graph.released("A", "x")
    assert graph.cycle() is None, "A has released x as often as it took it"
    assert refused(graph.released, "A", "x"), "A does not hold x any more"


@graded(points=2)
def test_traces(attempt):
    """No false alarm, and none is missed."""
    random = Random(16)
    for _ in range(150):
        graph, reference, story = attempt.WaitForGraph(), Reference(), []
        for _ in range(30):
            thread, verb, lock = reference.may_happen(random)
            story.append(f"{thread} {verb} {lock}")
            for each in (graph, reference):
                getattr(each, verb)(thread, lock)
            found, real = graph.cycle(), reference.cycle()
            assert found == real, f"{'; '.join(story)}: cycle() is {found}, and should be {real}"


class Reference:
    """Slow and plain: a list of what is held, and a search for the circles of every length."""

    THREADS, LOCKS = "ABCD", "wxyz"

    def __init__(self):
        self.held = []  # (thread, lock), as often as it is held
        self.waiting = {}

    def may_happen(self, random):
        """An event that fits what was before; who waits for a lock of another does nothing else."""
        possible = []
        for thread in self.THREADS:
            wanted = self.waiting.get(thread)
            for lock in [wanted] if wanted else self.LOCKS:
                if not any(lock == other and thread != owner for owner, other in self.held):
                    possible.append((thread, "holds", lock))
                elif not wanted:
                    possible += [(thread, "waits", lock)] * 2
            if not wanted:
                possible += [(thread, "released", lock) for owner, lock in set(self.held) if owner == thread]
        if not possible:  # all of them are in deadlocks, or behind one: somebody gives up, for another lock
            thread = random.choice(self.THREADS)
            lock = random.choice([lock for lock in self.LOCKS if lock != self.waiting[thread]])
            return thread, "waits", lock
        return random.choice(sorted(possible))

    def waits(self, thread, lock):
        self.waiting[thread] = lock
        if (thread, lock) in self.held:
            del self.waiting[thread]

    def holds(self, thread, lock):
        self.held.append((thread, lock))
        self.waiting.pop(thread, None)

    def released(self, thread, lock):
        self.held.remove((thread, lock))

    def cycle(self):
        arrows = {
            (thread, owner)
            for thread, lock in self.waiting.items()
            for owner, held in self.held
            if held == lock
        }
        circles = [
            list(circle)
            for size in (2, 3, 4)
            for circle in permutations(self.THREADS, size)
            if circle[0] == min(circle)
            and all(pair in arrows for pair in zip(circle, circle[1:] + circle[:1], strict=True))
        ]
        return min(circles, default=None)


@graded(points=1)
def test_threads(explore):
    """Its own data is guarded."""

    def scenario(attempt):
        graph, refusals = attempt.WaitForGraph(), []

        def take(thread):
            refusals.append(refused(graph.holds, thread, "x"))

        threads = [Thread(target=take, args=[name], name=name) for name in ("A", "B")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(refusals) == [False, True], "A and B both say that they hold x, and one must be refused"

    def counted(attempt):
        graph = attempt.WaitForGraph()
        threads = [Thread(target=graph.holds, args=["A", "x"]) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        graph.released("A", "x")
        assert refused(graph.holds, "B", "x"), "A took x twice and released it once, but B could take it"

    def looked_at_meanwhile(attempt):
        graph = told(attempt, "A holds x", "B holds y", "A waits y", "C waits x", "D waits x")
        threads = [Thread(target=graph.cycle, name="looks"), Thread(target=graph.waits, args=["B", "x"])]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert graph.cycle() == ["A", "B"], f"A and B wait for each other, but cycle() is {graph.cycle()}"

    explore(scenario)
    explore(counted)
    explore(looked_at_meanwhile)
