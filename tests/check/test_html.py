"""The page of ``--html``: complete without JavaScript, nothing from outside, nothing that a program can slip in."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest

from concur.check import Status, Verdict, html
from concur.check.report import rows_of
from concur.check.verdict import Failure, Race, Step

from .conftest import Check

ADD = """
    class Box:
        n = 0

    def scenario():
        box = Box()
        def one():
            box.n += 1
        def two():
            box.n += 1
        together(one, two)
        assert box.n == 2
"""

HOSTILE = (
    "</script><script>alert(1)</script><img src=//evil.example/x onerror=alert(1)>"
    "'\"&amp;\u202e\x00\udc80\U0001f600"
)

VOID = {"meta", "input", "wbr", "br", "img", "link"}


class Element:
    def __init__(self, tag: str, attributes: dict[str, str | None]) -> None:
        self.tag, self.attributes = tag, attributes
        self.children: list[Element | str] = []

    def __iter__(self) -> "Iterator[Element]":
        for child in self.children:
            if isinstance(child, Element):
                yield child
                yield from child

    @property
    def text(self) -> str:
        return "".join(child if isinstance(child, str) else child.text for child in self.children)

    def all(self, tag: str, **attributes: str) -> "list[Element]":
        """The elements below with this tag and these attributes; `cls` is the class, `_` stands for a dash."""
        wanted = {
            ("class" if key == "cls" else key.replace("_", "-")): each for key, each in attributes.items()
        }
        return [e for e in self if e.tag == tag and all(e.attributes.get(k) == v for k, v in wanted.items())]

    def one(self, tag: str, **attributes: str) -> "Element":
        (found,) = self.all(tag, **attributes)
        return found


class Tree(HTMLParser):
    """Reads a document, and insists that every element is closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.root = Element("", {})
        self.open = [self.root]
        self.feed(text)
        self.close()
        assert [each.tag for each in self.open] == [""]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, dict(attrs))
        self.open[-1].children.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop().tag == tag

    def handle_data(self, data: str) -> None:
        self.open[-1].children.append(data)


def parsed(*verdicts: Verdict, **more: object) -> Element:
    return Tree(html.page(verdicts, **more)).root  # type: ignore[arg-type]


def made(*steps: Step, **more: object) -> Verdict:
    """A refutation with these steps."""
    failure = Failure("assertion", "it failed", "one reason\nanother", "c1.00000000.0x1", steps)
    return Verdict("scenario", Status.REFUTED, 2, 0.5, "one schedule", failure=failure, **more)  # type: ignore[arg-type]


def test_every_step_is_a_row(check: Check) -> None:
    """One column a thread: each row has the step in the column of its thread, its line, its source."""
    verdict = check(ADD)
    assert verdict.failure is not None
    table = parsed(verdict).one("div", cls="scroll steps").one("table")
    heads = [each.text for each in table.one("thead").all("th", scope="col")]
    assert heads == ["step", "one", "two", "main", "line", "source", "shared values after"]
    rows = table.one("tbody").all("tr")
    steps = rows_of(verdict.failure)
    assert len(rows) == len(steps) == 5
    for number, (row, step) in enumerate(zip(rows, steps, strict=True), start=1):
        assert row.one("th", scope="row").text == str(number)
        cells = [each.text for each in row.all("td")]
        column = heads.index("main" if step.thread == "MainThread" else step.thread) - 1
        assert [bool(cell) for cell in cells[:3]] == [index == column for index in range(3)]
        assert cells[3:5] == [f"program.py:{step.line}", step.source]
    assert table.one("caption").text


def test_a_step_is_said_in_words(check: Check) -> None:
    """What the live region will say stands in the document."""
    said = [
        row.attributes["data-say"] for row in parsed(check(ADD)).all("tr") if "data-say" in row.attributes
    ]
    assert re.fullmatch(r"step 1 of 5: one reads n, 0, program\.py line \d+", said[0] or "")
    assert re.fullmatch(r"step 4 of 5: one writes n, 1, program\.py line \d+", said[3] or "")
    assert "main raises AssertionError" in (said[4] or "")


@pytest.mark.parametrize(
    ("op", "value", "said"),
    [
        ("acquire lock", None, "T acquires lock"),
        ("waits: acquire lock", None, "T waits for ever: acquire lock"),
        ("items.append(1)", "[1]", "T calls items.append(1), [1]"),
        ("... wait()", None, "T goes on in wait()"),
        ("sleep", None, "T sleeps"),
    ],
)
def test_sentences(op: str, value: str | None, said: str) -> None:
    assert html.sentence(Step("T", "", 0, "", op, value)) == said


def test_the_lines_of_the_program_are_shown(check: Check, tmp_path: Path) -> None:
    """With their numbers, so that each step finds its own."""
    root = parsed(check(ADD))
    listing = root.one("div", cls="listing")
    lines = (tmp_path / "program.py").read_text().splitlines()
    shown = {int(each.attributes["value"] or ""): each.text for each in listing.all("li")}
    assert all(text.rstrip("\xa0") == lines[number - 1] for number, text in shown.items())
    named = {row.attributes["data-line"] for row in root.all("tr") if "data-line" in row.attributes}
    assert named <= {str(number) for number in shown}
    assert len(named) == 3


def test_shared_values_stand_after_each_step(check: Check) -> None:
    rows = parsed(check(ADD)).one("div", cls="scroll steps").one("tbody").all("tr")
    assert [row.all("td")[-1].text for row in rows] == ["n: 0", "n: 0", "n: 1", "n: 1", ""]


def test_the_verdict_and_what_replays_it() -> None:
    root = parsed(
        made(Step("T", "", 0, "", "sleep", None)), title="x.py", command=lambda verdict: "again 'it'"
    )
    assert root.one("h1").text == root.one("title").text == "x.py: refuted"
    text = root.one("main").text
    for part in ("assertion", "it failed", "one reason", "another", "0.50 s", "c1.00000000.0x1"):
        assert part in text
    assert root.one("code", id="again1").text == "again 'it'"
    assert {
        each.attributes["data-copy"] for each in root.all("button") if "data-copy" in each.attributes
    } == {
        "again1",
        "token1",
    }


def test_several_verdicts_have_a_list_and_the_worst_in_the_title() -> None:
    good = Verdict("good", Status.VERIFIED, 1204, 0.1, "all interleavings")
    open_ = Verdict("open", Status.UNFINISHED, 7, 0.1, "", reason="the budget is used up")
    root = parsed(good, open_, made(), title="x.py", problems=["odd: no parameters"])
    assert root.one("h1").text == "x.py: 1 of 3 scenarios refuted"
    assert [each.attributes["href"] for each in root.one("nav").all("a")] == ["#s1", "#s2", "#s3"]
    first, second, third = root.all("section")
    assert "all interleavings" in first.text
    assert "1,204" in first.text
    assert "the budget is used up" in second.text
    assert not third.all("table")  # a failure without steps
    assert "No verdict: odd: no parameters" in root.text


def test_a_file_of_hostile_text_is_shown_and_does_nothing(tmp_path: Path) -> None:
    """In every place where text of the program comes: no element, no attribute, no address of its own."""
    file = tmp_path / "a'\"<b>.py"
    file.write_text("# </script><script>alert(1)</script>\n", "utf-8")
    step = Step(HOSTILE, str(file), 1, HOSTILE, f"read {HOSTILE}", HOSTILE, ((HOSTILE, HOSTILE),))
    failure = Failure(HOSTILE, HOSTILE, HOSTILE, HOSTILE, (step,))
    race = Race("race", HOSTILE, HOSTILE, step, step, HOSTILE)
    verdict = Verdict(
        HOSTILE, Status.REFUTED, 1, 0.0, HOSTILE, (race,), failure=failure, reason=HOSTILE, output=HOSTILE
    )
    text = html.page([verdict], title=HOSTILE, problems=[HOSTILE], command=lambda verdict: HOSTILE)
    text.encode("utf-8")
    root = Tree(text).root
    assert not root.all("img")
    assert len(root.all("script")) == len(root.all("style")) == 1
    allowed = {
        "class",
        "id",
        "hidden",
        "type",
        "scope",
        "href",
        "role",
        "tabindex",
        "for",
        "lang",
        "dir",
        "value",
    }
    allowed |= {"open", "min", "max", "step", "start", "name", "content", "charset", "http-equiv"}
    for element in root:
        names = {name for name in element.attributes if not name.startswith(("data-", "aria-"))}
        assert names <= allowed
    assert all((each.attributes.get("href") or "#").startswith("#") for each in root.all("a"))
    shown = HOSTILE.replace("\u202e", r"\u202e").replace("\x00", r"\x00").replace("\udc80", r"\udc80")
    assert root.one("td", cls="source").text == shown
    assert root.one("li", value="1").text == "# </script><script>alert(1)</script>"


def test_nothing_comes_from_outside(check: Check) -> None:
    """No address in the page, and a policy that allows its own style and script only."""
    text = html.page([check(ADD)])
    assert not re.search(r"https?:|//\w|@import|url\(|\bsrc=", text.replace("// ", ""))
    policy = Tree(text).root.one("meta", http_equiv="Content-Security-Policy").attributes["content"] or ""
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy


def test_controls_are_labelled_and_hidden_until_the_script_runs(check: Check) -> None:
    root = parsed(check(ADD))
    controls = root.one("div", cls="controls")
    assert "hidden" in controls.attributes
    slider = controls.one("input", type="range")
    assert (slider.attributes["min"], slider.attributes["max"]) == ("1", "5")
    assert controls.one("label", **{"for": slider.attributes["id"] or ""}).text == "Step"
    assert [each.text for each in controls.all("button")] == ["First", "Previous", "Next", "Last"]
    assert root.one("p", cls="now").attributes["aria-live"] == "polite"
    assert root.one("noscript").text
    for element in root:
        if (element.attributes.get("class") or "").startswith("scroll"):
            assert element.attributes["tabindex"] == "0"
            assert element.attributes["aria-label"]


def test_ids_are_unique_and_labels_lead_somewhere(check: Check) -> None:
    verdict = check(ADD)
    root = parsed(verdict, verdict, command=lambda verdict: "again")
    ids = [element.attributes["id"] for element in root if "id" in element.attributes]
    assert len(ids) == len(set(ids))
    for element in root:
        for name in ("for", "aria-labelledby", "data-copy"):
            assert element.attributes.get(name, ids[0]) in ids


def test_the_same_run_gives_the_same_page(check: Check) -> None:
    """Apart from the time it took."""
    first, second = (re.sub(r"\d+\.\d\d s", "", html.page([check(ADD)])) for _ in range(2))
    assert first == second


def test_a_very_long_run_loses_its_beginning_and_says_so() -> None:
    steps = [Step(f"T{n % 2}", "", 0, "", "sleep", None) for n in range(html.MOST_ROWS + 5)]
    root = parsed(made(*steps))
    rows = root.one("div", cls="scroll steps").one("tbody").all("tr")
    assert len(rows) == html.MOST_ROWS
    assert rows[0].one("th").text == "6"
    assert "The first 5 steps of this run are left out." in root.text


def test_what_the_program_printed_is_shown(check: Check) -> None:
    verdict = check("def scenario():\n    print('here <I> am')\n    assert False\n")
    assert parsed(verdict).one("div", cls="scroll printed").text == "here <I> am\n"


# What is known of shared values


def changes(verdict: Verdict) -> list[tuple[str, str]]:
    assert verdict.failure is not None
    return [change for step in rows_of(verdict.failure) for change in step.changes]


def test_who_holds_a_lock(check: Check) -> None:
    """Taken, given back, also by a wait inside the library; a failed attempt changes nothing."""
    verdict = check("""
        from threading import Condition, Lock

        def scenario():
            lock = Lock()
            ready = Condition(lock)
            def waiter():
                with lock:
                    ready.wait()
            def other():
                if lock.acquire(blocking=False):
                    lock.release()
            together(waiter, other)
    """)
    assert verdict.status is Status.REFUTED
    held = [value for name, value in changes(verdict) if name == "lock"]
    assert held[-1] == "free"
    assert "held by waiter" in held
    assert {name for name, _ in changes(verdict)} == {"lock"}


def test_a_failed_attempt_at_a_lock_changes_nothing(check: Check) -> None:
    verdict = check("""
        from threading import Lock

        def scenario():
            lock = Lock()
            def holder():
                with lock:
                    pass
            def other():
                assert lock.acquire(blocking=False)
                lock.release()
            together(holder, other)
    """)
    assert [value for _, value in changes(verdict)] == ["held by holder"]


def test_the_content_of_a_container(check: Check) -> None:
    """As its methods and assignments to its items leave it."""
    verdict = check("""
        def scenario():
            items = []
            def one():
                items.append(1)
            def two():
                items.append(2)
                items[0] = 3
            together(one, two)
            assert items == [1, 2]
    """)
    assert ("items", "[1]") in changes(verdict)
    assert changes(verdict)[-1][1] in ("[3]", "[3, 1]", "[3, 2]")


def test_two_places_never_go_by_one_name(check: Check) -> None:
    verdict = check("""
        class Box:
            n = 0

        def scenario():
            a, b = Box(), Box()
            def one():
                a.n = 1
                b.n = 2
            def two():
                assert (a.n, b.n) != (1, 2)
            together(one, two)
    """)
    assert set(changes(verdict)) == {("n", "1"), ("n #2", "2")}


def test_objects_of_a_module_go_by_its_names(check: Check) -> None:
    """Not by the way in which the checker itself reaches them."""
    verdict = check("""
        from threading import Lock

        guard = Lock()
        found = []

        def scenario():
            def one():
                with guard:
                    found.append(1)
            def two():
                with guard:
                    assert not found
            together(one, two)
    """)
    assert {name for name, _ in changes(verdict)} == {"guard", "found"}
