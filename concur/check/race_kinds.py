"""What a data race can do to the program: its kind, its severity, and the sentence that tells it.

A *race* is one whose lines, by their text, belong together (see `race_text.py`):

- ``read-modify-write``: one line reads the place, a line of the same function writes what was computed from that,
  and the other thread writes the place as well;
- ``check-then-act``: one line tests the place, a line of the same function changes it because of that, and the
  other thread changes it as well;
- ``torn pair``: one function writes two fields of an object, or two variables, and another thread reads both
  together: it may see one new and one old.

All others are a *note*: CPython runs a method of a container, and a single load or store, as one step.
"""

import dataclasses
import itertools
from collections.abc import Iterator
from typing import Any

from concur.check.contents import EXACT_CONTAINERS
from concur.check.engine import Engine
from concur.check.ops import READ
from concur.check.race_text import CONTENT, text_of
from concur.check.races import Finder, Pair, Seen, Site
from concur.check.trace import source_line
from concur.check.verdict import Race, Step
from concur.check.whereabouts import short_file

MOST = 20  # races that a verdict keeps


@dataclasses.dataclass(frozen=True, slots=True)
class _Side:
    """A line of one thread, and what it does there."""

    thread: str
    site: Site
    op: str

    def step(self) -> Step:
        return Step(self.thread, *self.site, source_line(self.site), self.op, None)

    @property
    def where(self) -> str:
        return f"{short_file(self.site[0])}:{self.site[1]}"


@dataclasses.dataclass(frozen=True, slots=True)
class Found:
    """A race, and the step of a run that completes it."""

    race: Race
    at: int


def races_of(pairs: dict[Pair, Seen], own_files: frozenset[str]) -> list[Found]:
    """The races among the pairs whose lines are both in the user's files: the worst first, then by line."""
    own = {
        pair: seen
        for pair, seen in pairs.items()
        if pair.first.site[0] in own_files and pair.second.site[0] in own_files
    }
    torn, explained = _torn(own)
    candidates = [*torn]
    for pair, seen in own.items():
        linked = list(_linked(pair, seen))
        if linked:
            candidates.append(min(linked, key=lambda found: (_KINDS.index(found.race.kind), _order(found))))
        elif pair not in explained:
            candidates.append(_note(pair, seen))
    best: dict[Any, Found] = {}
    for found in sorted(candidates, key=_order):
        known = best.get(_order(found)[:4])
        if known is None:
            best[_order(found)[:4]] = found
        else:
            best[_order(found)[:4]] = Found(known.race, min(known.at, found.at))
    return list(best.values())


def failing(engine: Engine, own_files: frozenset[str]) -> Found | None:
    """The race that one run comes to first, notes apart."""
    finder = Finder()
    finder.look(engine)
    races = [found for found in races_of(finder.pairs, own_files) if found.race.severity == "race"]
    return min(races, key=lambda found: found.at, default=None)


_KINDS = ("read-modify-write", "check-then-act", "torn pair", "container operations", "single accesses")


def _order(found: Found) -> tuple[Any, ...]:
    race = found.race
    sites = [(step.file, step.line) for step in (race.first, race.second)]
    return (race.severity != "race", *sites, _KINDS.index(race.kind), race.message)


def _linked(pair: Pair, seen: Seen) -> Iterator[Found]:
    """The pair as an update or a test that the other thread's change can come into."""
    sides = list(zip((pair.first, pair.second), seen.threads, strict=True))
    for (mine, me), (other, them) in (sides, sides[::-1]):
        if other.mode == READ:
            continue
        text = text_of(mine.site[0])
        kinds = (
            ("read-modify-write", text.updates),
            ("check-then-act", text.tests),
            ("check-then-act", {link for link in text.claims if other.site == (mine.site[0], link.write)}),
        )
        for kind, links in kinds:
            for link in links:
                line = link.read if mine.mode == READ else link.write
                if link.name == pair.name and line == mine.site[1]:
                    file = mine.site[0]
                    yield _tell(
                        pair, seen, kind, (me, (file, link.read), (file, link.write)), (them, other.site)
                    )
                    for theirs in text_of(other.site[0]).updates if kind == "read-modify-write" else ():
                        if theirs.name == pair.name and theirs.write == other.site[1]:
                            start = (other.site[0], theirs.read)
                            yield _tell(pair, seen, kind, (them, start, other.site), (me, (file, link.write)))


def _tell(pair: Pair, seen: Seen, kind: str, mine: tuple[str, Site, Site], other: tuple[str, Site]) -> Found:
    me, start, end = mine
    name = _called(pair)
    test = kind == "check-then-act"
    begins, ends = ("tests" if test else "reads"), _changes(pair)
    first = _Side(me, start, f"{'test' if test else 'read'} {name}")
    second = _Side(other[0], other[1], f"{'change' if pair.name == CONTENT else 'write'} {name}")
    done = (
        f"{begins} and {ends} {name} at {first.where}"
        if start == end
        else f"{begins} {name} at {first.where} and {ends} it at {_where(end)}"
    )
    message = f"'{me}' {done}, '{other[0]}' {ends} it at {second.where}, and no lock orders them"
    return Found(Race("race", kind, _place(pair), first.step(), second.step(), message), seen.at)


def _note(pair: Pair, seen: Seen) -> Found:
    sides = list(zip((pair.first, pair.second), seen.threads, strict=True))
    if pair.first.mode == READ:
        sides.reverse()  # the change first
    name, content = _called(pair), pair.name == CONTENT
    verbs = [("reads" if access.mode == READ else _changes(pair)) for access, _ in sides]
    one, other = (
        _Side(thread, access.site, f"{verb.removesuffix('s')} {name}")
        for (access, thread), verb in zip(sides, verbs, strict=True)
    )
    message = (
        f"'{one.thread}' {verbs[0]} {name} at {one.where}, '{other.thread}' {verbs[1]} it at {other.where},"
        " and no lock orders them; each is one step in CPython"
    )
    kind = "container operations" if content else "single accesses"
    return Found(Race("note", kind, _place(pair), one.step(), other.step(), message), seen.at)


def _torn(own: dict[Pair, Seen]) -> tuple[list[Found], set[Pair]]:
    """Pairs of pairs: two places written together, and read together."""
    found, explained = [], set()
    single: list[tuple[Pair, Seen, Site, Site, tuple[str, str]]] = []  # ..., written, read, their threads
    for pair, seen in own.items():
        if pair.name != CONTENT and (pair.first.mode == READ) != (pair.second.mode == READ):
            if pair.first.mode == READ:
                single.append((pair, seen, pair.second.site, pair.first.site, seen.threads[::-1]))
            else:
                single.append((pair, seen, pair.first.site, pair.second.site, seen.threads))
    single.sort(key=lambda entry: (entry[0].name, entry[2], entry[3]))
    for (one, seen, write, read, (writer, reader)), (
        other,
        later,
        write_2,
        read_2,
        _,
    ) in itertools.combinations(single, 2):
        if one.name == other.name or one.owner != other.owner:
            continue
        if write[0] != write_2[0] or read[0] != read_2[0]:
            continue
        if ((one.name, write[1]), (other.name, write_2[1])) not in text_of(write[0]).written:
            continue
        if ((one.name, read[1]), (other.name, read_2[1])) not in text_of(read[0]).read:
            continue
        explained |= {one, other}
        names = " and ".join(name for _, name in sorted(((write, one.name), (write_2, other.name))))
        first = _Side(writer, min(write, write_2), f"write {names}")
        second = _Side(reader, min(read, read_2), f"read {names}")
        message = (
            f"'{writer}' writes {names} at {_both(write, write_2)}, '{reader}' reads both at {_both(read, read_2)},"
            " and no lock orders them: it may see one new and one old"
        )
        place = f"{_place(one)} and {_place(other)}"
        race = Race("race", "torn pair", place, first.step(), second.step(), message)
        found.append(Found(race, max(seen.at, later.at)))
    return found, explained


def _both(one: Site, other: Site) -> str:
    first, second = sorted((one, other))
    return _where(first) if first == second else f"{_where(first)} and {_where(second)}"


def _where(site: Site) -> str:
    return f"{short_file(site[0])}:{site[1]}"


def _changes(pair: Pair) -> str:
    return "changes" if pair.name == CONTENT else "writes"


_TYPES = {kind.__name__: kind for kind in EXACT_CONTAINERS}


def _called(pair: Pair) -> str:
    """The field, the variable, or the name under which a line mentions the container."""
    if pair.name != CONTENT:
        return pair.name
    kind = _TYPES.get(pair.owner, object)
    named = [
        {name for name, method in known if not method or hasattr(kind, method)}
        for known in (
            text_of(at.site[0]).containers.get(at.site[1], set()) for at in (pair.first, pair.second)
        )
    ]
    for names in (named[0] & named[1], *named):
        if len(names) == 1:
            return next(iter(names))
    return f"a {pair.owner}" if pair.owner else "a container"


def _place(pair: Pair) -> str:
    name = _called(pair)
    return f"{pair.owner}.{name}" if pair.owner and pair.name != CONTENT else name


def why_race(race: Race) -> str:
    """What a race can lead to, and what to do about it."""
    return {
        "read-modify-write": "An update can be lost: reading and writing have to be one step; hold one lock over both.",
        "check-then-act": "What was tested may no longer be so: hold one lock over the test and the change.",
        "torn pair": "Hold one lock while both are written, and the same lock while both are read.",
    }[race.kind]
