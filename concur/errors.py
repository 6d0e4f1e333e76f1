"""Every exception that concur raises, as one tree.

::

    ConcurError
    ├── UsageError            the caller asked for something that cannot be done
    │   └── TokenError        a replay token that is malformed, or of another program
    ├── NotOwnerError         (RuntimeError) released or waited on by a thread that does not hold it
    ├── DeadlockError         (RuntimeError) waiting here could never end
    ├── NotLinearizableError  (AssertionError) no order of the recorded calls fits the model
    ├── Closed                (queue.ShutDown, from Python 3.13 on) the queue was closed
    └── PubSubError           of the queue with brokers; the tree below it is drawn in concur.pubsub.errors

The errors of misuse are also ``RuntimeError``, so that a program written for
``threading`` catches them as it did before.
"""

import sys

if sys.version_info >= (3, 13):
    from queue import ShutDown
else:
    ShutDown = Exception


class ConcurError(Exception):
    """The root of the tree."""


class UsageError(ConcurError):
    """The caller asked for something that cannot be done; the message says what to do instead."""


class TokenError(UsageError):
    """A replay token is malformed, or the source has changed since it was printed."""


class NotOwnerError(ConcurError, RuntimeError):
    """A thread released a mutex, or waited on a condition, without holding it."""


class DeadlockError(ConcurError, RuntimeError):
    """The thread would wait for ever."""


class NotLinearizableError(ConcurError, AssertionError):
    """No order of the recorded calls fits the model; the message has the calls and the reason."""


class Closed(ConcurError, ShutDown):
    """The queue was closed: nothing more can be put, and everything put was taken."""
