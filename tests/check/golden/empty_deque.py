"""Tested, then taken by somebody else."""

from collections import deque

from together import together


def scenario():
    tasks = deque(["task"])

    def ann():
        if tasks:
            tasks.popleft()

    def bob():
        if tasks:
            tasks.popleft()

    together(ann, bob)
