"""Programs put together at random do the same plain and rewritten."""

import tempfile
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, settings

from .generating import programs
from .running import FAILING, SCENARIO, explored, loaded, plainly, recorded, sampled, written

_SETTINGS = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],  # shrinking takes minutes; the program that failed is printed as it is
    suppress_health_check=list(HealthCheck),
)


@_SETTINGS
@given(programs())
def test_generated_programs_do_the_same(text: str) -> None:
    """Without a run, with another thread alive, with everything announced, and recorded."""
    with tempfile.TemporaryDirectory() as name:
        file = written(Path(name), text, SCENARIO)
        try:
            expected = plainly(file, "program")
        except SyntaxError:  # a return beside except*, and the like
            return
        assert loaded(file, "program") == expected
        assert explored(file) == expected
        assert sampled(file) == expected
        file = written(Path(name), text, FAILING)
        assert recorded(file) == expected.replace("program_0", file.stem)
