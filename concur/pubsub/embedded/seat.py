"""Which broker coordinates the groups, and what moves with it to the next one.

One broker at a time has the seat: the first live one, until it is fenced. What the groups are and
have committed stands beside the controller, as a quorum would keep it; in Kafka it is kept by the
replicated topic ``__consumer_offsets``. When the seat moves, the coordinator before is closed: what is still
under way at a broker that was paused, or is cut off, is told that it coordinates no more.
"""

import threading

from loguru import logger

from concur.pubsub.config import Config
from concur.pubsub.embedded.controller import Controller
from concur.pubsub.embedded.coordinator import GroupCoordinator, Groups
from concur.pubsub.errors import CoordinatorNotAvailable, NotCoordinator


class Seat:
    """Of the coordinator of all groups of a cluster."""

    def __init__(self, controller: Controller, config: Config) -> None:
        self._controller = controller
        self._config = config
        self._groups = Groups()
        self._moving = threading.Lock()
        # Guarded by _moving.
        self._holder: tuple[int, int] | None = None  # the broker, and in which life of its
        self._coordinator: GroupCoordinator | None = None

    def holder(self) -> int:
        """The broker that coordinates; raises CoordinatorNotAvailable if none is live."""
        with self._moving:
            self._move_if_due()
            if self._holder is None:
                raise CoordinatorNotAvailable("no broker is live, so none coordinates the groups")
            return self._holder[0]

    def coordinator(self, broker: int) -> GroupCoordinator:
        """What *broker* coordinates the groups with; raises NotCoordinator if another one does."""
        with self._moving:
            self._move_if_due()
            if self._holder is None or self._coordinator is None or self._holder[0] != broker:
                raise NotCoordinator(
                    f"broker-{broker} does not coordinate the groups: look for the one that does"
                )
            return self._coordinator

    def close(self) -> None:
        """Tell everybody who waits that it is over."""
        with self._moving:
            if self._coordinator is not None:
                self._coordinator.close()

    def _move_if_due(self) -> None:
        if self._holder is not None and self._controller.is_live(*self._holder):
            return
        before, self._holder = self._holder, self._controller.first_live()
        if before == self._holder:
            return
        if self._coordinator is not None:
            self._coordinator.close()
        self._coordinator = None if self._holder is None else GroupCoordinator(self._config, self._groups)
        names = ["nobody" if holder is None else f"broker-{holder[0]}" for holder in (before, self._holder)]
        logger.info("groups coordinator {} -> {}", *names)
