"""Graded: start_and_join.py."""

from threading import Event, current_thread

from concur.grade import graded


@graded(points=3)
def test_results(explore):
    """Each task once, results in their order."""

    def two_tasks(attempt):
        called = []

        def soup():
            called.append("soup")
            return "hot soup"

        def salad():
            called.append("salad")
            return "green salad"

        assert attempt.run_all([soup, salad]) == ["hot soup", "green salad"]
        assert sorted(called) == ["salad", "soup"]

    def the_first_is_ready_last(attempt):
        salad_is_ready = Event()

        def soup():
            salad_is_ready.wait()
            return "soup"

        def salad():
            salad_is_ready.set()
            return "salad"

        assert attempt.run_all([soup, salad]) == ["soup", "salad"]

    def one_and_none(attempt):
        assert attempt.run_all([lambda: "bread"]) == ["bread"]
        assert attempt.run_all([lambda: None, lambda: None]) == [None, None]
        assert attempt.run_all([]) == []

    explore(two_tasks)
    explore(the_first_is_ready_last)
    explore(one_and_none)


@graded(points=2)
def test_nothing_is_left_running(explore):
    """At the return all have ended."""

    def scenario(attempt):
        cooks = []
        waiter = current_thread()

        def cook():
            cooks.append(current_thread())

        attempt.run_all([cook, cook])
        assert len(cooks) == 2, f"{len(cooks)} of 2 tasks have run"
        assert waiter not in cooks, "a task was run by the caller, not in a thread of its own"
        alive = sum(thread.is_alive() for thread in cooks)
        assert alive == 0, f"run_all has returned, and {alive} of its threads are alive"

    explore(scenario)


@graded(points=3)
def test_exceptions(explore):
    """The first exception, at the end."""

    def scenario(attempt):
        ended = []

        def burnt():
            ended.append("burnt")
            raise ValueError("burnt")

        def spilt():
            ended.append("spilt")
            raise KeyError("spilt")

        raised = None
        try:
            attempt.run_all([burnt, spilt])
        except (ValueError, KeyError) as error:
            raised = error
        assert type(raised) is ValueError, f"run_all raised {raised!r}, and the first of the tasks ValueError"
        assert len(ended) == 2, f"run_all raised when only {sorted(ended)} had run"

    def the_first_fails_last(attempt):
        failed = Event()

        def first():
            failed.wait()
            raise ValueError("the first of the tasks")

        def second():
            failed.set()
            raise KeyError("the second of the tasks")

        raised = None
        try:
            attempt.run_all([first, second])
        except (ValueError, KeyError) as error:
            raised = error
        assert type(raised) is ValueError, f"run_all raised {raised!r}, and the first of the tasks ValueError"

    explore(scenario)
    explore(the_first_fails_last)


@graded(points=2)
def test_at_the_same_time(explore):
    """Tasks that wait for each other finish."""

    def scenario(attempt):
        dough_is_ready, oven_is_hot = Event(), Event()

        def baker():
            dough_is_ready.set()
            oven_is_hot.wait()
            return "bread"

        def stoker():
            oven_is_hot.set()
            dough_is_ready.wait()
            return "fire"

        assert attempt.run_all([baker, stoker]) == ["bread", "fire"]

    explore(scenario)
