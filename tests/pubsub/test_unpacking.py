"""Records out of batches: a run of batches gives what each of them gives by itself."""

from hypothesis import given
from hypothesis import strategies as st

from concur.pubsub import TopicPartition
from concur.pubsub.batch import RecordBatch, StoredBatch
from concur.pubsub.unpacking import unpack

ORDERS = TopicPartition("orders", 3)


def log_of(sizes: list[int], epochs: list[int]) -> list[StoredBatch]:
    stored, base = [], 10
    for size, epoch in zip(sizes, sorted(epochs), strict=False):
        offsets = range(base, base + size)
        batch = RecordBatch(
            [None if offset % 3 else b"k" for offset in offsets],
            [None if offset % 5 else b"%d" % offset for offset in offsets],
            [(("h", b"x"),) if offset % 2 else () for offset in offsets],
            [100 + offset for offset in offsets],
        )
        stored.append(StoredBatch(base, epoch, batch))
        base += size
    return stored


@given(
    st.lists(st.integers(1, 4), min_size=1, max_size=6),
    st.lists(st.integers(0, 2), min_size=6, max_size=6),
    st.integers(0, 4),
    st.integers(0, 30),
    st.booleans(),
)
def test_a_run_of_batches_gives_what_each_gives(
    sizes: list[int], epochs: list[int], skip: int, count: int, read: bool
) -> None:
    batches = log_of(sizes, epochs)
    at = batches[0].base_offset + min(skip, sizes[0] - 1)
    below = at + count
    wanted = [batch for batch in batches if batch.base_offset < below]
    key_of, value_of = (bytes.decode, int) if read else (None, None)
    one_by_one = [
        record
        for batch in wanted
        for record in batch.records(*ORDERS, at, below, key_of=key_of, value_of=value_of)
    ]
    found = unpack(ORDERS, wanted, at, below, key_of, value_of)
    assert found == one_by_one
    assert [type(record) for record in found] == [type(record) for record in one_by_one]
    assert [record.offset for record in found] == list(range(at, min(below, batches[-1].next_offset)))
