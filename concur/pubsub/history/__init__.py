"""Histories: what the clients of a queue did and saw, and what is wrong with it.

After Jepsen's tests of Kafka and Redpanda. Nothing here knows an engine: a
history is made of what clients were told, so the same check judges an embedded
cluster, a mutant of it, or a server. ``inside`` has the checks that need a look
into the brokers, over plain data.
"""

from concur.pubsub.history.evidence import Evidence
from concur.pubsub.history.kinds import KINDS, PROMISES, Anomaly, promised
from concur.pubsub.history.lag import Lag
from concur.pubsub.history.recording import History
from concur.pubsub.history.rows import Row, Seen

__all__ = ["KINDS", "PROMISES", "Anomaly", "Evidence", "History", "Lag", "Row", "Seen", "promised"]
