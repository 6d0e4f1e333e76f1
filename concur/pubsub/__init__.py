"""The composed system: a partitioned, replicated publish/subscribe queue in one process."""
