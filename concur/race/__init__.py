"""Races shown honestly: what is forced, what is luck, and what passes here and is still wrong.

Each file of this folder but ``measure.py`` is a demonstration. It begins with ``Title: sentence.``, and its
``demo(say)`` runs it on this machine and tells only what it has measured in that run.

    >>> from concur.race import PARTS, forced
    >>> PARTS[0]
    'forced'
    >>> forced.rounds(3)  # updates lost in three rounds of two
    3
"""

# In the order in which they are told.
PARTS = ("forced", "processes", "luck", "plain", "control")
PARTS_OF_PROCESSES = ("processes_forced", "processes")

__all__ = ["PARTS", "PARTS_OF_PROCESSES"]
