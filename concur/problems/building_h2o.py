"""Building H2O: atoms come one by one, and bond in threes, two of hydrogen and one of oxygen.

An atom waits until the others for its molecule are there, and all three bond
before anybody of the next molecule does (The Little Book of Semaphores, 5.6).

    >>> from concur.problems._together import together
    >>> water, bonds = Water(), []
    >>> def atom(kind):
    ...     return lambda: water.atom(kind, lambda: bonds.append(kind))
    >>> together(*map(atom, "HOOHHH"))
    >>> sorted(bonds[:3]), sorted(bonds[3:])
    (['H', 'H', 'O'], ['H', 'H', 'O'])

How it works: a monitor that builds one molecule at a time. It is in one of
two states. While places are free, an atom that fits takes one; when the last
is taken, the three who have them bond; when the third has bonded, the places
are free again. Each change of state is told to all, since hydrogens and
oxygens wait in one line: a single notify could wake one that does not fit.
"""

from collections.abc import Callable
from functools import partial

from concur.problems import Say
from concur.problems._together import together
from concur.sync.condition import Condition

CHECK = "explore"
SAMPLED = ("scenario_two_molecules",)  # six threads that wake one another: too many schedules to run them all

MOLECULE = "HHO"


class Water:
    """Where atoms meet."""

    def __init__(self) -> None:
        self.changed = Condition(name="molecule")
        # Guarded by the condition. Invariant: free and bonded are not both other than empty and 0.
        self.free = list(MOLECULE)  # places in the molecule that is being put together
        self.bonded = 0  # of its atoms, once it is complete

    def atom(self, kind: str, bond: Callable[[], None]) -> None:
        """Come as an atom of a kind, "H" or "O"; *bond* is called once the molecule is complete."""
        with self.changed:
            while kind not in self.free:
                self.changed.wait()
            self.free.remove(kind)
            if not self.free:
                self.changed.notify_all()
            while self.free:
                self.changed.wait()
            bond()
            self.bonded += 1
            if self.bonded == len(MOLECULE):
                self.bonded = 0
                self.free = list(MOLECULE)
                self.changed.notify_all()


def build(*atoms: str) -> None:
    """Each atom is a thread; each three bonds in a row are a molecule, and begin when its last atom has come."""
    water, bonds = Water(), list[str]()
    came = [list[str]() for _ in atoms]  # one for each, so that it does not matter in which order they come

    def come(number: int) -> None:
        def bond() -> None:
            needed = len(bonds) // 3 * 3 + 3
            assert sum(map(len, came)) >= needed, "bonds before the others have come"
            bonds.append(atoms[number])

        came[number].append(atoms[number])
        water.atom(atoms[number], bond)

    together(*(partial(come, number) for number in range(len(atoms))))
    molecules = ["".join(sorted(bonds[i : i + 3])) for i in range(0, len(bonds), 3)]
    assert molecules == ["HHO"] * (len(atoms) // 3), molecules


def scenario_one_molecule() -> None:
    build("H", "O", "H")


def scenario_two_molecules() -> None:
    """Six atoms, so that hydrogens of the second molecule wait while the first bonds."""
    build("H", "H", "H", "H", "O", "O")


def demo(say: Say) -> None:
    water, bonds = Water(), list[str]()

    def come(kind: str, number: int) -> None:
        def bond() -> None:
            bonds.append(kind)
            say(f"  molecule {(len(bonds) + 2) // 3}: {kind}{number} bonds")

        water.atom(kind, bond)

    say("Four oxygens and eight hydrogens, a thread each:")
    together(
        *(partial(come, "O", number) for number in range(1, 5)),
        *(partial(come, "H", number) for number in range(1, 9)),
    )
    molecules = ["".join(sorted(bonds[i : i + 3])) for i in range(0, 12, 3)]
    assert molecules == ["HHO"] * 4, molecules
    say(f"In their order the bonds are {', '.join(map(''.join, zip(*[iter(bonds)] * 3, strict=True)))}.")
