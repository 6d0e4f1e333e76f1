"""Roller coaster: cars go round when they are full, and passengers get on and off only where and when they may.

Passengers ride again and again in cars of so many seats. A car goes only when
it is full. Several cars are on the track at the same time and cannot pass each
other there, so they are unloaded in the order in which they were loaded; one is
loaded at a time, and one unloaded (Andrews, "Concurrent Programming", 1991; The
Little Book of Semaphores, 5.8).

How it works: the cars stand in a ring, and hand on the right to load, and the
right to unload, each to the next one. A car calls a passenger for each seat, and
waits each time until he is seated. To get off he is called by his own car: with
one semaphore for all cars, a call could reach somebody who is still on the
track. Which car he sits in he has to look up before he says that he is seated;
afterwards another one may stand at the platform.

    >>> coaster = Coaster(cars=1, seats=1)
    >>> rider = Thread(target=coaster.ride, args=(lambda car: print("on"), lambda car: print("off")))
    >>> rider.start()
    >>> coaster.load(0)
    on
    >>> coaster.unload(0)
    off
    >>> rider.join()
"""

from collections.abc import Callable
from threading import Thread

from concur.problems import Say
from concur.problems._together import together
from concur.sync.semaphore import Semaphore

CHECK = "explore"
ATOMIC = (Semaphore,)


class Ring:
    """A right that goes from car to car: car 0 has it first."""

    def __init__(self, cars: int) -> None:
        self._turns = [Semaphore(0) for _ in range(cars)]
        self._turns[0].release()

    def take(self, car: int) -> None:
        self._turns[car].acquire()

    def hand_on(self, car: int) -> None:
        self._turns[(car + 1) % len(self._turns)].release()


class Coaster:
    """Cars with numbers from 0, all of *seats* seats."""

    def __init__(self, cars: int, seats: int) -> None:
        self.seats = seats
        self._loading = Ring(cars)
        self._unloading = Ring(cars)
        self._at_platform = 0  # written by the car that loads, while nobody is called
        self._get_on = Semaphore(0, name="get on")
        self._seated = Semaphore(0, name="seated")
        self._get_off = [Semaphore(0, name=f"get off {car}") for car in range(cars)]
        self._gone = Semaphore(0, name="gone")

    def ride(self, board: Callable[[int], object], leave: Callable[[int], object]) -> None:
        """What a passenger does; *board* and *leave* are told which car it is."""
        self._get_on.acquire()
        car = self._at_platform
        board(car)
        self._seated.release()
        self._get_off[car].acquire()
        leave(car)
        self._gone.release()

    def load(self, car: int) -> None:
        """Wait until it is this car's turn, and until it is full."""
        self._loading.take(car)
        self._at_platform = car
        for _ in range(self.seats):
            self._get_on.release()
            self._seated.acquire()
        self._loading.hand_on(car)

    def unload(self, car: int) -> None:
        """Wait until it is this car's turn, and until all have left it."""
        self._unloading.take(car)
        for _ in range(self.seats):
            self._get_off[car].release()
            self._gone.acquire()
        self._unloading.hand_on(car)


class Park:
    """A coaster, and those who look on: who sits in which car, and which cars are back."""

    def __init__(self, cars: int, seats: int) -> None:
        self.coaster = Coaster(cars, seats)
        self.seated = [0] * cars
        self.is_back = [False] * cars
        self.got_off: list[int] = []  # from which cars, in order

    def ride(self) -> None:
        def board(car: int) -> None:
            assert not self.is_back[car], f"got on car {car} before all had left it"
            self.seated[car] += 1

        def leave(car: int) -> None:
            assert self.is_back[car], f"left car {car} on its way"
            self.seated[car] -= 1
            self.got_off.append(car)

        self.coaster.ride(board, leave)

    def load(self, car: int) -> None:
        self.is_back[car] = False
        self.coaster.load(car)
        assert self.seated[car] == self.coaster.seats, f"car {car} goes with {self.seated[car]}"

    def unload(self, car: int) -> None:
        self.is_back[car] = True
        self.coaster.unload(car)
        assert self.seated[car] == 0, f"{self.seated[car]} still sit in car {car}"

    def passengers(self, count: int) -> None:
        for _ in range(count):
            Thread(target=self.ride, daemon=True).start()  # some may never get on, or off


def scenario_full() -> None:
    """A car does not go before it is full."""
    park = Park(cars=1, seats=2)
    park.passengers(2)
    park.load(0)


def scenario_again() -> None:
    """It takes nobody on when it is full, nor before all have left."""
    park = Park(cars=1, seats=1)
    park.passengers(2)
    park.load(0)
    park.unload(0)
    park.load(0)


def scenario_two_cars() -> None:
    """Everybody leaves the car in which he sits, and not before it is back."""
    park = Park(cars=2, seats=1)
    park.passengers(2)
    park.load(0)
    park.load(1)
    park.unload(0)
    park.unload(1)
    assert park.got_off == [0, 1]


def scenario_in_order() -> None:
    """A car cannot be unloaded before the one that was loaded before it, here both without seats."""
    coaster = Coaster(cars=2, seats=0)
    back: list[int] = []

    def first() -> None:
        coaster.load(0)
        back.append(0)
        coaster.unload(0)

    def second() -> None:
        coaster.load(1)
        coaster.unload(1)
        back.append(1)

    together(first, second)
    assert back == [0, 1]


def scenario_side_by_side() -> None:
    """Two cars, here both without seats, are on the track at once: each waits there for the other."""
    coaster = Coaster(cars=2, seats=0)
    first, second = Semaphore(0), Semaphore(0)

    def go(car: int, mine: Semaphore, other: Semaphore) -> None:
        coaster.load(car)
        mine.release()
        other.acquire()
        coaster.unload(car)

    together(lambda: go(0, first, second), lambda: go(1, second, first))


def demo(say: Say) -> None:
    cars, seats, rounds = 2, 3, 4
    park = Park(cars, seats)

    def drive(car: int) -> None:
        for number in range(1, rounds + 1):
            park.load(car)
            say(f"car {car} is full and goes: round {number} of {rounds}")
            park.unload(car)

    say(f"{cars} cars of {seats} seats, {cars * seats * rounds} passengers")
    together(*(lambda car=car: drive(car) for car in range(cars)), *[park.ride] * (cars * seats * rounds))
    say(
        f"{len(park.got_off)} rides; cars came back in this order: {' '.join(map(str, park.got_off[::seats]))}"
    )
    assert park.got_off == [0, 0, 0, 1, 1, 1] * rounds
    assert park.seated == [0, 0]
