"""The banker's algorithm: give out what is asked for only if everybody can still finish.

Use it where threads take several units of something one after the other, need
all that they have asked for before they give any back, and can say beforehand
how much that is at most: memory, licences, tape drives. Where everything can be
taken at once, take it at once; where the things are locks, take them in one
order. Both are simpler, and cost less.

    >>> from concur.deadlock import Banker
    >>> banker = Banker({"drives": 3}, {"Ann": {"drives": 3}, "Bob": {"drives": 2}})
    >>> banker.request("Ann", {"drives": 1}), banker.request("Bob", {"drives": 1})
    (True, True)
    >>> banker.request("Ann", {"drives": 1})  # there is one, but then neither could finish
    False
    >>> banker.request("Bob", {"drives": 1}), banker.safe_order()
    (True, ['Bob', 'Ann'])
    >>> banker.release("Bob", {"drives": 2})
    >>> banker.request("Ann", {"drives": 2})
    True

How it works: a state is safe if there is an order in which the clients can
finish: the first one with what is free now, each of the others with what is free
once those before have given back what they hold. As long as every state is safe
there is no deadlock, whatever the clients ask for next within their claims. The
converse is not true: not every state that is not safe ends in a deadlock, so the
banker is more careful than would be needed by somebody who knew the future.

The idea and the name are E. W. Dijkstra's ("Cooperating sequential processes",
EWD 123, 1965), the form for several kinds A. N. Habermann's ("Prevention of
system deadlocks", CACM 1969). What it does not promise: that a client who asks
for much is served before others who ask for less and come later.
"""

from collections.abc import Mapping

from concur.sync import Condition

Amounts = Mapping[str, int]


def safe_order(free: Amounts, held: Mapping[str, Amounts], claims: Mapping[str, Amounts]) -> list[str] | None:
    """An order in which all clients can finish, or None if there is none.

    *free* is what is left of each kind, *held* what each client has, and *claims*
    how much it may have at most. It takes at most as many rounds as there are
    clients, since one that can finish now can also finish later.

    >>> from concur.deadlock import safe_order
    >>> claims = {"Ann": {"drives": 3}, "Bob": {"drives": 2}}
    >>> safe_order({"drives": 1}, {"Ann": {"drives": 1}, "Bob": {"drives": 1}}, claims)
    ['Bob', 'Ann']
    >>> safe_order({"drives": 0}, {"Ann": {"drives": 2}, "Bob": {"drives": 1}}, claims)
    """
    left = dict(free)
    waiting = list(claims)
    order: list[str] = []
    while waiting:
        for client in waiting:
            mine, most = held.get(client, {}), claims[client]
            if all(most[kind] - mine.get(kind, 0) <= left.get(kind, 0) for kind in most):
                break
        else:
            return None
        for kind, amount in held.get(client, {}).items():
            left[kind] = left.get(kind, 0) + amount
        waiting.remove(client)
        order.append(client)
    return order


class Banker:
    """Resources of several kinds, given out so that there is never a deadlock."""

    def __init__(self, available: Amounts, claims: Mapping[str, Amounts]) -> None:
        """*available* is what there is of each kind, *claims* the most that each client will ever hold.

        ValueError for an amount below 0, a kind that there is none of, and a claim
        that is more than there is.
        """
        for kind, amount in available.items():
            if amount < 0:
                raise ValueError(f"there cannot be {amount} of {kind!r}: an amount is 0 or more.")
        for client, claim in claims.items():
            for kind, amount in claim.items():
                if not 0 <= amount <= available.get(kind, 0):
                    raise ValueError(
                        f"{client!r} claims {amount} of {kind!r}, but there are {available.get(kind, 0)}.\n"
                        "A claim is at least 0 and at most all that there is: else it could never be met."
                    )
        self._claims = {client: dict(claim) for client, claim in claims.items()}
        self._changed = Condition()  # its lock guards what follows; notified when something comes back
        self._total = dict(available)
        # Invariant: the state is safe. What is free is not kept but worked out, so that one store
        # gives or takes back, and Ctrl-C comes before it or after.
        self._held = {client: dict.fromkeys(claim, 0) for client, claim in claims.items()}

    def request(self, client: str, wanted: Amounts) -> bool:
        """Give *client* what is *wanted*, all or nothing, if that is safe; False if not, or not now.

        ValueError if that would be more than it has claimed: what it never said it
        would need, the banker has not provided for.
        """
        with self._changed:
            self._check(client, wanted)
            return self._grant(client, wanted)

    def acquire(self, client: str, wanted: Amounts, timeout: float | None = None) -> bool:
        """The same, but wait until it is safe, at most *timeout* seconds; False if the time was up.

        A wait without a time-out ends if the other clients finish and release.
        """
        with self._changed:
            self._check(client, wanted)
            return self._changed.wait_for(lambda: self._grant(client, wanted), timeout)

    def release(self, client: str, given: Amounts | None = None) -> None:
        """Take back what *client* gives, or all that it holds; ValueError if it does not hold so much."""
        with self._changed:
            mine = self._of(client)
            back = dict(mine) if given is None else dict(given)
            for kind, amount in back.items():
                if not 0 <= amount <= mine.get(kind, 0):
                    raise ValueError(
                        f"{client!r} released {amount} of {kind!r}, but holds {mine.get(kind, 0)}."
                    )
            self._held[client] = {kind: amount - back.get(kind, 0) for kind, amount in mine.items()}
            self._changed.notify_all()  # what has become safe differs from one waiter to the other

    def free(self) -> dict[str, int]:
        """What is left of each kind."""
        with self._changed:
            return self._free()

    def held(self, client: str) -> dict[str, int]:
        """What *client* holds of each kind that it has claimed."""
        with self._changed:
            return dict(self._of(client))

    def safe_order(self) -> list[str]:
        """An order in which all clients can finish from here; there always is one."""
        with self._changed:
            order = safe_order(self._free(), self._held, self._claims)
            assert order is not None, "the banker has left the safe states"
            return order

    def __repr__(self) -> str:
        return f"<Banker free={self._free()} held={self._held}>"

    def _free(self) -> dict[str, int]:
        return {
            kind: amount - sum(held.get(kind, 0) for held in self._held.values())
            for kind, amount in self._total.items()
        }

    def _grant(self, client: str, wanted: Amounts) -> bool:
        free, after = self._free(), dict(self._held[client])
        for kind, amount in wanted.items():
            if amount > free[kind]:
                return False
            free[kind] -= amount
            after[kind] += amount
        if safe_order(free, {**self._held, client: after}, self._claims) is None:
            return False
        self._held[client] = after
        return True

    def _of(self, client: str) -> dict[str, int]:
        if client not in self._held:
            raise ValueError(f"{client!r} has made no claim: the clients are {', '.join(self._held)}.")
        return self._held[client]

    def _check(self, client: str, wanted: Amounts) -> None:
        mine = self._of(client)
        for kind, amount in wanted.items():
            most = self._claims[client].get(kind, 0)
            if not 0 <= amount <= most - mine.get(kind, 0):
                raise ValueError(
                    f"{client!r} wants {amount} of {kind!r} and holds {mine.get(kind, 0)}, but has claimed {most}.\n"
                    "The banker provides for what was claimed: claim the most that will be held at a time."
                )
