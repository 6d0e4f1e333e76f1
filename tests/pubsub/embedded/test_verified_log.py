"""Readers of a log beside its one writer, under every interleaving; and what refutes them with one line changed.

Whatever a reader gets was in the log at one moment, whole and in order.
"""

from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from concur.check import Status, explore
from tests.pubsub.embedded.mutants import in_one_file
from tests.sync.verifying import together

PARTS = ["errors.py", "records.py", "batch.py", "embedded/segment.py", "embedded/log.py"]
EVERYTHING = 10**9

Scenario = Callable[[ModuleType], None]


def new(module: ModuleType, batches: int, **options: Any) -> Any:
    """A log with so many batches of two records, at offsets 0, 2, 4 and so on."""
    log = module.PartitionLog(**options)
    for _ in range(batches):
        log.append(batch(module), 0)
    return log


def batch(module: ModuleType) -> Any:
    return module.RecordBatch([None] * 2, [b"v"] * 2, [()] * 2, [0, 0], -1, -1, -1, 10)


def read(log: Any, offset: int, below: int | None = None) -> Any:
    """What a reader gets: base offset and epoch of each batch, or what was raised."""
    try:
        return [(stored.base_offset, stored.leader_epoch) for stored in log.read(offset, EVERYTHING, below)]
    except Exception as error:
        return type(error).__name__


def append_beside_two_readers(module: ModuleType) -> None:
    log = new(module, 0)
    seen: list[Any] = []

    def look() -> None:
        end = log.end
        seen.append((end, read(log, 0)))

    together(lambda: log.append(batch(module), 0), look, lambda: seen.append((0, read(log, 0))))
    for end, found in seen:
        assert found in ([], [(0, 0)])
        assert 2 * len(found) >= end, "it ends where nothing is yet"


def append_beside_a_reader_at_the_end(module: ModuleType) -> None:
    """Whoever follows gets every batch, once."""
    log = new(module, 1, segment_bytes=20)
    got: list[Any] = []

    def write() -> None:
        for _ in range(2):
            log.append(batch(module), 0)

    def follow() -> None:
        offset = 0
        for _ in range(2):
            end = log.end
            found = log.read(offset, EVERYTHING)
            assert found or end == offset, "nothing where something is"
            got.extend(found)
            offset = found[-1].next_offset if found else offset

    together(write, follow)
    assert [stored.base_offset for stored in got] == [0, 2, 4][: len(got)]


def append_above_the_watermark_of_a_reader(module: ModuleType) -> None:
    log = new(module, 1)
    seen: list[Any] = []
    together(lambda: log.append(batch(module), 0), lambda: seen.append(read(log, 0, below=2)))
    assert seen == [[(0, 0)]]


def cut_beside_a_reader(module: ModuleType) -> None:
    """What was cut, and what was written in its place, are never seen together."""
    log = new(module, 3)
    seen: list[Any] = []

    def write() -> None:
        log.truncate(2)
        log.append(batch(module), 1)

    together(write, lambda: seen.append(read(log, 0)))
    assert seen[0] in ([(0, 0), (2, 0), (4, 0)], [(0, 0)], [(0, 0), (2, 1)])
    assert read(log, 0) == [(0, 0), (2, 1)]


def cut_between_segments_beside_a_reader(module: ModuleType) -> None:
    log = new(module, 2, segment_bytes=10)
    log.segment_bytes = 100
    seen: list[Any] = []

    def write() -> None:
        log.truncate(2)
        log.append(batch(module), 1)

    together(write, lambda: seen.append(read(log, 0)))
    assert seen[0] in ([(0, 0), (2, 0)], [(0, 0)], [(0, 0), (2, 1)])


def cut_beside_a_reader_of_what_goes(module: ModuleType) -> None:
    log = new(module, 3)
    seen: list[Any] = []
    together(lambda: log.truncate(2), lambda: seen.append(read(log, 4)))
    assert seen[0] in ([(4, 0)], "OffsetOutOfRange")


def retention_beside_a_reader(module: ModuleType) -> None:
    """A reader gets what it asked for, or is told that it is gone; never what comes later instead."""
    log = new(module, 3, segment_bytes=10, retention_bytes=10)
    seen: list[Any] = []

    def write() -> None:
        log.delete_old(0, 4)
        log.append(batch(module), 0)

    def look() -> None:
        seen.append(read(log, 2))

    together(write, look)
    assert seen[0] in ([(2, 0), (4, 0)], "OffsetOutOfRange")
    assert log.start == 4


def retention_beside_two_readers(module: ModuleType) -> None:
    log = new(module, 3, segment_bytes=10, retention_bytes=20)
    seen: list[Any] = []
    together(
        lambda: log.delete_old(0, 4),
        lambda: seen.append(read(log, 0)),
        lambda: seen.append(read(log, log.start)),
    )
    for found in seen:
        assert found in ([(0, 0), (2, 0), (4, 0)], [(2, 0), (4, 0)], "OffsetOutOfRange")


def times_beside_a_cut(module: ModuleType) -> None:
    log = new(module, 1)
    late = module.RecordBatch([None], [b"v"], [()], [7], -1, -1, -1, 10)
    log.append(late, 0)
    seen: list[Any] = []

    def write() -> None:
        log.truncate(2)
        log.append(batch(module), 1)

    together(write, lambda: seen.append(log.offset_for_time(5)))
    assert seen[0] in ((2, 7), None)


SCENARIOS = [
    append_beside_two_readers,
    append_beside_a_reader_at_the_end,
    append_above_the_watermark_of_a_reader,
    cut_beside_a_reader,
    cut_between_segments_beside_a_reader,
    cut_beside_a_reader_of_what_goes,
    retention_beside_a_reader,
    retention_beside_two_readers,
    times_beside_a_cut,
]


@pytest.fixture(scope="module")
def log_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of a log as one, rewritten by the checker only once."""
    return written(tmp_path_factory.mktemp("log"))


def written(folder: Path, *change: str) -> Path:
    path = folder / "log_in_one_file.py"
    path.write_text(in_one_file(PARTS, *change), encoding="utf-8")
    return path


def verdict_of(scenario: Scenario, path: Path) -> Any:
    return explore(scenario, attempt=str(path), max_schedules=20_000, max_seconds=None, races="off")


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_verified(scenario, log_file):
    verdict = verdict_of(scenario, log_file)
    assert verdict.status is Status.VERIFIED, verdict


LOG, SEGMENT = "embedded/log.py", "embedded/segment.py"
MUTANTS = {
    "the end is said before the batch is there": (
        append_beside_two_readers,
        LOG,
        "        active.add(stored)\n        self._view = (start, stored.next_offset, segments, bases)\n",
        "        self._view = (start, stored.next_offset, segments, bases)\n        active.add(stored)\n",
    ),
    "a new segment is seen before it is in the view": (
        append_beside_a_reader_at_the_end,
        LOG,
        "(*bases, end)\n",
        "(*bases, end)\n            self._view = (start, stored.next_offset, segments, bases)\n",
    ),
    "the view is taken twice": (
        cut_beside_a_reader_of_what_goes,
        LOG,
        "        place = bisect_right(bases, offset) - 1\n        index =",
        "        _, _, segments, bases = self._view\n        place = bisect_right(bases, offset) - 1\n        index =",
    ),
    "a cut is made in place": (
        cut_beside_a_reader,
        LOG,
        "        last = segments[place].up_to(to)\n",
        "        last = segments[place]\n        del last.batches[(cut := last.index_of(to)) :], last.ends[cut:]\n",
    ),
    "what is not cut is not copied": (
        cut_between_segments_beside_a_reader,
        LOG,
        "        last = segments[place].up_to(to)\n",
        "        place -= bases[place] == to\n        last = segments[place]\n",
    ),
    "the limit is not kept": (
        append_above_the_watermark_of_a_reader,
        LOG,
        "if stored.next_offset > limit or (found",
        "if (found",
    ),
    "segments are deleted in place": (
        retention_beside_a_reader,
        LOG,
        "        self._view = (max(start, offset),",
        "        segments[keep - 1].batches.clear()\n        self._view = (max(start, offset),",
    ),
}


@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_wrong_line_is_refuted(mutant, tmp_path, any_schedule_will_do):
    scenario, *change = MUTANTS[mutant]
    verdict = verdict_of(scenario, written(tmp_path, *change))
    assert verdict.status is Status.REFUTED, verdict
