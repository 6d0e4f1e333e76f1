"""What a queue between processes says when it cannot do what it was asked for."""

from pickle import PicklingError, UnpicklingError

from concur.errors import Closed
from concur.process._ring import MOST_BYTES, MOST_ITEMS


def called(name: str | None) -> str:
    return "an unnamed queue" if name is None else f"queue {name!r}"


def no_put(name: str | None) -> Closed:
    return Closed(f"put into {called(name)}, which is closed")


def no_get(name: str | None) -> Closed:
    return Closed(f"get from {called(name)}, which is closed and empty")


def no_pickle(what: str, name: str | None) -> PicklingError:
    return PicklingError(
        f"{what} cannot be pickled, and nothing was put into {called(name)}.\n"
        "Items go from process to process as pickles: put data, and names of functions and classes that can be "
        "imported."
    )


def too_large(what: str, size: int, largest: int, name: str | None) -> ValueError:
    return ValueError(
        f"{what} has {size:,} bytes as a pickle, and nothing was put into {called(name)}: the largest that fits has "
        f"{largest:,}.\n"
        "Give the queue a larger capacity, or put a name of the data instead of the data."
    )


def no_item(name: str | None) -> UnpicklingError:
    return UnpicklingError(
        f"an item of {called(name)} cannot be made from its pickle here, and was taken out.\n"
        "What it needs must be found by the process that gets it: see the cause."
    )


def check_bounds(maxsize: int, capacity: int) -> None:
    """Raise ValueError for bounds that a ring cannot have."""
    if maxsize < 1:
        raise ValueError(
            f"a queue between processes has room for 1 item or more, not {maxsize}.\n"
            "For one without a bound use multiprocessing.Queue(), or SimpleQueue() for what fits into a pipe."
        )
    if maxsize > MOST_ITEMS:
        raise ValueError(
            f"a queue between processes has room for at most {MOST_ITEMS:,} items, not {maxsize:,}.\n"
            "What fits into its bytes is less, as a rule: the capacity is a bound as well."
        )
    if not 64 <= capacity < MOST_BYTES:
        raise ValueError(
            f"the capacity of a queue between processes is 64 bytes or more, and less than {MOST_BYTES:,}, "
            f"not {capacity:,}.\n"
            "An item needs the bytes of its pickle and 8 to 15 more."
        )
