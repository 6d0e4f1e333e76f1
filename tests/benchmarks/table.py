"""Writes docs/figures.md from what `make bench` left in tests/benchmarks/results.

The figures themselves are kept beside the page, in figures.json, so that a test can see that the page says what
was measured and nothing else. A target that was missed needs its reason, the `note` of its pair.
"""

import argparse
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pairs import Result, duration, goal, number

HERE = Path(__file__).parent
PAGE = HERE.parents[1] / "docs" / "figures.md"
KEPT = HERE / "figures.json"
VERSIONS = ("3.11", "3.13")

Document = dict[str, Any]  # what a script of pairs wrote

INTRODUCTION = """\
# Figures

How fast the primitives and the queue of {doc}`pubsub` are beside those of the standard library and of other packages.
Everything is a pair that was measured in one process, the two sides taking turns, and the ratio of a turn is what
counts: figures of different machines, or of different minutes, cannot be compared. Shown is the median of the ratios
with the lowest and the highest, and for both sides the median time of one operation, ours first. A target `>= 8x` means
at least eight times as fast; `<= 4x` means at most four times the time.

Faster is not better where it is not needed: each primitive's own page says what it is for, and what it does not
promise.
"""

NO_REASON = "No reason is written down."


def results_of(document: Document) -> list[Result]:
    return [Result(**result) for result in document["results"]]


def cell(result: Result | None) -> str:
    """What one version of Python showed."""
    if result is None:
        return "not measured"
    text = number(result.measured) + result.unit
    if result.reached is False:
        text = f"**{text}**, missed"
    if result.turns:
        text += f" ({number(result.low)} to {number(result.high)})"
    if result.ours_ns is not None and result.theirs_ns is not None:
        text += f"; {duration(result.ours_ns)}, {duration(result.theirs_ns)}"
    return text


def section(versions: dict[str, Document]) -> Iterable[str]:
    """The table of one script."""
    newest = max(versions.values(), key=lambda document: document["date"])
    measured = {
        version: {(result.title, result.against): result for result in results_of(document)}
        for version, document in versions.items()
    }
    titles = {key: results[key] for results in measured.values() for key in results}
    yield f"\n## {newest['heading'].rstrip('.')}\n"
    yield f"| | against | target | {' | '.join(versions)} |"
    yield "|---|---|---|" + "---|" * len(versions)
    for key, any_of_them in titles.items():
        cells = [cell(results.get(key)) for results in measured.values()]
        target = f"`{goal(any_of_them)}`" if any_of_them.target is not None else ""
        yield f"| {' | '.join([any_of_them.title, any_of_them.against, target, *cells])} |"


def missed(documents: Iterable[Document]) -> dict[tuple[str, str], str]:
    """Targets that were not reached: by title and reason, what was measured instead."""
    found: dict[tuple[str, str], list[str]] = {}
    for document in documents:
        for result in results_of(document):
            if result.reached is False:
                title = f"{result.title}, against {result.against}" if result.against else result.title
                shown = f"{number(result.measured)}{result.unit} on {document['python']}"
                found.setdefault((title, result.note or NO_REASON), []).append(
                    f"{shown} instead of `{goal(result)}`"
                )
    return {key: "; ".join(shown) for key, shown in found.items()}


def page(documents: list[Document]) -> str:
    """The page that says what *documents* say."""
    by_script: dict[str, dict[str, Document]] = {}
    for document in sorted(documents, key=lambda document: (document["script"], document["python"])):
        by_script.setdefault(document["script"], {})[document["python"]] = document
    lines = [INTRODUCTION, *sorted({origin(document) for document in documents})]
    lines.append(
        "\nMeasured by `make bench PYTHON=...`, once for each version, and written down by "
        "`python tests/benchmarks/table.py`.\n{doc}`contributing` says how."
    )
    for versions in by_script.values():
        lines += section(versions)
    lines.append("\n## Targets that were not reached\n")
    reasons = missed(documents)
    lines += [f"- {title}: {shown}. {reason}" for (title, reason), shown in reasons.items()] or ["None."]
    return "\n".join(lines) + "\n"


def origin(document: Document) -> str:
    """Machine, Python and date."""
    machine = document["machine"]
    return (
        f"- Python {document['python']}, {document['date']}, medians of {document['turns']} turns: "
        f"{machine['cpu']}, {machine['cores']} cores; {machine['system']}, kernel {machine['kernel']}"
    )


def collected(folder: Path) -> list[Document]:
    """The results in *folder* that belong on the page, those of the versions that it compares."""
    documents = []
    for file in sorted(folder.glob("*.json")):
        document = json.loads(file.read_text(encoding="utf-8"))
        python = document["python"]
        if python.endswith("t") or not python.startswith(tuple(f"{version}." for version in VERSIONS)):
            continue
        if document["quick"]:
            print(f"left out, a look and no result: {file.name}", file=sys.stderr)
            continue
        documents.append(document)
    return documents


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("results", nargs="?", type=Path, default=HERE / "results", help="a folder of results")
    documents = collected(parser.parse_args().results)
    if not documents:
        sys.exit("There are no results of 3.11 or 3.13: run `make bench PYTHON=...` with each of them first.")
    KEPT.write_text(json.dumps(documents, indent=1) + "\n", encoding="utf-8")
    PAGE.write_text(page(documents), encoding="utf-8")
    silent = [title for title, reason in missed(documents) if reason == NO_REASON]
    if silent:
        sys.exit("Missed without a reason; give these pairs a note:\n  " + "\n  ".join(silent))


if __name__ == "__main__":
    main()
