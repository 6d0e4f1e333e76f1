"""Each kind of anomaly: the smallest history that has it, and a near miss that has not."""

import re
from pathlib import Path

import pytest

from concur.errors import UsageError
from concur.pubsub.history import KINDS, PROMISES, History, promised
from tests.pubsub.histories import history_of, kinds

# kind: (what promises it breaks, histories that have it and nothing else that is an error, near misses).
# A history is one line here, see lines().
CASES: dict[str, tuple[str, list[str], list[str]]] = {
    "inconsistent-offsets": (
        "clean",
        ["ab; c poll a@0; d poll b@0", "ab; c poll! a@0; d poll b@0"],
        ["ab; c poll a@0; d poll b@1", "ab; c poll a@0; d poll b@1:0"],
    ),
    "duplicate": (
        "clean idempotent",
        ["p send? a; c poll a@0; d poll a@1", "p send a@0; c poll a@0 a@1", "p send a@0; c poll a@0; d poll a@1:0"],
        ["ab; c poll a@0 b@1", "p send a@0; c poll a@0; d poll a@0"],
    ),
    "lost-write": (
        "acks-all clean kept",
        ["p send a@0; p send b@1; p send c@2; c poll a@0; d poll c@2"],
        [
            "p send a@0; p send? b; p send c@2; c poll a@0 c@2",
            "p send a@0; p send b@1; p send c@2; c poll a@0 b@1",
            "p send a@0; p send b@1; p send c@2; c poll a@0; d poll! b@1; e poll c@2",
        ],
    ),
    "unseen": (
        "acks-all clean kept",
        ["p send a@0; d drain ( @0:; d poll; d drain ) @0:",
         "p send a@0; p send b@1; d drain ( @0:; d poll a@0; d drain ) @0:"],
        [
            "p send a@0; d drain ( @0:; d poll a@0; d drain ) @0:",
            "p send? a; d drain ( @0:; d poll; d drain ) @0:",
            "p send! a; d drain @0:",
        ],
    ),
    "aborted-read": (
        "",
        ["p send! a; c poll a@0", "p send! a; c poll! a@0", "p send ( a; c poll a@0; p send! ) a"],
        ["p send? a; c poll a@0", "p send ( a; c poll a@0", "p send! a; p send b@0; c poll b@0"],
    ),
    "unsent-read": ("recorded", ["c poll a@0"], ["p send ( a; c poll a@0"]),
    "poll-skip": (
        "clean kept",
        [
            "p send a@0; p send b@1; p send c@2; d poll b@1; c assign @0:; c poll a@0; c poll c@2",
            "p send a@0; p send b@1; p send c@2; d poll b@1; c subscribe; c assigned @0:; c poll a@0; c poll c@2",
            "abc; d poll b@1; c poll a@0; c assign @0: @1:; c poll c@2",
            "abc; d poll a@0 b@1 c@2; c poll a@0; c poll! b@1; c poll c@2; e poll a@0; e poll c@2",
        ],
        [
            "abc; c poll a@0; c poll c@2",
            "abc; d poll b@1; c poll a@0; c seek @0:; c poll c@2",
            "abc; d poll b@1; c poll a@0; c assign @1:; c assign @0:; c poll c@2",
            "abc; d poll b@1; c poll a@0; c crash; c poll c@2",
            "abc; d poll a@0 b@1 c@2; c poll a@0; c poll! b@1; c poll c@2",
            "abc; d poll b@1; c poll a@0; c subscribe; c poll c@2",
            "abc; d poll b@1:1; c poll a@0; c poll c@2",
        ],
    ),
    "nonmonotonic-poll": (
        "clean",
        [
            "ab; c poll a@0 b@1; c poll a@0",
            "p send? a; c poll a@0; c poll a@0",
            "ab; c poll a@0; c poll! b@1; c poll a@0",
            "p send? a; c subscribe; c assigned @0:; c poll a@0; c poll a@0",
        ],
        [
            "ab; c poll a@0 b@1; d poll a@0",
            "ab; c poll a@0 b@1; c seek @0:; c poll a@0",
            "ab; c poll a@0; c poll! b@1; c poll b@1",
            "ab; c poll a@1:0; c poll b@0",
            "p send? a; c poll a@0; c close; c poll a@0",
            "p send? a; c poll a@0; c assign? @0:; c poll a@0",
            "p send? a; c poll a@0; c subscribe? ; c poll a@0",
        ],
    ),
    "int-poll-skip": (
        "clean kept",
        ["abc; d poll b@1; c poll a@0 c@2"],
        [
            "ab; c poll a@0 b@2",
            "abc; d poll b@1:1; c poll a@0 c@2",
        ],
    ),
    "int-nonmonotonic-poll": (
        "clean",
        ["ab; c poll b@1 a@0", "p send? a; c poll a@0 a@0"],
        ["ab; c poll b@1 a@1:0", "ab; c poll a@0 b@1"],
    ),
    "nonmonotonic-send": (
        "acks-all clean ordered",
        ["p send a@1; p send b@0; c poll b@0 a@1",
         "p send ( a; p send ( b; p send ) b@0; p send ) a@1; c poll b@0 a@1"],
        [
            "p send a@0; p send b@1; c poll a@0 b@1",
            "p send a@1; q send b@0; c poll b@0 a@1",
            "p send a@1:1; p send b@0; c poll b@0 a@1:1",
            "p send ( a; p send ( b; p send ) b@1; p send ) a@0; c poll a@0 b@1",
            "p send? a; p send b@0; c poll b@0 a@1",
        ],
    ),
    "int-nonmonotonic-send": (
        "acks-all clean ordered",
        ["p send a@1 b@0; c poll b@0 a@1", "p send ( a b; p send ) b@0; p send ) a@1; c poll b@0 a@1"],
        ["p send a@0 b@1; c poll a@0 b@1", "p send a@1 b@1:0; c poll b@1:0 a@1"],
    ),
    "commit-past": (
        "positions clean kept",
        [
            "ab; d poll a@0 b@1; c poll a@0; c commit @2",
            "ab; c subscribe; c assigned @0:; c poll a@0 b@1; c commit @1; c revoked @0:; c assigned @0:; c commit @2",
        ],
        [
            "ab; d poll a@0 b@1; c poll a@0; c commit @1",
            "ab; d poll a@0 b@1; c poll a@0 b@1; c commit @2",
            "ab; d poll a@0 b@1; c poll a@0; c commit! @2",
            "ab; c subscribe; c assigned @0:; c poll a@0 b@1; c commit @2; c revoked @0:; c assigned @0:; c commit @2",
            "ab; d poll a@0 b@1; c assigned @0:; c commit @1",
            "p send? a; c poll a@0; c commit @9",
            "ab; d poll a@0 b@1; c poll a@0; c seek @0:; c commit @2",
            "ab; d poll a@0 b@1; c assigned @0:; c poll a@0; c commit @1; c seek @0:; c commit @2",
            "ab; d poll a@0 b@1; c assigned @0:; c poll a@0; c commit! @1; c revoked @0:; c assigned @0:; c commit @2",
            "ab; c poll a@0 b@1; c poll a@0; c commit @2",
            "ab; d poll a@0 b@1; c poll a@0; c poll ( ; c commit ( @1; c poll ) b@1; c commit ) @1",
        ],
    ),
    "commit-back": (
        "positions",
        [
            "ab; c poll a@0 b@1; c commit @2; c commit @1",
            "ab; c assigned @0:; c poll a@0 b@1; c commit @2; c commit @0",
        ],
        [
            "ab; c poll a@0 b@1; c commit @1; c commit @1; c commit @2",
            "ab; c poll a@0 b@1; c commit @2; c seek @0:; c commit @1",
            "ab; c poll a@0 b@1; c commit! @2; c commit @1",
            "ab; c assigned @0:; c poll a@0 b@1; c commit @2; c revoked @0:; c assigned @0:; c commit @1",
            "ab; c poll a@0 b@1; c commit @2; c commit @1:0",
        ],
    ),
    "lost-commit": (
        "positions clean",
        [
            "ab; c assigned @0:; c poll a@0 b@1; c commit @2; c lost @0:; d assigned @0:; d poll b@1",
            "ab; c assigned @0:; c poll a@0 b@1; c commit @2; c revoked @0:; c assigned @0:; c poll a@0",
            "ab; c poll a@0 b@1; c commit @2; c commit @1; d poll ( ; d assigned @0:; d poll ) ; d poll b@1",
            "ab; c poll a@0 b@1; c commit? @2; c commit @2; d assigned @0:; d poll b@1",
        ],
        [
            "ab; c poll a@0 b@1; c commit @1; d assigned @0:; d poll b@1",
            "ab; c poll a@0 b@1; c commit? @2; d assigned @0:; d poll b@1",
            "ab; c poll a@0 b@1; c commit! @2; d assigned @0:; d poll b@1",
            "ab; c poll a@0 b@1; c commit @2; d assigned @0:; d seek @0:; d poll b@1",
            "ab; c poll a@0 b@1; c commit @2; d poll b@1",
            "ab; c poll a@0 b@1; c commit @2; d assigned @1:; d poll b@1",
            "ab; c poll a@0 b@1; c commit @2; D assigned @0:; D poll b@1",
            "ab; c poll a@0 b@1; c commit? @1; c commit @2; d assigned @0:; d poll b@1",
            "ab; c poll a@0 b@1; d poll ( ; c commit @2; d assigned @0:; d poll ) ; d poll b@1",
            "ab; c poll a@0 b@1; c commit ( @2; d assigned @0:; d poll b@1; c commit ) @2",
            "ab; c assigned @0:; c poll a@0 b@1; c commit @2; c poll b@1",
            "abc; c poll a@0 b@1; c commit @2; d assigned @0:; d poll c@2; d poll b@1",
        ],
    ),
    "stale-commit": (
        "",
        ["p send? a; c assigned @0:; c poll a@0; d assigned @0:; c commit @1"],
        [
            "p send? a; c assigned @0:; c poll a@0; d assigned @0:; c commit! @1",
            "p send? a; c assigned @0:; c poll a@0; d assigned @0:; c commit? @1",
            "p send? a; c assigned @0:; c poll a@0; d assigned @1:; c commit @1",
            "p send? a; c assigned @0:; c poll a@0; c crash; d assigned @0:; c commit @1",
            "p send? a; c assigned @0:; c poll a@0; c commit ( @1; d assigned @0:; c commit ) @1",
            "p send? a; d assigned @0:; c assigned @0:; c poll a@0; c commit @1",
            "p send? a; c assigned @0:; c poll a@0; d assigned @0:; c lost @0:; c assigned @0:; c commit @0",
        ],
    ),
    "late-revoke": (
        "prompt",
        ["c assigned @0:; d assigned @0:; c revoked @0:"],
        [
            "c assigned @0:; c revoked @0:; d assigned @0:",
            "c assigned @0:; d assigned @0:; c lost @0:",
            "c assigned @0:; d assigned @1:; c revoked @0:",
            "c assigned @0:; c revoked @0:; d assigned @0:; c revoked @0:",
        ],
    ),
    "unprocessed": (
        "processed-first clean kept",
        [
            "ab; c poll a@0 b@1; c process a@0; c commit @2; c crash",
            "ab; c poll a@0 b@1; c process a@0; c commit @2; c poll",
        ],
        [
            "ab; c poll a@0 b@1; c process a@0; c commit @1; c crash",
            "ab; c poll a@0 b@1; c process a@0; c commit @2",
            "ab; c poll a@0 b@1; c process a@0; c commit @2; c crash; d poll b@1; d process b@1; d poll",
            "ab; c poll a@0 b@1; c process a@0; c commit! @2; c crash",
            "ab; c poll a@0 b@1; c commit @2; c crash",
            "ab; c poll a@0; c process a@0; c crash; c poll b@1; c commit @2",
        ],
    ),
}  # fmt: skip
OUTSIDE = {  # white box: test_inside.py
    "replicas-disagree",
    "watermark-back",
    "watermark-ahead",
    "watermark-under-min",
    "two-leaders",
    "two-owners",
    "committed-lost",
}


def lines(text: str) -> str:
    """One call a line; "ab" at the beginning are sends of a and of b, which may have happened."""
    first, _, rest = text.partition("; ")
    if first.isalpha():
        text = "; ".join([*(f"p send? {value}" for value in first), rest])
    return text.replace(";", "\n")


@pytest.mark.parametrize(
    ("kind", "text"), [(kind, text) for kind, (_, bad, _) in CASES.items() for text in bad]
)
def test_found(kind: str, text: str) -> None:
    """The history has the anomaly: it breaks these promises, and is allowed if one of them is missing."""
    breaks = frozenset(CASES[kind][0].split())
    found = [anomaly for anomaly in history_of(lines(text)).anomalies() if anomaly.kind == kind]
    assert found, history_of(lines(text)).report()
    assert found[0].breaks == breaks
    assert found[0].is_error(frozenset(PROMISES))
    assert not any(found[0].is_error(frozenset(PROMISES) - {word}) for word in breaks)


@pytest.mark.parametrize(
    ("kind", "text"), [(kind, text) for kind, (_, _, good) in CASES.items() for text in good]
)
def test_near_miss(kind: str, text: str) -> None:
    """One thing is different, and the anomaly is no error any more."""
    errors = history_of(lines(text)).errors(frozenset(PROMISES) - {"drained", "assigned"})
    assert kind not in {anomaly.kind for anomaly in errors}, history_of(lines(text)).report()


def test_every_kind_has_cases() -> None:
    assert set(CASES) | OUTSIDE == set(KINDS)


def test_whatever_anomalies_break_is_a_promise() -> None:
    assert {word for breaks, _, _ in CASES.values() for word in breaks.split()} <= set(PROMISES)


# What is an error under what was promised.


@pytest.mark.parametrize(
    ("text", "kind", "breaks"),
    [
        # A record that somebody was told of and nobody read is there only as long as acks=all keeps it.
        ("p send? a; p send b@1; p send? c; c poll a@0; c poll c@2", "poll-skip", "acks-all clean kept"),
        ("p send? a; p send b@1; p send? c; c poll a@0 c@2", "int-poll-skip", "acks-all clean kept"),
        ("p send a@0; p send? b; c poll b@0", "inconsistent-offsets", "acks-all clean"),
        ("p send? a; q send b@0; c poll a@0", "inconsistent-offsets", "acks-all clean"),
        ("be; p send a@0; c poll b@0; d poll e@0", "inconsistent-offsets", "clean"),  # the stronger of two
        # What is before everything that was read may have been before the consumers' beginning.
        ("p send a@0; p send b@1; c poll b@1", "lost-write", "acks-all clean earliest kept"),
        ("ab; d poll a@0; c poll b@1; c commit @2", "unprocessed", ""),
        ("ab; D poll a@0; c poll b@1; c commit @2", "unprocessed", "clean earliest kept processed-first"),
        ("ab; D poll a@0; C poll b@1; c commit @2", "unprocessed", "clean earliest kept processed-first"),
        # Nobody looked.
        ("p send a@0", "unseen", "acks-all clean drained kept"),
        ("d drain @0:; p send a@0", "unseen", "acks-all clean drained kept"),
        ("p send a@0; d drain @1:", "unseen", "acks-all clean drained kept"),
        ("p send a@0; d drain? @0:", "unseen", "acks-all clean drained kept"),
        ("d drain ( @0:; p send a@0; d drain ) @0:", "unseen", "acks-all clean drained kept"),
        # A partition that moved goes on from what was committed.
        (
            "p send? a; c subscribe; c assigned @0:; c poll a@0; c revoked @0:; c assigned @0:; c poll a@0",
            "nonmonotonic-poll",
            "assigned clean",
        ),
        ("p send? a; c subscribe; c poll a@0; c poll a@0", "nonmonotonic-poll", "assigned clean"),
        (
            "abc; d poll b@1; c assigned @0:; c poll a@0; c lost @0:; c poll; c poll c@2",
            "poll-skip",
            "assigned clean kept",
        ),
        ("ab; c poll ( ; c assigned @0:; c poll ) b@1 a@0", "int-nonmonotonic-poll", "assigned clean"),
        ("a; c subscribe; c assign @0:; c poll a@0; c poll a@0", "nonmonotonic-poll", "clean"),
        # The move was before: within the poll nothing moved.
        ("ab; c poll ( ; c assigned @0:; c poll ) ; c poll b@1 a@0", "int-nonmonotonic-poll", "clean"),
    ],
)  # fmt: skip
def test_what_it_breaks(text: str, kind: str, breaks: str) -> None:
    found = {anomaly.kind: anomaly.breaks for anomaly in history_of(lines(text)).anomalies()}
    if breaks:
        assert found[kind] == frozenset(breaks.split())
    else:
        assert kind not in found


def test_promises_of_settings() -> None:
    assert promised() == {
        "acks-all", "clean", "idempotent", "ordered", "kept", "earliest", "positions", "processed-first", "recorded",
    }  # fmt: skip
    assert promised(acks=1, idempotence=False) == promised() - {"acks-all", "idempotent", "ordered"}
    assert "ordered" in promised(idempotence=False, max_in_flight=1)
    assert promised(acks=-1) == promised()
    assert "kept" not in promised(retention=True)
    assert "earliest" not in promised(reset="latest")
    assert promised(clean_election=False) == promised() - {"clean"}
    with pytest.raises(UsageError, match="acks is 0, 1 or 'all', not 2"):
        promised(acks=2)
    with pytest.raises(UsageError, match="not 'newest'"):
        promised(reset="newest")


@pytest.mark.parametrize("text", ["p send a@0; q send a@1", "p send a@0; p send a@1", "p send a@0 a@1"])
def test_values_are_unique(text: str) -> None:
    """A value sent twice is the test's mistake, and said so."""
    with pytest.raises(UsageError, match="values are unique"):
        history_of(lines(text)).anomalies()


def test_a_value_may_be_sent_to_two_topics() -> None:
    history = History()
    for topic in ("a", "b"):
        history.ok(history.invoke("p", "send", [(topic, 0, None, "x")]), [(topic, 0, 0, "x")])
        history.ok(history.invoke("c", "poll"), [(topic, 0, 0, "x")])
    assert history.anomalies() == []


def test_a_poll_without_places_is_refused() -> None:
    history = History()
    history.ok(history.invoke("c", "poll"), [("t", 0, None, "x")])
    with pytest.raises(UsageError, match="without a partition and an offset"):
        history.anomalies()


# What is said.


def test_each_anomaly_once() -> None:
    """Five pollers of one wrong offset are one anomaly, and so is one value at three places."""
    assert kinds(lines("ab; c poll a@0; d poll b@0; e poll b@0; f poll a@0; g poll b@0")) == [
        "inconsistent-offsets"
    ]
    assert kinds(lines("p send? a; c poll a@0; d poll a@1; e poll a@2; f poll a@1")) == ["duplicate"]


SENTENCES = {
    "ab; c poll a@0; d poll b@0": ["c read 'a' at t-0:0, and d read 'b' at t-0:0"],
    "p send a@0; p send? b; c poll b@0": [
        "p was told that 'a' is at t-0:0, and c read 'b' at t-0:0",
        "p was told that 'a' is at t-0:0; nobody has read it, although c has read offset 0",
    ],
    "p send a@0; c poll a@0; d poll a@1; e poll a@2": [
        "'a', which was sent once, is at t-0:0 and at t-0:1 and at t-0:2"
    ],
    "p send! a; c poll a@0": ["c read 'a' at t-0:0, but p was told that its send had not happened (as told)"],
    "c poll a@0": ["c read 'a' at t-0:0, which nobody sent"],
    "p send? a; c poll a@0; c poll a@0": ["c was given offset 0 again of t-0"],
    "ab; c poll b@1 a@0": ["c was given offset 0 after offset 1 of t-0, in one poll"],
    "abcd; d poll b@1 d@2; c poll a@0; c poll c@3": [
        "c was given offset 3 of t-0 right after offset 0, but 'b' @ t-0:1 exists, and 1 more of those between"
    ],
    "p send a@1; p send b@0; c poll b@0 a@1": [
        "p sent 'a' and then 'b', which are at offsets 1 and 0 of t-0"
    ],
    "ab; d poll a@0 b@1; c poll a@0; c commit @2": [
        "c committed offset 2 of t-0, of which it was given nothing after offset 0: 'b' @ t-0:1 is skipped"
    ],
    "p send? a; c poll a@0; c commit @1; c commit @0": ["c committed offset 0 of t-0 after offset 1"],
    "p send? a; c assigned @0:; c poll a@0; d assigned @0:; c commit @1": [
        "c committed offset 1 of t-0 and was not refused, although d had been given the partition before"
    ],
    "ab; c poll a@0 b@1; c commit @2; d assigned @0:; d poll b@1": [
        "d was given t-0 and begins at offset 1, although c had committed offset 2 before"
    ],
    "c assigned @0:; d assigned @0:; c revoked @0:": ["c gave t-0 up after d had been given it"],
    "ab; c poll a@0 b@1; c process a@0; c commit @2; c crash": [
        "c committed past 'b' @ t-0:1, which no member of group g has processed: c was given it and crashed"
    ],
    "ab; x poll b@1; x commit @2; e poll a@0": [
        "x committed past 'a' @ t-0:0, which no member of group g was given"
    ],
    "abc; x poll a@0 b@1 c@2; x process a@0 c@2; x commit @2; y commit @3; x crash": ["x committed past 'b' @ t-0:1"],
    "p send a@0; p send b@1; d drain ( @0:; d poll a@0; d drain ) @0:": [
        "p was told that 'b' is at t-0:1; d then read t-0 to its end without finding it"
    ],
}  # fmt: skip


@pytest.mark.parametrize(("text", "said"), SENTENCES.items())
def test_sentences(text: str, said: list[str]) -> None:
    """What happened, in the clients' names."""
    history = history_of(lines(text), e="other")
    for sentence in said:
        assert any(sentence in anomaly.text for anomaly in history.anomalies()), history.report()


def test_witnesses_are_rows_in_order() -> None:
    """Each anomaly has the rows that show it, those that began the calls included, once each."""
    for kind, (_, bad, _) in CASES.items():
        for text in bad:
            history = history_of(lines(text))
            for anomaly in history.anomalies():
                indexes = [row.index for row in anomaly.witnesses]
                assert indexes == sorted(set(indexes)), kind
                assert all(
                    history.rows[index] is row for index, row in zip(indexes, anomaly.witnesses, strict=True)
                )
                assert all(row.began in anomaly.witnesses for row in anomaly.witnesses)


def test_report() -> None:
    """The verdict, each error with its timeline, what is allowed, the worst lag, and what was promised."""
    history = history_of(
        lines("p send a@0; p send b@1; c subscribe; c poll b@1; c poll b@1; p send? e; q send f@1:0")
    )
    for second, row in enumerate(history.rows):
        row.time = 100.0 + second
    text = history.report()
    assert text == REPORT.strip("\n"), text
    with pytest.raises(AssertionError, match=re.escape(text)):
        history.check()


REPORT = """
refuted: 1 lost-write in 14 rows; 2 more are allowed

lost-write  t-0
  p was told that 'a' is at t-0:0; nobody has read it, although c has read offset 1
     0      0.000  p  send      invoke  'a' @ t
     1      1.000  p  send      ok      'a' @ t-0:0
     6      6.000  c  poll      invoke
     7      7.000  c  poll      ok      'b' @ t-0:1

allowed by what was promised:
  1 unseen, for instance: q was told that 'f' is at t-1:0; nobody has read it (not promised: drained)
  1 nonmonotonic-poll, for instance: c was given offset 1 again of t-0, the partition having moved in between \
(not promised: assigned)

promised: acks-all, clean, idempotent, ordered, kept, earliest, positions, processed-first, recorded
"""


def test_report_of_many() -> None:
    """Three of a kind are shown, the rest counted; fewest witnesses first."""
    polls = "; ".join(f"c poll x{n}@{n}" for n in range(10))
    text = history_of(lines(f"p send? a; c poll a@100; {polls}")).report()
    assert text.startswith("refuted: 10 unsent-read, 1 nonmonotonic-poll in 24 rows\n")
    assert text.count("which nobody sent") == 3
    assert "  and 7 more of unsent-read" in text
    indexes = [text.index(word) for word in ("unsent-read  t-0", "nonmonotonic-poll  t-0")]
    assert indexes == sorted(indexes)


def test_report_of_nothing() -> None:
    history = History()
    assert history.report(frozenset()) == "no error in 0 rows\n\npromised: nothing"
    history.check()
    assert repr(history) == "<History rows=0>"
    assert len(history) == 0


# How far behind.


@pytest.mark.parametrize(
    ("text", "lag"),
    [
        # Rows are a second apart, from 0 on.
        ("p send a@0; c assign @0:; c poll a@0; c poll; c poll", None),
        ("p send a@0; p send b@1; c assign @0:; c poll a@0; c poll", 5.0),  # b from 3, the last poll began at 8
        ("p send a@0; p send b@1; c assign @0:; c poll a@0; c assign @1:; c poll", 3.0),
        ("p send a@0; c assign @0:; c poll", 3.0),  # nothing read: a from 1 on, poll began at 4
        ("p send ( a; p send ( b; p send ) b@1; p send ) a@0; c assign @0:; c poll", 4.0),  # b from 2 on
        ("p send a@0; c poll", None),  # nobody knows that the partition is this consumer's
        ("p send a@0; p send b@1; c poll a@0; c revoked @0:; c poll", 1.0),
        ("p send a@0; p send b@1; c poll a@0; c seek @0:; c poll", 1.0),
        ("p send a@0; p send b@1; c poll a@0; c crash; c poll", 1.0),
        ("p send a@0; p send b@1; c poll a@0; c poll!; c poll", 5.0),
        ("ab; c poll a@0; d poll b@1; c poll", 1.0),  # b is known since d read it, at 7
        ("p send a@0; p send b@1; c poll b@1; c poll a@0; c poll", None),
    ],
)  # fmt: skip
def test_lag(text: str, lag: float | None) -> None:
    history = history_of(lines(text))
    for second, row in enumerate(history.rows):
        row.time = float(second)
    worst = history.worst_lag()
    assert (None if worst is None else worst.seconds) == lag, worst


# The page.

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "pubsub-histories.md").read_text(encoding="utf-8")


def cells(name: str) -> list[str]:
    """The row of a table of the page that begins with *name*."""
    (row,) = re.findall(rf"^\| `{re.escape(name)}` \|(.*)\|$", PAGE, re.MULTILINE)
    return [cell.strip() for cell in row.split("|")]


@pytest.mark.parametrize("kind", KINDS)
def test_the_page_has_each_kind(kind: str) -> None:
    """With its definition, and with every promise that one of its anomalies breaks."""
    under, definition, example = cells(kind)
    assert definition.startswith(KINDS[kind])
    assert example
    if kind in CASES and not under.startswith("as "):
        found = {anomaly.breaks for text in CASES[kind][1] for anomaly in history_of(lines(text)).anomalies()
                 if anomaly.kind == kind}  # fmt: skip
        assert all(word in under for breaks in found for word in breaks), under
        assert (under == "always") == (found == {frozenset()})


@pytest.mark.parametrize("word", PROMISES)
def test_the_page_has_each_promise(word: str) -> None:
    assert PROMISES[word].startswith(cells(word)[0])


def test_the_page_has_the_report() -> None:
    assert REPORT.strip() in PAGE
