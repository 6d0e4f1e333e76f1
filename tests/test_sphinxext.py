"""The directives of course pages: what they show, to whom, and what they say of faults."""

from collections.abc import Callable
from io import StringIO
from pathlib import Path
from textwrap import dedent

import pytest
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace

ROOT = Path(__file__).resolve().parent.parent

Build = Callable[..., tuple[str, str]]


@pytest.fixture
def build(tmp_path: Path) -> Build:
    """Build one page over the course of this checkout; its text, and the warnings."""

    def make(page: str, *tags: str, **files: str) -> tuple[str, str]:
        source = tmp_path / "source"
        source.mkdir()
        (source / "conf.py").write_text(
            f"extensions = ['concur.sphinxext']\nconcur_course = {str(ROOT)!r}\nproject = 'toy'\n"
        )
        (source / "index.rst").write_text("Page\n====\n\n" + dedent(page))
        for name, text in files.items():
            (source / f"{name}.py").write_text(dedent(text))
        warnings = StringIO()
        with docutils_namespace():
            app = Sphinx(
                str(source),
                str(source),
                str(tmp_path / "out"),
                str(tmp_path / "trees"),
                "text",
                status=None,
                warning=warnings,
                tags=list(tags),
            )
            app.build()
        return (tmp_path / "out" / "index.txt").read_text(), warnings.getvalue()

    return make


LOST = """
from threading import Thread

def scenario():
    seen = []
    def work():
        if not seen:
            seen.append(1)
    threads = [Thread(target=work) for _ in range(2)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
    assert len(seen) == 1
"""


def test_an_exercise_is_shown_from_its_folder(build: Build) -> None:
    text, warnings = build(".. exercise:: 07\n")
    assert not warnings
    assert "Exercise 07: Rendezvous" in text
    assert "signalling with semaphores, 10 points" in text
    assert "def left(self) -> None: ..." in text
    assert "left() returns only after right() was called (3 points)" in text
    assert "$ concur check 07" in text


def test_an_exercise_of_data_shows_its_name(build: Build) -> None:
    text, _ = build(".. exercise:: break-it\n")
    assert "SCHEDULE: list[str]" in text


def test_a_run_is_drawn_and_is_the_same_in_each_build(build: Build) -> None:
    text, warnings = build(".. interleaving:: lost.py::scenario\n", lost=LOST)
    assert not warnings
    assert "refuted by schedule" in text
    assert " s:" not in text
    assert "seen.append(1)" in text


def test_another_verdict_than_the_page_says_is_a_warning(build: Build) -> None:
    text, warnings = build(".. interleaving:: lost.py::scenario\n   :verdict: verified\n", lost=LOST)
    assert (
        "index.rst:4: WARNING: interleaving: lost.py::scenario is refuted, and the page says verified"
        in warnings
    )
    assert "seen" not in text


@pytest.mark.parametrize(
    ("directive", "said"),
    [
        (".. interleaving:: none.py::scenario", "interleaving: "),
        (".. exercise:: 99", "there is no exercise 99"),
    ],
)
def test_what_is_not_there_is_a_warning_with_its_line(build: Build, directive: str, said: str) -> None:
    _, warnings = build(f"{directive}\n")
    assert "index.rst:4: WARNING" in warnings
    assert said in warnings


def test_a_solution_is_for_instructors_only(build: Build) -> None:
    """It is absent, not hidden."""
    text, warnings = build(".. solution:: 07\n")
    assert not warnings
    assert "Model answer" not in text
    assert "acquire" not in text


def test_an_instructor_sees_the_solution(build: Build) -> None:
    text, warnings = build(".. solution:: 07\n", "instructor")
    assert not warnings
    assert "Model answer to exercise 07" in text
    assert "acquire" in text
