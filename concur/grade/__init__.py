"""Judging: what an attempt at an exercise earns, and why.

A graded test claims one property and is worth points::

    from concur.grade import graded

    @graded(points=3)
    def test_no_update_is_lost(explore):
        \"\"\"Two threads that add at the same time both count.\"\"\"
"""

# The decorator has the name of its module, which pytest loads as a plugin. This import binds
# `graded` after the module was loaded, so that the name here is the decorator.
from concur.grade.graded import graded

__all__ = ["graded"]
