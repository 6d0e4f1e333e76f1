"""The part of the rewriter that knows match statements.

Python runs no code of ours while it compares a subject with a pattern. So what
the patterns of a case read from outside, ``box.limit`` or a shared variable, is
announced in the guard of an empty case before it; and a shared variable that a
pattern captures is captured as a temporary, and bound in the guard.
"""

import ast

from concur.check.rewrite_expressions import constant, hook, load
from concur.check.rewrite_targets import Targets


class Patterns(Targets):
    def visit_Match(self, node: ast.Match) -> ast.stmt:
        node.subject = hook("match", self.expr(node.subject), self.site(node))
        cases: list[ast.match_case] = []
        for case in node.cases:
            looks = [look for value in _values_of(case.pattern) if (look := self._look(value)) is not None]
            if looks:
                before = ast.BoolOp(ast.And(), [*looks, constant(value=False)])
                nothing = ast.copy_location(ast.Pass(), case.pattern)
                cases.append(
                    ast.match_case(ast.copy_location(ast.MatchAs(), case.pattern), before, [nothing])
                )
                ast.copy_location(before, case.pattern)
            bindings = self._captures(case.pattern)
            guard = None if case.guard is None else self.test(case.guard)
            if bindings:
                bound = ast.copy_location(ast.Tuple(bindings, ast.Load()), case.pattern)
                guard = (
                    bound
                    if guard is None
                    else ast.copy_location(ast.BoolOp(ast.And(), [bound, guard]), bound)
                )
            case.guard = guard
            case.body = self.block(case.body)
            cases.append(case)
        node.cases = cases
        return node

    def _look(self, value: ast.expr) -> ast.expr | None:
        """An expression that announces what a pattern is about to read, or None if nobody can change it."""
        names: list[str] = []
        root = value
        while isinstance(root, ast.Attribute):
            names.insert(0, self.mangled(root.attr))
            root = root.value
        if not isinstance(root, ast.Name) or (not names and self.place(root.id) is None):
            return None
        read = self.visit_Name(ast.copy_location(ast.Name(root.id, ast.Load()), root))
        return ast.copy_location(hook("pattern", read, constant(tuple(names)), self.site(value)), value)

    def _captures(self, pattern: ast.pattern) -> list[ast.expr]:
        """Let the pattern capture temporaries in place of shared variables; the expressions that bind those."""
        bindings: list[ast.expr] = []
        temporaries: dict[str, str] = {}  # alternatives capture the same names
        for part in ast.walk(pattern):
            field = "rest" if isinstance(part, ast.MatchMapping) else "name"
            name = getattr(part, field, None)
            if name is None or self.place(name) is None:
                continue
            if name not in temporaries:
                temporaries[name] = self.temporary()
                value = self.bound(name, load(temporaries[name]), part)
                bindings.append(ast.NamedExpr(ast.Name(name, ast.Store()), value))
            setattr(part, field, temporaries[name])
        return bindings


def _values_of(pattern: ast.pattern) -> list[ast.expr]:
    """What a pattern looks up when it is compared: values, keys, classes."""
    found: list[ast.expr] = []
    for part in ast.walk(pattern):
        if isinstance(part, ast.MatchValue):
            found.append(part.value)
        elif isinstance(part, ast.MatchMapping):
            found += part.keys
        elif isinstance(part, ast.MatchClass):
            found.append(part.cls)
    return found
