"""Graded: thread_pool.py."""

from collections.abc import Callable
from threading import Event, Thread, current_thread
from time import sleep

from concur.grade import graded


def together(**calls: Callable[[], object]) -> None:
    """Make each call in a thread of its own, of the name given, and wait for all."""
    threads = [Thread(target=call, name=name) for name, call in calls.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@graded(points=2)
def test_each_job_once(explore):
    """Each job is done once."""

    def two_jobs_one_worker(attempt):
        pool = attempt.ThreadPool(1)
        baked = []

        def bake(what):
            baked.append(what)
            return f"hot {what}"

        bread, cake = pool.submit(bake, "bread"), pool.submit(bake, "cake")
        assert cake.result() == "hot cake"
        assert bread.result() == "hot bread"
        pool.shutdown()
        assert sorted(baked) == ["bread", "cake"], f"of the jobs bread and cake these were done: {baked}"

    def one_job_two_workers(attempt):
        pool = attempt.ThreadPool(2)
        baked = []

        def bake():
            baked.append(current_thread())

        pool.submit(bake)
        pool.shutdown()
        assert len(baked) == 1, f"1 job was submitted, and {len(baked)} were done"
        assert baked[0] is not current_thread(), "the job was done by the thread that submitted it"

    explore(two_jobs_one_worker)
    explore(one_job_two_workers)


@graded(points=1)
def test_exceptions(explore):
    """result() raises what the job raised."""

    def scenario(attempt):
        pool = attempt.ThreadPool(1)

        def burn():
            raise KeyError("burnt")

        burnt, good = pool.submit(burn), pool.submit(len, "bread")
        raised = ""
        try:
            burnt.result()
        except KeyError as error:
            raised = repr(error)
        assert raised == "KeyError('burnt')", "the job raised KeyError('burnt'), and result() did not"
        assert good.result() == 5  # the worker goes on
        pool.shutdown()

    explore(scenario)


@graded(points=2)
def test_shutdown(explore):
    """shutdown() ends, and the jobs are done."""

    def two_workers(attempt):
        pool = attempt.ThreadPool(2)
        baked = []
        pool.submit(baked.append, "bread")
        pool.shutdown()
        assert baked == ["bread"], "shutdown() has returned, and the job is not done"

    def two_jobs(attempt):
        pool = attempt.ThreadPool(1)
        baked = []
        jobs = [pool.submit(baked.append, what) for what in ("bread", "cake")]
        pool.shutdown()
        assert len(baked) == 2, f"shutdown() has returned, and {len(baked)} of 2 jobs are done"
        assert [job.done() for job in jobs] == [True, True], "the jobs are done, and done() says they are not"

    explore(two_workers)
    explore(two_jobs)


@graded(points=1)
def test_submit_after_shutdown(explore):
    """submit() is refused after shutdown()."""

    def afterwards(attempt):
        pool = attempt.ThreadPool(1)
        pool.shutdown()
        refused = False
        try:
            pool.submit(len, "bread")
        except RuntimeError:
            refused = True
        assert refused, "submit() after shutdown() did not raise RuntimeError"

    def at_the_same_time(attempt):
        pool = attempt.ThreadPool(1)

        def order():
            try:
                bread = pool.submit(len, "bread")
            except RuntimeError:
                return
            assert bread.result() == 5  # accepted is accepted

        customer = Thread(target=order, name="Customer")
        customer.start()
        pool.shutdown()
        customer.join()

    explore(afterwards)
    explore(at_the_same_time)


@graded(points=1)
def test_result_wakes_all(explore):
    """result() wakes all who wait."""

    def scenario(attempt):
        pool = attempt.ThreadPool(1)
        bread = pool.submit(len, "bread")
        results = []

        def wait():
            results.append(bread.result())

        together(Ann=wait, Bob=wait)
        assert results == [5, 5]
        pool.shutdown()

    explore(scenario)


@graded(points=1)
def test_timeouts(explore):
    """A time-out raises TimeoutError."""

    def scenario(attempt):
        pool = attempt.ThreadPool(1)
        oven_is_hot = Event()
        bread = pool.submit(oven_is_hot.wait)
        for timeout in (0, 1):
            late = False
            try:
                bread.result(timeout)
            except TimeoutError:
                late = True
            assert late, f"the job was not done, and result({timeout}) did not raise TimeoutError"
        assert not bread.done(), "the job was not done, and done() said it was"
        oven_is_hot.set()
        assert bread.result() is True
        assert bread.result(0) is True
        pool.shutdown()

    explore(scenario)


@graded(points=1)
def test_done(explore):
    """done() means that the result is there."""

    def scenario(attempt):
        pool = attempt.ThreadPool(1)
        bread = pool.submit(len, "bread")
        if bread.done():
            there = None
            try:
                there = bread.result(0)
            except TimeoutError:
                pass
            assert there == 5, "done() said True, and result(0) did not return what the job returned"
        pool.shutdown()
        assert bread.done(), "the job is done, and done() says it is not"

    explore(scenario)


@graded(points=1)
def test_two_at_once(explore):
    """Two workers do two jobs at once."""

    def scenario(attempt):
        pool = attempt.ThreadPool(2)
        salad_is_ready = Event()
        done = []

        def soup():
            salad_is_ready.wait()
            done.append("soup")

        def salad():
            salad_is_ready.set()
            done.append("salad")

        pool.submit(soup)
        sleep(1)  # until nobody can go on: a worker is in the middle of the soup
        pool.submit(salad)
        pool.shutdown()
        assert len(done) == 2, f"shutdown() has returned, and {len(done)} of 2 jobs are done"

    explore(scenario, timeouts="idle")
