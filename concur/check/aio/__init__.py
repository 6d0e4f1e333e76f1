"""Event loops for code under the checker: `asyncio` as CPython's own text, on a loop whose order is a choice.

A task is a process of its own: what it does from one await to the next is one step,
in which no other task comes. `process.py` takes the steps, `loop.py` is the event loop,
`package.py` makes the module `asyncio` that the program sees, and `told.py` says in
reports where a task stands. docs/asyncio.md says which orders are run.
"""
