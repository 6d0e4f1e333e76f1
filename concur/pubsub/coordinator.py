"""The broker that coordinates a group: found, kept in mind, and looked for again when it is another one."""

from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from concur.pubsub.connection import Connection
from concur.pubsub.errors import CoordinatorNotAvailable, Disconnected, NotCoordinator, RequestTimedOut
from concur.pubsub.records import OffsetAndMetadata, TopicPartition

T = TypeVar("T")


class Coordinator:
    """How one client reaches the coordinator of its *group*; for all its threads."""

    lane = "coordinator"  # for the requests whose order matters: one commit must not overtake another

    def __init__(self, connection: Connection, group: str) -> None:
        self.connection = connection
        self.group = group
        self._broker: int | None = (
            None  # one store, one load: two threads may look for it at a time, and agree
        )

    def ask(self, request: Callable[[int], T]) -> T:
        """Make a *request* of the coordinator, in this thread; once. If it is not there any more, the next
        request looks for it.
        """
        broker = self._broker
        if broker is None:
            broker = self._broker = self.connection.find_coordinator(self.group)
        try:
            return request(broker)
        except (NotCoordinator, CoordinatorNotAvailable, Disconnected, RequestTimedOut):
            self._broker = None
            raise

    def fetch_offsets(self, partitions: Iterable[TopicPartition]) -> dict[TopicPartition, OffsetAndMetadata]:
        """What the group has committed for *partitions*."""
        wanted = list(partitions)
        return self.ask(lambda broker: self.connection.fetch_offsets(broker, self.group, wanted))

    def commit(
        self, member: str, generation: int, offsets: Mapping[TopicPartition, OffsetAndMetadata]
    ) -> None:
        """Keep *offsets* for the group."""
        self.ask(
            lambda broker: self.connection.commit_offsets(broker, self.group, member, generation, offsets)
        )
