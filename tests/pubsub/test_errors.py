"""The tree of errors: what its picture says is what its classes are."""

import inspect
import pickle
import re

import pytest

from concur.errors import ConcurError, UsageError
from concur.pubsub import errors
from concur.pubsub.errors import PubSubError

CLASSES = {
    name: kind
    for name, kind in vars(errors).items()
    if inspect.isclass(kind) and issubclass(kind, PubSubError)
}


def test_the_picture_is_the_tree() -> None:
    """Every class is drawn under its base, with what is true of it."""
    drawn, path = {}, [ConcurError]
    pending = ""
    for line in (errors.__doc__ or "").splitlines():
        if match := re.match(r"^    ([│ ]*)[├└]── (\w+)(.*)$", line):
            depth = len(match[1]) // 4 + 1
            pending = match[2]
            path[depth:] = [CLASSES[pending]]
            assert CLASSES[pending].__bases__[0] is path[depth - 1], f"{pending} is drawn in the wrong place"
        columns = re.search(r" ([R-]) ([D-])(  |$)", line)
        if pending and columns:
            drawn[pending] = columns[1] == "R", columns[2] == "D"
            pending = ""
    assert drawn == {name: (kind.retriable, kind.definite) for name, kind in CLASSES.items()}


@pytest.mark.parametrize("name", CLASSES)
def test_an_error_survives_its_way(name: str) -> None:
    """One that is pickled and read again says the same."""
    error = CLASSES[name]("orders-0: so it is")
    error.definite = not error.definite
    copy = pickle.loads(pickle.dumps(error))
    assert (type(copy), str(copy), vars(copy)) == (type(error), str(error), vars(error))


def test_who_knows_better_says_so() -> None:
    """An error has its class's answer unless it was given another."""
    assert not errors.NotLeaderOrFollower("orders-0").definite
    assert errors.NotLeaderOrFollower("orders-0", definite=True).definite
    assert not errors.NotLeaderOrFollower.definite


def test_misuse_is_a_usage_error() -> None:
    """A program that catches what it did wrong itself catches these."""
    for kind in (errors.ConfigError, errors.IllegalState, errors.ConcurrentModification):
        assert issubclass(kind, UsageError)
    assert errors.MemberIdRequired("join again", "c1-7").member_id == "c1-7"
