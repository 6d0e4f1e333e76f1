"""What the text of a file says about an access: whether it is part of an update, a test, a pair, or a poll.

The clocks of `races.py` know that two accesses are not ordered, and the lines they stand on. What that can do
to a program depends on what the lines are for, and that is read from the source:

- an *update*: an assignment (``x += 1``, or ``t = x`` and later ``x = t + 1``) whose value is computed from a read
  of the same place in the same function, directly or through local variables. Peterson's ``turn = other`` reads
  nothing of what it writes, so it is none, whatever was read in the call before.
- a *test*: an ``if``, a ``while`` or a conditional expression whose test reads a place, directly or through local
  variables, and that changes the same place in its branches, or, if its body leaves the block, behind it. Items
  of a container are the same place only if their keys are written alike: ``flag[other]`` is not ``flag[me]``.
- a *claim*: a ``while`` that tests a place, or an ``if`` that tests the content of a container, and a change of it
  behind that, in the same block. It matters only if two threads can do that same change, as they do in a broken
  test-and-set lock.
- a *pair*: two fields of one object, or two variables, both written in one function; and two such read in one
  expression, or in assignments next to each other. ``a and b`` reads a, looks at it, and then reads b: no pair.
- a *poll*: a read in the test of a ``while``, or in that of an ``if`` directly inside a ``while`` that leaves the
  loop, there or in a function of the file that only returns it and is called in such a test.

Places are compared by their text, ``self.items``; nothing is known of what other functions do with a value.
"""

import ast
import functools
import itertools
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from concur.check.contents import READING_METHODS
from concur.check.sources import compile_file
from concur.errors import UsageError

CONTENT = "[]"
_KEYED_METHODS = frozenset(("get", "pop", "add", "remove", "discard", "setdefault"))
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)
_LEAVES = (ast.Return, ast.Raise, ast.Continue, ast.Break)


class Place(NamedTuple):
    """A place as the text names it, and the line on which it does."""

    name: str  # of the field or the variable; "[]": the content of a container
    text: str  # the field or variable in full, or the container
    key: str | None  # which item of the container; None: all of it
    line: int

    def is_that_of(self, other: "Place") -> bool:
        """Whether both name the same place."""
        if (self.name, self.text) != (other.name, other.text):
            return False
        return self.key is None or other.key is None or self.key == other.key


class Link(NamedTuple):
    """A read that a later change of the same place rests on."""

    name: str
    read: int  # lines
    write: int


Two = tuple[tuple[str, int], tuple[str, int]]  # (name, line) of both accesses


class Text:
    """The facts of one file."""

    def __init__(self, tree: ast.AST) -> None:
        self.updates: set[Link] = set()
        self.tests: set[Link] = set()
        self.claims: set[Link] = set()
        self.written: set[Two] = set()
        self.read: set[Two] = set()
        self.polls: set[tuple[str, int]] = set()
        # line -> what its containers may be called, and the method that is called of them
        self.containers: dict[int, set[tuple[str, str]]] = {}
        for node, name, method in _containers(tree):
            self.containers.setdefault(node.lineno, set()).add((name, method))
        polled: set[str] = set()
        functions: list[ast.AST] = [tree, *(n for n in ast.walk(tree) if isinstance(n, _FUNCTIONS))]
        for function in functions:
            body = getattr(function, "body", [])
            if isinstance(body, list):
                polled |= _Function(self, body).called_in_polls
        for function in functions:
            if isinstance(function, ast.FunctionDef) and function.name in polled:
                for statement in function.body:
                    if isinstance(statement, ast.Return) and statement.value is not None:
                        self.polls |= {(place.name, place.line) for place in reads(statement.value)}


@functools.lru_cache(maxsize=256)
def _of_source(source: str) -> Text:
    return Text(ast.parse(source))


def text_of(file: str) -> Text:
    """The facts of a file that was loaded; none, if it is gone meanwhile."""
    try:
        return _of_source(compile_file(file).source)
    except UsageError:
        return _of_source("")


def _inside(node: ast.AST) -> Iterator[ast.AST]:
    """The node and all below it, without the bodies of functions and classes."""
    yield node
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, _FUNCTIONS):
            yield from _inside(child)


def _containers(tree: ast.AST) -> Iterator[tuple[ast.expr, str, str]]:
    """What a line does something with that looks like the content of a container."""
    for node in ast.walk(tree):
        base: ast.expr | None = None
        method = ""
        if isinstance(node, ast.Subscript):
            base = node.value
        elif isinstance(node, ast.Compare) and isinstance(node.ops[-1], (ast.In, ast.NotIn)):
            base = node.comparators[-1]
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            base, method = node.func.value, node.func.attr
        elif isinstance(node, ast.Call) and len(node.args) == 1:
            base = node.args[0]
        elif isinstance(node, (ast.If, ast.While, ast.Assert)):
            base = node.test.operand if isinstance(node.test, ast.UnaryOp) else node.test
        elif isinstance(node, (ast.For, ast.comprehension)):
            base = node.iter
        if isinstance(base, (ast.Name, ast.Attribute)):
            yield base, base.id if isinstance(base, ast.Name) else base.attr, method


def reads(expression: ast.AST) -> list[Place]:
    """The places that an expression may read."""
    found = []
    for node in _inside(expression):
        if isinstance(node, (ast.Name, ast.Attribute)) and isinstance(node.ctx, ast.Load):
            name = node.id if isinstance(node, ast.Name) else node.attr
            found.append(Place(name, ast.unparse(node), None, node.lineno))
    for node, base, key, _ in _contents(expression):
        found.append(Place(CONTENT, base, key, node.lineno))
    return found


def _contents(expression: ast.AST) -> Iterator[tuple[ast.expr, str, str | None, bool]]:
    """Where the content of a container may be touched: the node, the container, the key, whether it is changed."""
    known: set[int] = set()
    for node in _inside(expression):
        if isinstance(node, ast.Subscript):
            known.add(id(node.value))
            if isinstance(node.ctx, ast.Load):
                yield node, ast.unparse(node.value), ast.unparse(node.slice), False
        elif (
            isinstance(node, ast.Compare)
            and len(node.ops) == 1
            and isinstance(node.ops[0], (ast.In, ast.NotIn))
        ):
            known.add(id(node.comparators[0]))
            yield node, ast.unparse(node.comparators[0]), ast.unparse(node.left), False
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            known |= {id(node.func), id(node.func.value)}
            method = node.func.attr
            key = ast.unparse(node.args[0]) if method in _KEYED_METHODS and node.args else None
            yield node, ast.unparse(node.func.value), key, method not in READING_METHODS
        elif isinstance(node, ast.Call):
            known.add(id(node.func))
        elif isinstance(node, ast.Attribute):
            known.add(id(node.value))
    for node in _inside(expression):
        if (
            isinstance(node, (ast.Name, ast.Attribute))
            and isinstance(node.ctx, ast.Load)
            and id(node) not in known
        ):
            yield node, ast.unparse(node), None, False


def changes(node: ast.AST) -> list[Place]:
    """The places that a statement or an expression may change, those inside its blocks included."""
    found = []
    for each in _inside(node):
        if isinstance(each, (ast.Name, ast.Attribute)) and not isinstance(each.ctx, ast.Load):
            name = each.id if isinstance(each, ast.Name) else each.attr
            found.append(Place(name, ast.unparse(each), None, each.lineno))
        elif isinstance(each, ast.Subscript) and not isinstance(each.ctx, ast.Load):
            found.append(Place(CONTENT, ast.unparse(each.value), ast.unparse(each.slice), each.lineno))
    for each, base, key, changed in _contents(node):
        if changed:
            found.append(Place(CONTENT, base, key, each.lineno))
    return found


class _Function:
    """Walks one function, in the order of its text."""

    def __init__(self, text: Text, body: list[ast.stmt]) -> None:
        self.text = text
        self.origins: dict[str, list[Place]] = {}  # local variable -> what its value was computed from
        self.called_in_polls: set[str] = set()
        written: list[Place] = []
        for statement in body:
            if not isinstance(statement, _FUNCTIONS):
                written += [place for place in changes(statement) if place.name != CONTENT]
        text.written |= set(_twos(written))
        self._block(body, in_loop=False)

    def _block(self, body: list[ast.stmt], *, in_loop: bool) -> None:
        row: list[Place] = []  # what assignments next to each other read
        for index, statement in enumerate(body):
            if isinstance(statement, _FUNCTIONS):
                continue
            self._statement(statement, body[index + 1 :], in_loop=in_loop)
            plain = isinstance(statement, (ast.Assign, ast.AnnAssign)) and statement.value is not None
            row = [*row, *reads(statement.value)] if plain else []  # type: ignore[attr-defined]
            self.text.read |= set(_twos(row))

    def _statement(self, statement: ast.stmt, rest: list[ast.stmt], *, in_loop: bool) -> None:
        if isinstance(statement, ast.AugAssign):
            self._updated([statement.target], self._origins(statement.value), itself=True)
        elif isinstance(statement, (ast.Assign, ast.AnnAssign)) and statement.value is not None:
            targets: list[ast.expr] = (
                list(statement.targets) if isinstance(statement, ast.Assign) else [statement.target]
            )
            self._updated(targets, self._origins(statement.value), itself=False)
        elif isinstance(statement, (ast.For, ast.AsyncFor)):
            self._bind(statement.target, self._origins(statement.iter))
        elif isinstance(statement, (ast.If, ast.While)):
            self._tested(statement, rest, in_loop=in_loop)
        looping = isinstance(statement, ast.While)
        for name, value in ast.iter_fields(statement):
            if isinstance(value, list) and value and isinstance(value[0], ast.stmt):
                self._block(value, in_loop=looping and name == "body")
            elif isinstance(value, list):
                for part in value:
                    if isinstance(part, (ast.ExceptHandler, ast.match_case)):
                        self._block(part.body, in_loop=False)
                    elif isinstance(part, ast.expr):
                        self._expression(part, paired=True)
            elif isinstance(value, ast.expr):
                self._expression(value, paired=not looping)

    def _expression(self, expression: ast.expr, *, paired: bool) -> None:
        for node in _inside(expression):
            if isinstance(node, ast.NamedExpr):
                self._bind(node.target, self._origins(node.value))
            elif isinstance(node, ast.IfExp):
                links = [*changes(node.body), *changes(node.orelse)]
                self.text.tests |= set(_links(self._origins(node.test), links))
        if paired:
            for operand in _operands(expression):
                self.text.read |= set(_twos(reads(operand)))

    def _origins(self, expression: ast.expr) -> list[Place]:
        """What an expression reads, and what the local variables in it were computed from."""
        found = reads(expression)
        return found + [origin for place in found for origin in self.origins.get(place.text, ())]

    def _bind(self, target: ast.expr, origins: list[Place]) -> None:
        for node in _inside(target):
            if isinstance(node, ast.Name):
                known = self.origins.setdefault(node.id, [])
                known += [place for place in origins if place not in known]

    def _updated(self, targets: list[ast.expr], origins: list[Place], *, itself: bool) -> None:
        for target in targets:
            for place in changes(target):
                same = [origin for origin in origins if origin.is_that_of(place) and origin.key == place.key]
                self.text.updates |= {Link(place.name, origin.line, place.line) for origin in same}
                if itself:
                    self.text.updates.add(Link(place.name, place.line, place.line))
            self._bind(target, origins)

    def _tested(self, statement: ast.If | ast.While, rest: list[ast.stmt], *, in_loop: bool) -> None:
        tested = self._origins(statement.test)
        inside = [place for part in (*statement.body, *statement.orelse) for place in changes(part)]
        behind = [place for part in rest for place in changes(part)]
        leaves = isinstance(statement.body[-1], _LEAVES)
        if isinstance(statement, ast.If) and leaves:
            inside += behind
        self.text.tests |= set(_links(tested, inside))
        if isinstance(statement, ast.While):
            self.text.claims |= set(_links(tested, behind))
        elif not leaves:  # `if not items: wait()` and then `items.pop()`
            contents = [place for place in tested if place.name == CONTENT]
            self.text.claims |= set(_links(contents, behind))
        if isinstance(statement, ast.While) or (in_loop and leaves):
            self.text.polls |= {(place.name, place.line) for place in reads(statement.test)}
            for node in _inside(statement.test):
                if isinstance(node, ast.Call):
                    function = node.func
                    name = (
                        function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
                    )
                    self.called_in_polls.add(name)


def _links(tested: Iterable[Place], changed: Iterable[Place]) -> Iterator[Link]:
    for test, change in itertools.product(tested, changed):
        if test.is_that_of(change):
            yield Link(test.name, test.line, change.line)


def _operands(expression: ast.expr) -> list[ast.expr]:
    """The parts of a condition that are looked at one after the other."""
    if isinstance(expression, ast.BoolOp):
        return [operand for value in expression.values for operand in _operands(value)]
    if isinstance(expression, ast.UnaryOp):
        return _operands(expression.operand)
    return [expression]


def _twos(places: list[Place]) -> Iterator[Two]:
    """Every two fields of one object, or two variables, among the places."""
    single = [place for place in places if place.name != CONTENT]
    for one, other in itertools.combinations(single, 2):
        if one.name != other.name and one.text.rpartition(".")[0] == other.text.rpartition(".")[0]:
            first, second = sorted(((one.name, one.line), (other.name, other.line)))
            yield first, second
