"""The kinds of anomalies, and what must have been promised for one to be an error.

Whether an anomaly is an error is a question of what was promised: a record that
was acknowledged by its leader alone may be lost, and a consumer whose partitions
move may read twice. So each anomaly carries the set of promises that it breaks.
It is an error if all of them were made.

    >>> sorted(promised(acks=1) ^ promised(acks="all"))
    ['acks-all']
    >>> anomaly = Anomaly("duplicate", "'a' is at orders-0:3 and at orders-0:7", (), frozenset({"idempotent"}))
    >>> anomaly.is_error(promised())
    True
    >>> anomaly.is_error(promised(idempotence=False))
    False
"""

from typing import NamedTuple

from concur.errors import UsageError
from concur.pubsub.history.rows import Row

# Each promise, with what it says.
PROMISES = {
    "acks-all": "every send waits for all in-sync replicas, of which there are at least as many as may fail",
    "clean": "only a replica that is in sync becomes leader",
    "idempotent": "a batch that is sent again is appended once",
    "ordered": "batches of one producer do not overtake each other: idempotence, or one in flight at a time",
    "kept": "retention deletes nothing while the history lasts",
    "earliest": "consumers without a committed offset begin at the first record",
    "assigned": "no partition moves from one consumer to another",
    "drained": "in the end all partitions were read from their start to their end",
    "positions": "clients commit what poll gave them and nothing else, and never go back on purpose",
    "processed-first": "a record is processed before its offset is committed",
    "prompt": "no member of a group is so slow that the group goes on without it",
    "recorded": "every client that sends is in the history",
}

KINDS = {
    "inconsistent-offsets": "two values at one offset of a partition",
    "duplicate": "one value at more than one place",
    "lost-write": "an acknowledged record that nobody read, although a later one of its partition was read",
    "unseen": "an acknowledged record that nobody read, nor any later one of its partition",
    "aborted-read": "a record that was read although its send had failed for certain",
    "unsent-read": "a record that was read although nobody sent it",
    "poll-skip": "a consumer's next poll begins after records that it has not been given",
    "nonmonotonic-poll": "a consumer's next poll begins at or before the last record that it was given",
    "int-poll-skip": "one poll leaves records out",
    "int-nonmonotonic-poll": "one poll goes back",
    "nonmonotonic-send": "a client's later send is before its earlier one in the partition",
    "int-nonmonotonic-send": "the same, within one call that sends several records",
    "commit-past": "a committed offset past records that the member was not given",
    "commit-back": "a member commits an offset below the one that it committed before",
    "lost-commit": "a member that was given a partition begins below an offset that its group had committed",
    "stale-commit": "a commit was accepted of a member whose partition had been given to another",
    "late-revoke": "a member gave a partition up after another member had been given it",
    "unprocessed": "a record below a committed offset that no member of the group has processed",
    # From the inside of a cluster: inside.py.
    "replicas-disagree": "two replicas have different records at one offset below both high watermarks",
    "watermark-back": "the high watermark of a leader went back",
    "watermark-ahead": "the high watermark is above the end of a replica that is in sync",
    "watermark-under-min": "the high watermark rose while fewer were in sync than min.insync.replicas",
    "two-leaders": "two brokers led a partition in the same epoch",
    "two-owners": "two members of a group owned a partition in the same generation",
    "committed-lost": "a record below the high watermark is not in the log of a later leader",
}


class Anomaly(NamedTuple):
    """Something in a history that ought not to be, or only if nobody promised otherwise."""

    kind: str
    text: str  # one sentence, in the clients' names
    witnesses: tuple[Row, ...]  # the rows that show it, in the order of the history
    breaks: frozenset[str] = frozenset()  # it is an error if all of these were promised
    where: str = ""  # the partition

    def is_error(self, promises: frozenset[str]) -> bool:
        return self.breaks <= promises

    def __str__(self) -> str:
        return f"{self.kind}: {self.text}"


def promised(
    *,
    acks: int | str = "all",
    clean_election: bool = True,
    idempotence: bool = True,
    max_in_flight: int = 5,
    retention: bool = False,
    reset: str = "earliest",
    assigned: bool = False,
    drained: bool = False,
    positions: bool = True,
    processed_first: bool = True,
    prompt: bool = False,
    recorded: bool = True,
) -> frozenset[str]:
    """The set of promises that these settings make. What each word says: ``PROMISES``.

    Args:
        acks: 0, 1 or "all", as the producers had it.
        clean_election: whether ``unclean.leader.election.enable`` was false.
        idempotence: ``enable.idempotence`` of the producers.
        max_in_flight: ``max.in.flight.requests.per.connection``; only 1 keeps order without idempotence.
        retention: whether old segments may have been deleted while the history was made.
        reset: ``auto.offset.reset`` of the consumers.
        assigned: whether consumers chose their partitions with assign, so that none ever moves.
        drained: whether somebody read everything in the end; needless after ``History.drain``.
        positions: whether clients commit only what poll gave them.
        processed_first: whether records are processed before they are committed.
        prompt: whether members of groups poll often enough never to be left behind.
        recorded: whether all producers are in the history.

    Raises:
        UsageError: acks or reset is none of Kafka's.
    """
    if str(acks) not in ("0", "1", "-1", "all"):
        raise UsageError(f"acks is 0, 1 or 'all', not {acks!r}")
    if reset not in ("earliest", "latest", "none"):
        raise UsageError(f"auto.offset.reset is 'earliest', 'latest' or 'none', not {reset!r}")
    made = {
        "acks-all": str(acks) in ("all", "-1"),
        "clean": clean_election,
        "idempotent": idempotence,
        "ordered": idempotence or max_in_flight == 1,
        "kept": not retention,
        "earliest": reset == "earliest",
        "assigned": assigned,
        "drained": drained,
        "positions": positions,
        "processed-first": processed_first,
        "prompt": prompt,
        "recorded": recorded,
    }
    return frozenset(word for word, kept in made.items() if kept)
