"""Graded: break_it.py."""

from concur.grade import graded


def play(schedule):
    """Let A and B take the steps of *schedule*; the final value, and the run, a line for each step."""
    assert isinstance(schedule, list | tuple), f"SCHEDULE is {schedule!r}, and must be a list of names"
    value = 0
    held = {"A": None, "B": None}  # what a thread has read and not written yet
    done = {"A": 0, "B": 0}  # additions
    run = ["", "  step  A         B         counter.value"]
    for step, name in enumerate(schedule, 1):
        assert name in done, f"step {step} is for {name!r}, and the threads are 'A' and 'B'"
        assert done[name] < 2, f"step {step} is for {name!r}, which has done both of its additions"
        if held[name] is None:
            held[name] = value
            said = f"reads {value}"
        else:
            value, held[name] = held[name] + 1, None
            done[name] += 1
            said = f"writes {value}"
        run.append(
            f"  {step:>4}  {'' if name == 'A' else ' ' * 10}{said:<{20 if name == 'A' else 10}}{value}"
        )
    left = [f"{name} has done {count} of its 2 additions" for name, count in done.items() if count < 2]
    assert not left, f"the schedule ends too soon: {' and '.join(left)}"
    return value, "\n".join(run)


@graded(points=2)
def test_schedule(attempt):
    """Each thread takes its four steps."""
    play(attempt.SCHEDULE)


@graded(points=4)
def test_an_update_is_lost(attempt):
    """An addition is lost: less than 4."""
    value, run = play(attempt.SCHEDULE)
    assert value < 4, f"nothing is lost, the counter ends at {value}:{run}"


@graded(points=4)
def test_two_are_lost(attempt):
    """Two are lost: the counter ends at 2."""
    value, run = play(attempt.SCHEDULE)
    assert value == 2, f"the counter ends at {value}:{run}"
