"""Count words in several processes, and get the count right although workers are killed.

    $ python docs/examples/word_count/word_count.py README.md docs/*.md

The plan is that of MapReduce. The parent hands out the documents, one at a time to each worker; a worker counts the
words of its document and sends the counts back; the parent adds them up. Any worker may be ended at any moment, by
kill -9, by the system when memory is short, by a fault in C: its document goes to another, and counts once.

Why it survives:

- *Nothing is shared.* Each worker has a pipe of its own. Workers that take their tasks from one queue share its lock,
  and one that is killed while it holds the lock takes it along: the others wait for ever. So it is with `Pool`.
- *The kernel tells.* `wait` sleeps until a pipe has something to read, or a *sentinel* is ready, which is when that
  process has ended, for whatever reason. There is no heart-beat to miss, and no time-out to choose.
- *Only the parent keeps books.* A task is done when its answer is in the parent's hands, whole. If the worker dies
  before that, the task is handed out again; after that, there is nothing to do again. In no moment does a death lose
  a document, or count it twice. It may be *read* twice: counting has no effect but its answer, so it may.

A document that kills whoever reads it would kill all workers, one after the other: after three the parent gives up
and says which one it is. And if workers die of other things, again and again, there is an end to replacing them.
"""

import multiprocessing
import signal
import sys
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

ATTEMPTS = 3  # so many workers may die of one task
REPLACEMENTS = 10  # so many workers are started beyond the first ones


def word_count(documents: Sequence[str], processes: int) -> Counter[str]:
    """How often each word occurs in all *documents* together, counted by so many *processes*."""
    total: Counter[str] = Counter()
    for counts in surely(count_words, documents, processes):  # the reduce of MapReduce
        total.update(counts)
    return total


def count_words(document: str) -> Counter[str]:
    """The map of MapReduce: what a worker does with one document."""
    return Counter(document.split())


@dataclass(eq=False)
class Worker:
    """A process, as its parent sees it."""

    process: Any
    pipe: Connection
    task: int | None = None  # the number of the task that it has in hand


def surely(
    work: Callable[[Any], Any], tasks: Sequence[Any], processes: int, method: str | None = None
) -> list[Any]:
    """``[work(task) for task in tasks]``, by so many *processes*, of which any may die.

    Raises RuntimeError if a task kills each worker that takes it, or if there is nobody left to do the rest.
    """
    if processes < 1:
        raise ValueError(f"at least one process must do the work, not {processes}")
    context = multiprocessing.get_context(method)
    todo = deque(
        range(len(tasks))
    )  # by number; a task is in here, or in the hands of one worker, or answered
    answers: dict[int, Any] = {}
    deaths: Counter[int] = Counter()  # of workers, by the task that they had in hand
    workers: list[Worker] = []
    to_start = processes + REPLACEMENTS
    try:
        while len(answers) < len(tasks):
            while to_start and len(workers) < min(processes, len(tasks) - len(answers)):
                workers.append(start(context, work))
                to_start -= 1
            if not workers:
                raise RuntimeError(
                    f"{processes + REPLACEMENTS} workers have died; {len(tasks) - len(answers)} of "
                    f"{len(tasks)} tasks are not done. Find out what ends them."
                )
            for worker in workers:
                if worker.task is None and todo:
                    give(worker, todo.popleft(), tasks)
            ready = wait([each for worker in workers for each in (worker.pipe, worker.process.sentinel)])
            for worker in [each for each in workers if each.pipe in ready or each.process.sentinel in ready]:
                try:
                    # The pipe first: what a worker has said before it died counts.
                    if not worker.pipe.poll():
                        raise EOFError  # only the sentinel was ready
                    number, answer = worker.pipe.recv()
                except (EOFError, OSError):  # no answer, or not the whole of it
                    workers.remove(worker)
                    exitcode = end(worker)
                    if worker.task is None:
                        continue
                    deaths[worker.task] += 1
                    if deaths[worker.task] == ATTEMPTS:
                        raise RuntimeError(
                            f"task {worker.task} has ended {ATTEMPTS} workers, one after the other (the last "
                            f"one with exit code {exitcode}). Do it alone, or leave it out."
                        ) from None
                    todo.appendleft(worker.task)
                else:
                    if number == worker.task:  # anything else is late, or said twice
                        answers[number] = answer
                        worker.task = None
    finally:
        for worker in workers:
            end(worker)
    return [answers[number] for number in range(len(tasks))]


def start(context: Any, work: Callable[[Any], Any]) -> Worker:
    ours, theirs = context.Pipe()
    process = context.Process(target=serve, args=(work, theirs, ours), daemon=True)
    process.start()
    theirs.close()  # now only the worker has that end: when it dies, we read the end of the pipe
    return Worker(process, ours)


def give(worker: Worker, number: int, tasks: Sequence[Any]) -> None:
    worker.task = number
    try:
        worker.pipe.send((number, tasks[number]))
    except OSError:
        pass  # it has died, as its sentinel says next; the task is in its hands and comes back


def end(worker: Worker) -> int | None:
    """See to it that it has ended; its exit code."""
    worker.process.kill()
    worker.process.join()
    exitcode: int | None = worker.process.exitcode
    worker.process.close()
    worker.pipe.close()
    return exitcode


def serve(work: Callable[[Any], Any], pipe: Connection, end_of_parent: Connection) -> None:
    """What a worker does: answer, until the parent is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which then ends its workers
    end_of_parent.close()  # with that end in our hands we would never see that the parent has gone
    while True:
        try:
            number, task = pipe.recv()
            pipe.send((number, work(task)))
        except (EOFError, ConnectionError):
            return


if __name__ == "__main__":
    texts = [Path(name).read_text(encoding="utf-8") for name in sys.argv[1:] or [__file__]]
    for word, times in word_count(texts, processes=4).most_common(10):
        print(f"{times:8,}  {word}")
