"""The threads that send a producer's batches: some for each broker, and one that keeps an eye on them all.

Who is at the *wire* of a broker takes what is due for it, one batch of each partition, and sends
it as one request. When the request has arrived it leaves the wire, and waits for the answer. If that
takes a while and there is more to send, another thread goes to the wire, until
``max.in.flight.requests.per.connection`` wait for answers. So requests to one broker never overtake each other on
the way, and a cluster that answers at once needs one thread a broker.

What becomes of a request that came back is for :mod:`concur.pubsub.outcomes` to say.

After ``Sender.java`` of Apache Kafka, where one thread and a selector do the same.
"""

import math
import threading
import time
from collections.abc import Mapping

from loguru import logger

from concur.pubsub.accumulator import Accumulator
from concur.pubsub.batch import RecordBatch
from concur.pubsub.config import Config
from concur.pubsub.connection import Connection
from concur.pubsub.delivery import OpenBatch
from concur.pubsub.errors import PubSubError
from concur.pubsub.lanes import Lane
from concur.pubsub.leaders import Leaders
from concur.pubsub.outcomes import Outcomes
from concur.pubsub.records import TopicPartition

TO_END = 1.0  # seconds that a thread is given to end when there is nothing left for it to do

# Seconds that a request waits for its answer before another thread is worth it. The brokers of this process answer
# within one, and a second thread would only take the processor from them.
PATIENCE = 0.01


class _Wire:
    """The way to one broker. The lock of the batches guards it."""

    __slots__ = ("broker", "busy", "called", "holder", "left", "spare", "spares", "threads")

    def __init__(self, broker: int, lock: threading.Lock) -> None:
        self.broker = broker
        self.holder: threading.Thread | None = None  # who looks for what is due, or is sending it
        self.left = 0.0  # when the last one left
        self.called = False  # somebody is on the way to become it
        self.busy = 0  # requests without an answer
        self.spare = threading.Condition(lock)  # where threads wait that have nothing to do
        self.spares = 0
        self.threads: list[threading.Thread] = []


class Sending:
    """All threads of one producer."""

    def __init__(
        self, name: str, config: Config, connection: Connection, leaders: Leaders, batches: Accumulator
    ) -> None:
        self._name = name
        self._connection = connection
        self._leaders = leaders
        self._batches = batches
        self._acks = config["acks"]
        self._request_timeout = config["request.timeout.ms"]
        self._max_request = config["max.request.size"]
        self._back_off = config["retry.backoff.ms"] / 1000
        self._max_age = config["metadata.max.age.ms"] / 1000
        self._idempotent = config["enable.idempotence"]
        self._most = config["max.in.flight.requests.per.connection"]
        # Guarded by the lock of the batches.
        self._outcomes = Outcomes(config, batches)
        self._wires: dict[int, _Wire] = {}
        self._over = False
        self._looks = math.inf  # when the keeper looks again
        self._keeper = threading.Thread(target=self._keep, name=name, daemon=True)
        self._keeper.start()

    def join(self, timeout: float | None) -> None:
        """Wait until everything is answered, *timeout* seconds at most; then what is left is given up."""
        deadline = None if timeout is None else time.monotonic() + timeout
        try:
            with self._batches.due:
                self._batches.due.wait_for(self._batches.is_empty, timeout)
        finally:  # also when Ctrl-C has struck
            self._end(deadline)

    def _end(self, deadline: float | None) -> None:
        """Give up what is left, and end the threads."""
        with self._batches.due:
            self._over = True
            told = self._give_up(self._batches.left(), "the producer was closed before it was acknowledged")
            self._batches.due.notify_all()
            threads = [self._keeper]
            for wire in self._wires.values():
                wire.spare.notify_all()
                threads += wire.threads
        self._tell(told)
        self._connection.close()  # which ends the requests under way
        for thread in threads:
            thread.join(None if deadline is None else max(TO_END, deadline - time.monotonic()))

    # The keeper

    def _keep(self) -> None:
        """Know who leads, see that a thread is at every wire, and give up what has waited for too long."""
        asked = time.monotonic()
        while True:
            with self._batches.due:
                if self._over:
                    return
                expired = self._batches.expired()
                told = self._give_up(expired, "it was not acknowledged within delivery.timeout.ms")
                leaders = self._leading()
                ask = self._batches.without_leader(leaders) or time.monotonic() >= asked + self._max_age
                looks = self._man(leaders)
                if not expired and not ask:
                    expiry = self._batches.next_expiry()
                    self._looks = min(looks, asked + self._max_age, math.inf if expiry is None else expiry)
                    self._batches.due.wait(
                        min(max(0.0, self._looks - time.monotonic()), threading.TIMEOUT_MAX)
                    )
                    self._looks = 0.0
                    continue
            self._tell(told)
            if ask:
                asked = time.monotonic()
                self._ask()

    def _man(self, leaders: Mapping[TopicPartition, int | None]) -> float:
        """See that somebody is at each wire for which there is something to send; when to look again."""
        looks = math.inf
        now = time.monotonic()
        for leader in {leader for leader in leaders.values() if leader is not None} - self._wires.keys():
            self._wires[leader] = _Wire(leader, self._batches.lock)
            self._call(self._wires[leader])
        for wire in self._wires.values():
            if wire.busy:
                looks = now + PATIENCE
            if wire.holder is None and not wire.called:
                if (
                    now < wire.left + PATIENCE
                ):  # the same sum that is waited for, or rounding might wait for ever
                    looks = min(looks, wire.left + PATIENCE)
                elif self._batches.next_due(leaders, wire.broker) is not None:
                    self._call(wire)
        return looks

    def _call(self, wire: _Wire) -> None:
        """Have a thread go to the *wire*, at which nobody is, if one has nothing to do or may be begun."""
        if wire.called:
            return
        if wire.spares:
            wire.called = True
            wire.spare.notify()
        elif len(wire.threads) < self._most:
            wire.called = True
            name = f"{self._name} to broker-{wire.broker}" + f" ({len(wire.threads) + 1})" * bool(
                wire.threads
            )
            sender = threading.Thread(target=self._send_to, args=(wire,), name=name, daemon=True)
            wire.threads.append(sender)
            sender.start()

    def _leading(self) -> Mapping[TopicPartition, int | None]:
        """Who leads what, without the leaders that are in doubt; under the lock."""
        leaders = self._leaders.of
        doubted = self._outcomes.doubted
        return {tp: leader for tp, leader in leaders.items() if tp not in doubted} if doubted else leaders

    def _ask(self) -> None:
        with self._batches.due:
            doubted = set(self._outcomes.doubted)
        try:
            self._leaders.refresh()
        except PubSubError as error:
            logger.debug("{} does not learn who leads: {}", self._name, error)
            doubted = set()
        with self._batches.due:
            self._outcomes.doubted -= doubted
            self._batches.due.notify_all()
            if self._batches.without_leader(self._leading()):
                self._batches.due.wait_for(lambda: self._over, self._back_off)

    # The senders

    def _send_to(self, wire: _Wire) -> None:
        me = threading.current_thread()
        while True:
            with self._batches.due:
                while wire.holder not in (None, me) and not self._over:
                    wire.spares += 1
                    wire.spare.wait()
                    wire.spares -= 1
                wire.holder, wire.called = me, False
                batches = self._next(wire.broker)
                if batches:
                    wire.busy += 1
            if batches is None:
                return
            if batches:
                self._send(wire, batches)
            else:
                self._identify()

    def _next(self, broker: int) -> list[OpenBatch] | None:
        """Wait for what is due for *broker*; None when all is over, nothing if an id is needed first."""
        while not self._over:
            leaders = self._leading()
            if self._idempotent and self._outcomes.producer is None:
                when = self._batches.next_due(leaders, broker)
                if when is not None and when <= time.monotonic():
                    return []
            else:
                batches = self._batches.take(leaders, broker, self._max_request, self._outcomes.producer)
                if batches:
                    return batches
                when = self._batches.next_due(leaders, broker)
            self._batches.due.wait(None if when is None else max(0.0, when - time.monotonic()))
        return None

    def _identify(self) -> None:
        """Ask for an id; without one, wait before the next attempt."""
        try:
            producer = self._connection.init_producer_id()
        except Exception as error:  # what waits for the id expires, if there is none to be had
            logger.log(
                "DEBUG" if isinstance(error, PubSubError) else "ERROR",
                "{} has no id: {!r}",
                self._name,
                error,
            )
            with self._batches.due:
                self._batches.due.wait_for(lambda: self._over, self._back_off)
            return
        with self._batches.due:
            if self._outcomes.producer is None:
                self._outcomes.producer = producer

    def _send(self, wire: _Wire, batches: list[OpenBatch]) -> None:
        me = threading.current_thread()

        def sent() -> None:
            with self._batches.due:
                if wire.holder is me:
                    wire.holder, wire.left = None, time.monotonic()
                    if (
                        self._looks > wire.left + PATIENCE
                        and self._batches.next_due(self._leading(), wire.broker) is not None
                    ):
                        self._batches.due.notify_all()

        request: dict[TopicPartition, RecordBatch] = {batch.tp: batch.seal() for batch in batches}
        answers: Mapping[TopicPartition, tuple[int, int] | PubSubError]
        try:
            answers = self._connection.produce(wire.broker, request, self._acks, self._request_timeout, sent)
        except PubSubError as error:
            answers = dict.fromkeys(request, error)
        except Exception as error:  # a fault of the engine must not leave records without an answer
            logger.exception("{}: broker-{} failed", self._name, wire.broker)
            answers = dict.fromkeys(request, PubSubError(f"broker-{wire.broker} failed: {error!r}"))
        with self._batches.due:
            told = self._take_in(wire, batches, answers)
        self._tell(told)

    def _take_in(
        self,
        wire: _Wire,
        batches: list[OpenBatch],
        answers: Mapping[TopicPartition, tuple[int, int] | PubSubError],
    ) -> list[Lane]:
        """Take in what a request brought; the lanes that have answers to tell. Under the lock."""
        wire.busy -= 1
        if wire.holder is threading.current_thread():
            wire.holder = None
        others = not self._outcomes.take_in(batches, answers)  # whether others have to look
        told = self._batches.settle(batch.tp for batch in batches)
        leaders = self._leaders.of
        if (
            others
            or wire.holder is not None
            or self._batches.closed
            or any(
                self._batches.lane_of(batch).waiting and leaders.get(batch.tp) != wire.broker
                for batch in batches
            )
        ):
            self._batches.due.notify_all()
        return told

    def _give_up(self, batches: list[OpenBatch], why: str) -> list[Lane]:
        """Let *batches* fail; the lanes that have answers to tell. Under the lock."""
        self._outcomes.give_up(batches, why)
        if batches:
            self._batches.due.notify_all()  # those behind them may go now
        return self._batches.settle({batch.tp for batch in batches})

    def _tell(self, lanes: list[Lane]) -> None:
        """Tell the answers of *lanes*, which this thread has to do, and what comes meanwhile."""
        while lanes:
            for lane in lanes:
                for batch in lane.told:
                    batch.tell()
            with self._batches.due:
                for lane in lanes:
                    lane.told.clear()
                lanes = self._batches.settle([lane.tp for lane in lanes])
                # What is settled here made room for more under way, which who is at the wire has not seen;
                # and when all is to end, this may have been the last.
                if lanes or self._batches.closed:
                    self._batches.due.notify_all()
