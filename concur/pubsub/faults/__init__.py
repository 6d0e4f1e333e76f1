"""Plans of faults: what is to go wrong with a cluster, and when, as data.

A plan is made from a seed, or written by hand, and it is printed as text that
can be pasted back: a failing test names the plan, and the plan is the way to
have the same faults again.

    >>> from concur.pubsub.faults import Plan, plan
    >>> quiet = Plan.parse('''
    ...     at 200 ms kill 1
    ...     at 350 ms cut 2 | 3 clients
    ...     after 40 acks drop 2 x 3
    ...     at 900 ms heal
    ...     at 900 ms restart 1
    ... ''')
    >>> quiet.most_down
    2
    >>> Plan.parse(str(plan(seed=7))) == plan(seed=7)
    True

Whoever has brokers implements ``Faults``; ``run`` carries a plan out in
the calling thread, by ``time.monotonic`` and ``time.sleep``, so that under the
checker it takes place in virtual time. Whatever a plan says, and however it
ends, the cluster is healed afterwards.
"""

from concur.pubsub.faults.chances import Choice, plan, plan_of
from concur.pubsub.faults.running import run
from concur.pubsub.faults.steps import CLIENTS, KINDS, Faults, Node, Plan, State, Step

__all__ = ["CLIENTS", "KINDS", "Choice", "Faults", "Node", "Plan", "State", "Step", "plan", "plan_of", "run"]
