"""Verdicts as one static page: a failing run can be gone through step by step.

The page needs no network and no other file, and is complete without
JavaScript. Style and script stand beside this file, in ``page/``; the page
allows these two by their hashes and nothing else to load or run.
"""

import base64
import hashlib
import linecache
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from html import escape
from importlib import resources

from concur.check.report import cell_of, repeated_rows, rows_of, title_of
from concur.check.verdict import Failure, Status, Step, Verdict
from concur.check.whereabouts import short_file

MOST_ROWS = 2_000  # of one run; what is left out is the beginning, and the page says so
_AROUND = 15  # lines of a file above the first and below the last that a step names

_MARKS = {Status.VERIFIED: "✓", Status.REFUTED: "✗", Status.UNFINISHED: "…", Status.UNCHECKABLE: "?"}
_WORST_FIRST = (Status.REFUTED, Status.UNCHECKABLE, Status.UNFINISHED, Status.VERIFIED)
_VERBS = {
    "read": "reads",
    "write": "writes",
    "change": "changes",
    "acquire": "acquires",
    "release": "releases",
    "try": "tries",
    "join": "joins",
    "start": "starts",
    "sleep": "sleeps",
    "look": "looks",
    "advance": "advances",
    "end": "ends",
}


def page(
    verdicts: Sequence[Verdict],
    *,
    title: str = "concur",
    problems: Sequence[str] = (),
    command: Callable[[Verdict], str] | None = None,
) -> str:
    """The whole document, as text that can be written in UTF-8.

    Args:
        verdicts: what was found, a section each.
        title: what was checked, such as the name of the file.
        problems: why further scenarios have no verdict.
        command: the command that replays the failure of a verdict.
    """
    style, script = _part("page.css"), _part("page.js")
    policy = (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}';"
        " base-uri 'none'; form-action 'none'"
    )
    sections = [_section(number, verdict, command) for number, verdict in enumerate(verdicts, start=1)]
    return "\n".join(
        [
            "<!DOCTYPE html>",
            '<html lang="en" dir="ltr">',
            "<head>",
            '<meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<meta name="color-scheme" content="light dark">',
            f"<title>{_text(title)}: {_summary(verdicts)}</title>",
            f"<style>{style}</style>",
            "</head>",
            "<body>",
            f"<header><h1>{_text(title)}: {_summary(verdicts)}</h1></header>",
            "<main>",
            *_contents(verdicts),
            *[f'<p class="problem">No verdict: {_text(problem)}</p>' for problem in problems],
            *sections,
            "</main>",
            f"<script>{script}</script>",
            "</body>",
            "</html>",
            "",
        ]
    )


def _part(name: str) -> str:
    return resources.files("concur.check").joinpath("page", name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def visible(text: str) -> str:
    r"""A text in which every character can be seen and written.

    >>> visible("a\x00b\u202ec")
    'a\\x00b\\u202ec'
    """
    return "".join(
        each if each.isprintable() or each in "\t\n" else each.encode("unicode_escape").decode()
        for each in text
    )


def _text(text: str) -> str:
    return escape(visible(text))


def _broken(text: str) -> str:
    """Program text that may be broken into lines where a reader would do it."""
    return re.sub(r"(?<=[\w)\]])([._,(\[/]+)(?=\w)", r"\1<wbr>", _text(text))


def _summary(verdicts: Sequence[Verdict]) -> str:
    """The worst verdict, and of how many."""
    found = [verdict.status for verdict in verdicts]
    worst = next((status for status in _WORST_FIRST if status in found), None)
    if worst is None:
        return "no verdict"
    return str(worst) if len(found) == 1 else f"{found.count(worst)} of {len(found)} scenarios {worst}"


def _contents(verdicts: Sequence[Verdict]) -> list[str]:
    if len(verdicts) < 2:
        return []
    items = [
        f'<li>{_badge(verdict)} <a href="#s{number}">{_broken(verdict.scenario)}</a></li>'
        for number, verdict in enumerate(verdicts, start=1)
    ]
    return ['<nav aria-label="Scenarios"><ul>', *items, "</ul></nav>"]


def _badge(verdict: Verdict) -> str:
    mark = f'<span aria-hidden="true">{_MARKS[verdict.status]}</span>'
    return f'<span class="badge {verdict.status}">{mark} {verdict.status}</span>'


def _section(number: int, verdict: Verdict, command: Callable[[Verdict], str] | None) -> str:
    failure = verdict.failure
    parts = [
        f'<section class="scenario" id="s{number}" aria-labelledby="h{number}">',
        f'<h2 id="h{number}">{_broken(verdict.scenario)} {_badge(verdict)}</h2>',
        "<dl>",
    ]
    schedules = f"{verdict.schedules:,}"
    if verdict.status is Status.VERIFIED:
        parts.append(_fact("verified covers", verdict.bound))
    if verdict.reason:
        parts.append(_fact("reason", verdict.reason))
    if failure is not None:
        parts.append(_fact("kind of failure", failure.kind))
        schedules += ", the last of which failed"
    parts += [
        _fact("schedules run", schedules),
        _fact("time", f"{verdict.seconds:.2f} s"),
        "</dl>",
    ]
    if failure is not None:
        parts.append(f'<p class="message">{_text(failure.message)}</p>')
        parts += [f'<p class="why">{_text(line)}</p>' for line in failure.why.splitlines()]
        repeats = repeated_rows(failure, rows_of(failure))
        if repeats is not None:
            parts.append(f'<p class="why">steps {repeats[0]} to {repeats[1]} repeat for ever</p>')
        if failure.token:
            again = command(verdict) if command is not None else ""
            parts += _copied(number, "token", "The token of this schedule", failure.token)
            parts += _copied(number, "again", "To run it again", again) if again else []
        parts += _run(number, failure) if failure.steps else []
    parts += _races(verdict)
    if verdict.output.strip():
        printed = f"<pre>{_text(verdict.output.replace(chr(13), ''))}</pre>"
        label = f'role="region" tabindex="0" aria-label="What {_text(verdict.scenario)} printed"'
        parts += [
            "<h3>Printed by the program</h3>",
            f'<div class="scroll printed" {label}>{printed}</div>',
        ]
    return "\n".join([*parts, "</section>"])


def _races(verdict: Verdict) -> list[str]:
    """The data races, below what failed; folded away if they are notes."""
    if not verdict.races:
        return []
    count = len(verdict.races) + verdict.races_left_out
    serious = any(race.severity == "race" for race in verdict.races)
    items = [f"<li>{_text(str(race))}</li>" for race in verdict.races]
    if verdict.races_left_out:
        items.append(f"<li>and {verdict.races_left_out} more</li>")
    summary = f"<summary>Data races: {count}{'' if serious else ', notes only'}</summary>"
    return [f"<details{' open' if serious else ''}>", summary, "<ul>", *items, "</ul></details>"]


def _fact(name: str, value: str) -> str:
    return f"<div><dt>{_text(name)}</dt><dd>{_text(value)}</dd></div>"


def _copied(number: int, name: str, label: str, text: str) -> list[str]:
    """A line of text to be taken elsewhere, with a button that copies it."""
    key = f"{name}{number}"
    button = (
        f'<button type="button" data-copy="{key}" hidden>Copy<span class="unseen"> {name}</span></button>'
    )
    return [
        f'<p class="copied">{label}: <code id="{key}">{_text(text)}</code> {button} <span role="status"></span></p>'
    ]


def _run(number: int, failure: Failure) -> list[str]:
    """The failing run: controls, the table of steps, the lines of the program, the shared values."""
    rows = rows_of(failure)
    shown = rows[-MOST_ROWS:]
    first = len(rows) - len(shown) + 1
    files = list(dict.fromkeys(step.file for step in shown if step.line))
    left_out = f"<p>The first {first - 1:,} steps of this run are left out.</p>" if first > 1 else ""
    return [
        "<h3>The failing run</h3>",
        left_out,
        f'<div class="run" data-first="{first}" data-count="{len(shown)}">',
        *_controls(number, len(shown)),
        '<div class="panes">',
        *_table(number, shown, first, files),
        '<div class="beside">',
        f'<div class="state" hidden><h4 id="state{number}">Shared values after this step</h4>',
        f'<table aria-labelledby="state{number}"><thead><tr><th scope="col">name</th>',
        '<th scope="col">holds</th></tr></thead><tbody></tbody></table></div>',
        *[line for index, file in enumerate(files) for line in _listing(index, file, shown)],
        "</div></div></div>",
    ]


def _controls(number: int, count: int) -> list[str]:
    button = '<button type="button" data-go="{0}">{1}</button>'
    return [
        '<div class="controls" hidden>',
        f'<label for="slider{number}">Step</label>',
        f'<input type="range" id="slider{number}" min="1" max="{count}" value="1" step="1">',
        '<div class="buttons" role="group" aria-label="Go to a step">',
        *[button.format(way, way.capitalize()) for way in ("first", "previous", "next", "last")],
        "</div>",
        "</div>",
        '<p class="now" aria-live="polite" aria-atomic="true" hidden></p>',
        "<noscript><p>The slider needs JavaScript. The table below holds every step.</p></noscript>",
    ]


def _table(number: int, rows: list[Step], first: int, files: list[str]) -> list[str]:
    threads = list(dict.fromkeys(step.thread for step in rows))
    heads = ["step", *map(title_of, threads), "line", "source", "shared values after"]
    body = []
    for index, step in enumerate(rows):
        at = f"step {first + index} of {first + len(rows) - 1}: {sentence(step)}"
        attributes = f'data-say="{_text(at)}"'
        if step.line:
            attributes += f' data-file="{files.index(step.file)}" data-line="{step.line}"'
        cells = [f'<th scope="row">{first + index}</th>']
        for thread in threads:
            cells.append(
                f"<td><code>{_broken(_cell(step))}</code></td>" if thread == step.thread else "<td></td>"
            )
        where = f"{_text(short_file(step.file))}:{step.line}" if step.line else ""
        changes = [
            f'<span class="change" data-name="{_text(name)}" data-value="{_text(value)}">'
            f"<code>{_broken(name)}</code>: <code>{_broken(value)}</code></span>"
            for name, value in dict(step.changes).items()
        ]
        cells += [
            f'<td class="where">{where}</td>',
            f'<td class="source"><code>{_broken(step.source)}</code></td>',
            f"<td>{' '.join(changes)}</td>",
        ]
        body.append(f"<tr {attributes}>{''.join(cells)}</tr>")
    label = "The steps of the failing run; arrow keys go from step to step"
    return [
        f'<div class="scroll steps" role="region" tabindex="0" aria-label="{label}">',
        f'<table id="steps{number}"><caption>One row a step, one column a thread</caption>',
        "<thead><tr>" + "".join(f'<th scope="col">{_broken(head)}</th>' for head in heads) + "</tr></thead>",
        "<tbody>",
        *body,
        "</tbody></table></div>",
    ]


def _cell(step: Step) -> str:
    """As in the text report, without the new content of a container, which has its own column."""
    told = step.op.endswith(")") and any(value == step.value for _, value in step.changes)
    return cell_of(replace(step, value=None) if told else step)


def sentence(step: Step) -> str:
    """A step as it is said aloud: who does what, with which value, on which line."""
    waits = step.op.startswith("waits: ")
    op = step.op.removeprefix("waits: ")
    verb, _, rest = op.partition(" ")
    if op == "raise":
        done, value = f"raises {step.value or 'an exception'}", None
    elif waits:
        done, value = f"waits for ever: {op}", step.value
    elif op.startswith("... "):
        done, value = f"goes on in {rest}", step.value
    elif verb in _VERBS:
        done, value = f"{_VERBS[verb]} {rest}".rstrip(), step.value
    else:
        done, value = f"calls {op}", step.value
    said = [f"{title_of(step.thread)} {done}", *([] if value is None else [value])]
    if step.line:
        said.append(f"{short_file(step.file)} line {step.line}")
    return ", ".join(said)


def _listing(index: int, file: str, rows: list[Step]) -> list[str]:
    """The lines of a file, from a little above the first that a step names to a little below the last."""
    named = [step.line for step in rows if step.file == file and step.line]
    start = max(1, min(named) - _AROUND)
    lines = linecache.getlines(file)[start - 1 : max(named) + _AROUND]
    name = _text(short_file(file))
    items = [
        f'<li value="{number}"><code>{_text(line.rstrip()) or "&nbsp;"}</code></li>'
        for number, line in enumerate(lines, start=start)
    ]
    return [
        f'<div class="listing" data-file="{index}"><h4>{name}</h4>',
        f'<div class="scroll" role="region" tabindex="0" aria-label="The program, {name}">',
        f'<ol start="{start}">',
        *items,
        "</ol></div></div>",
    ]
