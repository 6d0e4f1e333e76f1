"""What a watcher finds inside a cluster while it runs: snapshots, and what is wrong in them."""

import itertools
from collections.abc import Sequence
from threading import Event

from concur.pubsub import EmbeddedCluster, TopicPartition
from concur.pubsub.embedded.replica import Replica
from concur.pubsub.history.inside import (
    LeaderState,
    ReplicaLog,
    committed_lost,
    replicas_disagree,
    two_leaders,
    two_owners,
    watermark_errors,
)
from concur.pubsub.history.kinds import Anomaly

_EVERY = 0.7  # seconds between two looks


class Watcher:
    """Looks again and again at all replicas and groups; each replica is looked at under its own lock."""

    def __init__(self, cluster: EmbeddedCluster, partitions: Sequence[TopicPartition]) -> None:
        self.cluster = cluster
        self.partitions = partitions
        self.stopped = Event()
        self.looks = 0
        self.logs: dict[TopicPartition, list[ReplicaLog]] = {tp: [] for tp in partitions}
        self.led: dict[TopicPartition, list[tuple[int, ReplicaLog]]] = {tp: [] for tp in partitions}
        self.states: dict[TopicPartition, list[LeaderState]] = {tp: [] for tp in partitions}
        self.shares: dict[str, dict[int, dict[str, tuple[TopicPartition, ...]]]] = {}
        self._seen: dict[tuple[int, TopicPartition], tuple[object, ...]] = {}

    def watch(self) -> None:
        """Look again and again until it is stopped."""
        while not self.stopped.wait(_EVERY):
            self.look()

    def stop(self) -> None:
        self.stopped.set()

    def look(self) -> None:
        """Take one snapshot of everything."""
        self.looks += 1
        for number, life in list(self.cluster.lives.items()):
            for tp, replica in life.replicas.items():
                self._look_at(number, tp, replica)
        for group in self.cluster.seat._groups.all():
            seen = group.describe()
            if seen.state == "Stable":
                self.shares.setdefault(seen.group, {}).setdefault(seen.generation, dict(seen.members))

    def _look_at(self, number: int, tp: TopicPartition, replica: Replica) -> None:
        with replica._lock:
            leads, watermark = replica._leads, replica.high_watermark
            seen = (watermark, replica.log.end, leads and leads.epoch, leads and leads.in_sync)
            if self._seen.get((number, tp)) == seen:
                return
            self._seen[number, tp] = seen
            entries = [
                (stored.base_offset + place, stored.leader_epoch, value)
                for stored in replica.log.batches()
                for place, value in enumerate(stored.batch.values)
            ]
            log = ReplicaLog(f"broker-{number}", watermark, entries, replica.log.start)
            if leads is not None:
                ends = {}
                for other in sorted(leads.in_sync):
                    theirs = self.cluster.lives[other].replicas.get(tp)
                    if theirs is not None:
                        ends[f"broker-{other}"] = theirs.log.end
                self.states[tp].append(LeaderState(log.broker, leads.epoch, watermark, ends))
                self.led[tp].append((leads.epoch, log))
        self.logs[tp].append(log)

    def anomalies(self) -> list[Anomaly]:
        """Everything that is wrong in the snapshots."""
        found: list[Anomaly] = []
        for tp in self.partitions:
            where = str(tp)
            found += replicas_disagree(where, self.logs[tp])
            found += watermark_errors(where, self.states[tp])
            found += two_leaders(where, [(state.epoch, state.leader) for state in self.states[tp]])
            last = dict(self.led[tp])  # of each epoch, the last look at its leader
            terms = [last[epoch] for epoch in sorted(last)]
            for before, after in itertools.pairwise(terms):
                found += committed_lost(where, before, after)
        for name, generations in self.shares.items():
            found += two_owners(name, generations)
        return found

    def told(self) -> dict[str, object]:
        """How much there was to see."""
        epochs = {str(tp): max((epoch for epoch, _ in led), default=-1) for tp, led in self.led.items()}
        generations = max((max(seen) for seen in self.shares.values()), default=0)
        return {"looks": self.looks, "epochs": epochs, "generations": generations}
