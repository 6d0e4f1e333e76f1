"""Every death that a ring can die, without luck: memory that stops after so many stores, and a search through all.

A state is what the memory holds, beside what calls are in the middle of taking. From each state each call is made: to
its end, and killed before each of its stores. What was seen before is not looked at again. In every state that is
reached a survivor takes what there is, and must find all that was put and not taken, each once.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from threading import Lock
from types import ModuleType
from typing import Any

WORD = 8
SURVIVOR, HOLDER, VICTIM = 1, 2, 3  # who makes a call: to the end; half, and lives; and is killed


class Killed(BaseException):
    """The process ended here."""


class Life:
    """How many stores are left to the one who runs."""

    def __init__(self) -> None:
        self.stores: int | None = None  # no end
        self.loads = 0

    def load(self) -> None:
        self.loads += 1
        assert self.loads < 10_000, "this does not end"

    def store(self) -> None:
        if self.stores is not None:
            if not self.stores:
                raise Killed
            self.stores -= 1


class Words:
    """A memoryview of format "Q", each store of which may be the last."""

    def __init__(self, view: memoryview, life: Life) -> None:
        self._view, self._life = view, life

    def __len__(self) -> int:
        return len(self._view)

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, slice):
            return Words(self._view[key], self._life)
        self._life.load()
        return self._view[key]

    def __setitem__(self, key: int, value: int) -> None:
        self._life.store()
        self._view[key] = value

    def tolist(self) -> list[int]:
        return self._view.tolist()

    def tobytes(self) -> bytes:
        return self._view.tobytes()


class Bytes:
    """A memoryview of bytes, which stores a slice word by word."""

    def __init__(self, view: memoryview, life: Life) -> None:
        self._view, self._life = view, life

    def __len__(self) -> int:
        return len(self._view)

    def cast(self, kind: str) -> Words:
        return Words(self._view.cast(kind), self._life)  # type: ignore[call-overload]

    def __getitem__(self, key: slice) -> memoryview:
        return self._view[key]

    def __setitem__(self, key: slice, value: bytes) -> None:
        start, stop, _ = key.indices(len(self._view))
        assert len(value) == stop - start
        for at in range(start, stop, WORD):
            self._life.store()
            upto = min(at + WORD, stop)
            self._view[at:upto] = value[at - start : upto - start]


Held = tuple[int, int, int, int]  # a hand: slot, start, upto, end


@dataclass(frozen=True)
class State:
    """Where a search has come to."""

    memory: bytes
    inside: tuple[int, ...]  # items that were put and not taken, in the order of the ring
    held: tuple[Held, ...]  # the hands of holders, who live
    owned: tuple[tuple[int, ...], ...]  # the items in each of them


def behind(lock: Any) -> Callable[..., Any]:
    """What makes a call while it holds *lock*, which is free again if the caller dies."""

    def guarded(call: Callable[..., Any], *given: Any) -> Any:
        with lock:
            return call(*given)

    return guarded


class World:
    """A ring of the module *module* that can be set to any state, and calls upon it."""

    def __init__(
        self,
        module: ModuleType,
        *,
        maxsize: int,
        capacity: int,
        slots: int = 3,
        number: int = 0,
        lap: int = 0,
    ) -> None:
        self.module, self.maxsize = module, maxsize
        words = module.words_for(slots) * WORD
        self.life = Life()
        self.memory = bytearray(words + capacity)
        view = memoryview(self.memory)
        self.dead: set[int] = set()
        self.ring = module.Ring(
            Words(view[:words].cast("Q"), self.life),
            Bytes(view[words:], self.life),
            maxsize,
            behind(Lock()),
            behind(Lock()),
            lambda owner: owner not in self.dead,
            lambda: None,
        )
        place = -lap % self.ring._around  # so many bytes before the places begin anew
        first = number % module.COUNTS << module.BITS | place
        for word in (module.HEAD, module.TAIL):
            self.ring.words[word] = first
        self.ring.words[module.LIMIT] = place
        self.first = State(bytes(self.memory), (), (), ())
        self.made = 0

    def hand(self, held: Held | None = None) -> Any:
        hand = self.module.Hand()
        if held:
            hand.slot, hand.start, hand.upto, hand.end = held
        return hand

    # Calls

    def put(self, items: tuple[int, ...]) -> bool:
        return bool(self.ring.put(bytes(items) + b"." * (len(items) % 2 * 9), len(items)) == 0)

    def take(self, hand: Any, limit: int, me: int) -> tuple[int, ...]:
        if self.ring.take(hand, limit, me) != 0:
            return ()
        return self.read(hand)

    def read(self, hand: Any) -> tuple[int, ...]:
        if hand.size >= 0:
            return tuple(bytes(self.ring.content(hand.at, hand.size))[:1])
        items: tuple[int, ...] = ()
        start = hand.start
        while start != hand.upto:
            record, _, first, last, start = self.ring.front(start, hand.upto)
            items += tuple(bytes(record)[first:last])
        return items

    def get(self, limit: int, me: int = SURVIVOR) -> tuple[int, ...]:
        hand = self.hand()
        items = self.take(hand, limit, me)
        if items:
            self.ring.finish(hand)
        return items

    # Steps from one state to the next

    def _at(self, state: State, stores: int | None = None, dead: tuple[int, ...] = (VICTIM,)) -> None:
        self.memory[:] = state.memory
        self.dead = {*dead}
        self.life.stores, self.life.loads = stores, 0
        self.ring._likely = 0

    def _killed(self, state: State, call: Any) -> Iterator[int]:
        """Make *call* and kill it before each store; after each death, how many stores it had made."""
        stores = 0
        while True:
            self._at(state, stores)
            try:
                call()
            except Killed:
                self.life.stores = None
                yield stores
                stores += 1
            else:
                self.life.stores = None
                return

    def steps(self, state: State) -> Iterator[tuple[str, State]]:
        """Everything that can happen next."""
        fresh = max(state.inside + sum(state.owned, ()), default=0)
        for items in ((fresh + 1,), (fresh + 1, fresh + 2)):
            with_them = state.inside + items
            self._at(state)
            tail = self.ring.words[self.module.TAIL]
            if self.put(items):
                yield f"put {items}", self._state(with_them, state)
            for stores in self._killed(state, lambda items=items: self.put(items)):
                put = self.ring.words[self.module.TAIL] != tail
                yield (
                    f"put {items}, killed after {stores} stores",
                    self._state(with_them if put else state.inside, state),
                )
        for limit in (1, 3):
            self._at(state)
            taken = self.get(limit)
            if taken:
                yield f"get {taken}", self._state(without(state.inside, taken), state)
            for stores in self._killed(state, lambda limit=limit: self.get(limit, VICTIM)):
                yield f"get {limit}, killed after {stores} stores", self._state(state.inside, state)
        self._at(state, dead=())
        self.ring.disown(VICTIM)
        yield "a new one comes and goes", self._state(state.inside, state)
        for stores in self._killed(state, lambda: self.ring.disown(VICTIM)):
            yield f"a new one comes, and is killed after {stores} stores", self._state(state.inside, state)
        if len(state.held) < min(2, len(self.ring.starts) - 1):  # the survivor needs a slot as well
            for limit in (1, 3):
                self._at(state)
                hand = self.hand()
                taken = self.take(hand, limit, HOLDER)
                if taken:
                    held = (hand.slot, hand.start, hand.upto, hand.end)
                    # An inherited claim may have more than is wanted; all of it is in the hand.
                    whole = self.hand((hand.slot, hand.start, hand.end, hand.end))
                    owned = self.read(whole)
                    yield (
                        f"hold {owned}, for {taken}",
                        State(
                            bytes(self.memory),
                            without(state.inside, owned),
                            (*state.held, held),
                            (*state.owned, owned),
                        ),
                    )
        for index, (held, owned) in enumerate(zip(state.held, state.owned, strict=True)):
            others = State(
                b"",
                state.inside,
                state.held[:index] + state.held[index + 1 :],
                state.owned[:index] + state.owned[index + 1 :],
            )
            self._at(state)
            hand = self.hand(held)
            taken = self.read(hand)
            assert taken == owned[: len(taken)], "what is in hand was overwritten"
            self.ring.finish(hand)
            yield f"finish {taken}", self._state(state.inside + owned[len(taken) :], others)
            self._at(state)
            self.ring.give_back(self.hand(held))
            yield f"give back {owned}", self._state(state.inside + owned, others)
            self._at(state)
            self.ring._owners[held[0]] = VICTIM
            yield f"holder of {owned} dies", self._state(state.inside + owned, others)

    def _state(self, inside: tuple[int, ...], before: State) -> State:
        return State(bytes(self.memory), inside, before.held, before.owned)

    # What must be true of each state

    def audit(self, state: State) -> None:
        """Whoever lives finds what is in and in nobody's hand, each item once; then nothing of the room is lost."""
        module, ring = self.module, self.ring
        self._at(state)
        assert len(ring) <= self.maxsize
        # Who has no slot for a claim of its own begins with what it can inherit.
        behind_head = self.behind_head() if 0 in ring.starts.tolist() else ()
        found = self.drained()
        assert found[: len(behind_head)] == behind_head, f"{found} begins with other items than {behind_head}"
        assert sorted(found) == sorted(state.inside), f"{found} came out, {sorted(state.inside)} were in"
        for held, owned in zip(state.held, state.owned, strict=True):
            hand = self.hand(held)
            taken = self.read(hand)
            assert taken == owned[: len(taken)], f"{owned} were in hand and are {taken} now"
            assert self._closed_take() == module.EMPTY, (
                "the end was told while an item was in somebody's hand"
            )
        self.dead.add(HOLDER)
        found = self.drained()
        assert sorted(found) == sorted(sum(state.owned, ())), f"{found} came out of the hands {state.owned}"
        fit = min(self.maxsize, ring.capacity // self.module.room_for(1))
        put = [n for n in range(fit + 1) if ring.put(bytes((n,)), 1) == 0]
        assert put == list(range(fit)), f"room for {fit}, and {put} went in"
        assert list(self.drained()) == put
        assert self._closed_take() == module.SHUT
        # Somebody comes who gets the number of those who were killed.
        self._at(state, dead=())
        ring.disown(VICTIM)
        found = self.drained()
        assert sorted(found) == sorted(state.inside), (
            f"{found} came out for a new one, {state.inside} were in"
        )

    def _closed_take(self) -> int:
        """What a take says when the queue is closed and empty."""
        self.ring.close()
        status: int = self.ring.take(self.hand(), 1, SURVIVOR)
        self.ring.words[self.module.CLOSED] = 0
        return status

    def behind_head(self) -> tuple[int, ...]:
        """What is in between head and tail."""
        head, tail = (self.ring.words[word] for word in (self.module.HEAD, self.module.TAIL))
        return self.read(self.hand((0, head, tail, tail))) if head != tail else ()

    def drained(self) -> tuple[int, ...]:
        found: tuple[int, ...] = ()
        while items := self.get(2):
            found += items
        return found


def without(items: tuple[int, ...], taken: tuple[int, ...]) -> tuple[int, ...]:
    assert len(set(taken)) == len(taken), f"{taken} came out"
    assert set(taken) <= {*items}, f"{taken} came out, and only {items} were in"
    return tuple(item for item in items if item not in taken)


def search(world: World, depth: int, start: State | None = None) -> int:
    """Go through all that can happen in *depth* steps; how many states there are. Fails with the way to a wrong one."""
    level: dict[State, tuple[str, ...]] = {start or world.first: ()}
    seen = set(level)
    for _ in range(depth):
        following: dict[State, tuple[str, ...]] = {}
        for state, way in level.items():
            steps = world.steps(state)
            while True:
                try:
                    step, reached = next(steps)
                except StopIteration:
                    break
                except Exception as error:
                    raise AssertionError(f"{error!r}\nafter: {'; '.join(way)}") from error
                if reached in seen:
                    continue
                seen.add(reached)
                following[reached] = (*way, step)
                keep = bytes(world.memory)
                try:
                    world.audit(reached)
                except Exception as error:
                    raise AssertionError(f"{error!r}\nafter: {'; '.join((*way, step))}") from error
                world.memory[:] = keep
                world.dead = {VICTIM}
        level = following
    return len(seen)
