"""The network between brokers, clients and the controller: links that carry calls, or fail to.

A request is a call in the thread of who sends it. On a quiet network that is all
there is to it. A link can be cut, slow, or lose a request or an answer; a node can
be dead, or paused as a process is by SIGSTOP. Then the caller waits, or is told that the
connection is gone or that time is up, which both leave open whether the request
was carried out:

- lost before it arrived: it was not;
- carried out, and the answer lost: it was;
- the node was paused: the request waits in its socket, and is carried out when the
  node goes on, even though its sender has long since given up.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from typing import TypeVar

from concur.pubsub.embedded.waiting import Caller
from concur.pubsub.errors import Disconnected, RequestTimedOut

T = TypeVar("T")
Node = int | str  # the number of a broker, the name of a client, or CONTROLLER
CONTROLLER = "controller"
CLIENTS = "clients"  # on a link: every client
ANYBODY = "anybody"  # who asks, where it does not matter


class Network:
    """Which nodes there are, in which of their lives, and what becomes of calls between them."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        # The rest is guarded by _changed, and read without it where a look that is too early does no harm.
        self._lives: dict[Node, int] = {}  # the nodes that are up, and how many lives each had before
        self._births: Counter[Node] = Counter()
        self._paused: set[Node] = set()
        self._sockets: dict[Node, list[Callable[[], object]]] = {}  # requests that a paused node has not read
        self._cut: set[tuple[Node, Node]] = set()
        self._delays: dict[tuple[Node, Node], float] = {}  # seconds
        self._lost: dict[tuple[Node, Node], list[str]] = {}  # "request" or "answer", of the next calls
        self._calm = True  # nothing is paused, cut, slow, or about to be lost

    # Nodes

    def join(self, node: Node) -> int:
        """Bring *node* up; the number of its new life."""
        with self._changed:
            self._births[node] += 1
            self._lives[node] = self._births[node]
            return self._lives[node]

    def leave(self, node: Node) -> None:
        """Take *node* down: who waits for it is told that it is gone."""
        with self._changed:
            self._lives.pop(node, None)
            self._paused.discard(node)
            self._sockets.pop(node, None)
            self._look_again()

    def is_up(self, node: Node, life: int | None = None) -> bool:
        """Whether *node* is up, and still in that *life* of its."""
        return node in self._lives and life in {None, self._lives.get(node)}

    def pause(self, node: Node) -> None:
        """Stop *node* where it next looks at the network."""
        with self._changed:
            if node in self._lives:
                self._paused.add(node)
                self._look_again()

    def resume(self, node: Node) -> list[Callable[[], object]]:
        """Let *node* go on; the requests that it finds in its socket, which the caller is to carry out."""
        with self._changed:
            self._paused.discard(node)
            self._look_again()
            return self._sockets.pop(node, [])

    def is_paused(self, node: Node) -> bool:
        return node in self._paused

    def gate(self, node: Node) -> None:
        """Wait while *node*, on whose behalf the calling thread runs, is paused."""
        if node in self._paused:
            with self._changed:
                self._changed.wait_for(lambda: node not in self._paused)

    # Links

    def cut(self, some: Iterable[Node], others: Iterable[Node]) -> None:
        """Let nothing through between *some* and *others*, in both directions."""
        with self._changed:
            others = list(others)
            for one in some:
                for other in others:
                    self._cut |= {(one, other), (other, one)}
            self._look_again()

    def delay(self, some: Iterable[Node], others: Iterable[Node], seconds: float) -> None:
        """Make every call between *some* and *others* take so much longer, in both directions; 0 ends that."""
        with self._changed:
            others = list(others)
            for one in some:
                for other in others:
                    self._delays[one, other] = self._delays[other, one] = seconds
            self._delays = {link: slow for link, slow in self._delays.items() if slow}
            self._look_again()

    def lose(self, target: Node, times: int, what: str = "answer", source: Node = ANYBODY) -> None:
        """Lose the *answer*, or the *request*, of the next calls to *target* that *source* makes."""
        if what not in {"answer", "request"}:
            raise ValueError(f"what is lost is an 'answer' or a 'request', not {what!r}")
        with self._changed:
            self._lost.setdefault((source, target), []).extend([what] * times)
            self._look_again()

    def heal(self) -> None:
        """Make all links as they were at first. Nodes that are down or paused stay so."""
        with self._changed:
            self._cut.clear()
            self._delays.clear()
            self._lost.clear()
            self._look_again()

    def _look_again(self) -> None:
        self._calm = not (self._paused or self._cut or self._delays or self._lost)
        self._changed.notify_all()

    # Calls

    def send(
        self, source: Node, target: Node, call: Callable[[], T], timeout: float, caller: Caller | None = None
    ) -> T:
        """What *call*, a request from *source* to *target*, returns or raises.

        :param caller: on whose behalf; when it goes, time is up. Who makes it go says so by ``look_again``.
        :raises Disconnected: there is no way to *target*, or it went down on the way.
        :raises RequestTimedOut: there was no answer within *timeout* seconds.
        """
        life = self._lives.get(target)
        if life is None:
            raise Disconnected(f"{named(target)} is down")
        if self._calm:
            answer = call()
        else:
            answer = self._send_through(source, target, life, call, timeout, caller)
        if self._lives.get(target) != life:
            raise Disconnected(f"{named(target)} went down before it answered")
        if not self._calm and self._is_cut(target, source):
            raise Disconnected(
                f"the link between {named(source)} and {named(target)} was cut before the answer"
            )
        return answer

    def _send_through(
        self,
        source: Node,
        target: Node,
        life: int,
        call: Callable[[], T],
        timeout: float,
        caller: Caller | None,
    ) -> T:
        """Send through a network that is not calm."""
        deadline = time.monotonic() + timeout
        self.gate(source)
        if self._is_cut(source, target):
            raise Disconnected(f"there is no link between {named(source)} and {named(target)}")
        slow = max((self._delays.get(link, 0.0) for link in links(source, target)), default=0.0)
        if slow:
            self._pass(min(slow, timeout), caller)
        lost = self._is_lost(source, target)
        if lost == "request":
            self._pass(deadline - time.monotonic(), caller)
            raise RequestTimedOut(f"{named(target)} did not answer within {timeout:g} s")
        if not self._has_gone_on(target, deadline, caller):
            with self._changed:
                if target in self._paused:
                    self._sockets.setdefault(target, []).append(call)
                    raise RequestTimedOut(f"{named(target)} did not answer within {timeout:g} s")
        if self._lives.get(target) != life:
            raise Disconnected(f"{named(target)} went down")
        answer = call()
        if lost or slow > timeout or not self._has_gone_on(target, deadline, caller):
            raise RequestTimedOut(f"{named(target)} did not answer within {timeout:g} s")
        return answer

    def _is_cut(self, source: Node, target: Node) -> bool:
        return any(link in self._cut for link in links(source, target))

    def _is_lost(self, source: Node, target: Node) -> str | None:
        """What is lost of this call."""
        with self._changed:
            for link in [(ANYBODY, target), *links(source, target)]:
                losses = self._lost.get(link)
                if losses:
                    what = losses.pop(0)
                    if not losses:
                        del self._lost[link]
                        self._look_again()
                    return what
            return None

    def look_again(self) -> None:
        """A caller has gone: what it waited for here is over."""
        with self._changed:
            self._changed.notify_all()

    def _pass(self, seconds: float, caller: Caller | None) -> None:
        """Let time pass, but not when the *caller* has gone."""
        if caller is None:
            time.sleep(max(0.0, seconds))
            return
        with self._changed:
            self._changed.wait_for(lambda: caller.is_gone, seconds)

    def _has_gone_on(self, target: Node, deadline: float, caller: Caller | None) -> bool:
        """Whether *target* goes on, or is gone, before the deadline and before the *caller* has gone."""
        if target not in self._paused:
            return True
        with self._changed:
            self._changed.wait_for(
                lambda: target not in self._paused or (caller is not None and caller.is_gone),
                deadline - time.monotonic(),
            )
            return target not in self._paused


def links(source: Node, target: Node) -> list[tuple[Node, Node]]:
    """The names of a link: a client's is also that of all clients."""
    return [(one, other) for one in names_of(source) for other in names_of(target)]


def names_of(node: Node) -> list[Node]:
    """What a node goes by on links."""
    return [node] if isinstance(node, int) or node == CONTROLLER else [node, CLIENTS]


def named(node: Node) -> str:
    """What messages call *node*."""
    return f"broker-{node}" if isinstance(node, int) else str(node)
