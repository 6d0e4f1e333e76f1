"""A pool runs each task once, or says that it did not."""

from concurrent.futures import CancelledError, ThreadPoolExecutor
from random import Random

import pytest

from concur.errors import Closed

from .storm import hop, ours, patience, several, theirs, turns

POOLS = ours("ThreadPool") + theirs(ThreadPoolExecutor)

Task = tuple[int, int]


@pytest.mark.parametrize("make", POOLS)
def test_each_task_runs_once(make, storm) -> None:
    """What was submitted has run exactly once, with its own result, unless it was cancelled: then it has not."""
    for rng in storm.rounds():
        pool, tasks = make(rng.randint(1, 3)), turns(rng)
        ran: list[Task] = []

        def task(key: Task) -> Task:
            ran.append(key)
            hop()
            if key[1] % 7 == 0:
                raise KeyError(key)
            return key

        def submits(own: Random) -> list[Task]:
            futures = []
            for number in range(tasks):
                key = (id(own), number)
                futures.append((key, pool.submit(task, key)))
                if own.random() < 0.2:
                    futures[own.randrange(len(futures))][1].cancel()
            done = []
            for key, future in futures:
                while True:
                    try:
                        wait = None if own.random() < 0.5 else patience(own)
                        assert future.result(timeout=wait) == key
                    except TimeoutError:
                        continue
                    except CancelledError:
                        assert future.cancelled()
                        break
                    except KeyError as error:
                        assert error.args == (key,)  # noqa: PT017  # which of them is the claim
                    done.append(key)
                    break
            return done

        done = [key for keys in storm.run(*several(rng, 1, 4, submits), watched=pool) for key in keys]
        pool.shutdown()
        assert sorted(ran) == sorted(done)


@pytest.mark.parametrize("make", POOLS)
def test_shut_down_in_the_middle(make, storm) -> None:
    """A task is either refused, or runs although the pool is shut down meanwhile."""
    for rng in storm.rounds():
        pool, tasks = make(rng.randint(1, 3)), turns(rng)
        ran: list[Task] = []

        def submits(own: Random) -> list[Task]:
            futures = []
            try:
                for number in range(tasks):
                    futures.append(((id(own), number), pool.submit(ran.append, (id(own), number))))
            except (RuntimeError, Closed):
                pass
            for _, future in futures:
                assert future.result() is None
            return [key for key, _ in futures]

        def shuts(own: Random) -> list[Task]:
            for _ in range(own.randint(0, 100)):
                hop()
            pool.shutdown(wait=own.random() < 0.5)
            return []

        bodies = several(rng, 1, 3, submits) + several(rng, 1, 2, shuts)
        accepted = [key for keys in storm.run(*bodies, watched=pool) for key in keys]
        pool.shutdown()
        assert sorted(ran) == sorted(accepted)
