"""Rewrite a module so that every access to state that other threads can see is announced first.

The tree keeps its line numbers, so tracebacks and debuggers show the original
text. Evaluation order is CPython's. What each hook does is in `hooks.py`.
"""

import ast
from collections.abc import Sequence

from concur.check.rewrite_expressions import SIGNS, constant, hook, load
from concur.check.rewrite_patterns import Patterns
from concur.check.scopes import names_bound_in, scopes_of


def rewrite(source: str, file: str) -> tuple[ast.Module, frozenset[str]]:
    """The rewritten tree, and the global names whose accesses it announces.

    Raises:
        SyntaxError: the source is not Python.
    """
    tree = ast.parse(source, file)
    scopes = scopes_of(tree)
    rewriter = _Statements(file, source, scopes)
    rewriter.future_annotations = any(
        isinstance(node, ast.ImportFrom)
        and node.module == "__future__"
        and any(alias.name == "annotations" for alias in node.names)
        for node in tree.body
    )
    tree.body = rewriter.block(tree.body)
    return ast.fix_missing_locations(tree), frozenset(scopes[id(tree)].shared)


_SUSPENDING = (ast.Yield, ast.YieldFrom, ast.Await, ast.AsyncFor, ast.AsyncWith)


def _may_be_left(loop: ast.While) -> bool:
    """Whether the function of a loop can be left inside it, and resumed."""
    return any(
        isinstance(part, _SUSPENDING) or (isinstance(part, ast.comprehension) and part.is_async)
        for part in ast.walk(loop)
    )


class _Statements(Patterns):
    def block(self, statements: Sequence[ast.stmt]) -> list[ast.stmt]:
        done: list[ast.stmt] = []
        for statement in statements:
            result = self.visit(statement)
            new = result if isinstance(result, list) else [result]
            for each in new:
                ast.copy_location(each, statement)
            done += new
        return done

    def tick(self, node: ast.AST) -> ast.stmt:
        return ast.copy_location(
            ast.Expr(hook("tick", constant(self.file), constant(getattr(node, "lineno", 0)))), node
        )

    # Scopes

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> ast.stmt:
        node.decorator_list = [self.expr(decorator) for decorator in node.decorator_list]
        self._arguments(node.args)
        if node.returns is not None:
            node.returns = self.annotation(node.returns)
        self.announced_last(node.name, node)
        outer = self._enter(node)
        body = node.body
        head: list[ast.stmt] = []
        if body and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
            head, body = [body[0]], body[1:]
        node.body = [*head, self.tick(node), *self.block(body)]
        self.scope = outer
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.stmt:
        return self._function(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.stmt:
        return self._function(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.stmt:
        node.decorator_list = [self.expr(decorator) for decorator in node.decorator_list]
        node.bases = [self.expr(base) for base in node.bases]
        node.keywords = [ast.keyword(keyword.arg, self.expr(keyword.value)) for keyword in node.keywords]
        self.announced_last(node.name, node)
        outer = self._enter(node)
        self.classes.append(node.name)
        node.body = self.block(node.body)
        self.classes.pop()
        self.scope = outer
        return node

    # Statements with blocks

    def _for(self, node: ast.For | ast.AsyncFor) -> ast.stmt:
        iterable = self.expr(node.iter)
        first: list[ast.stmt] = []
        node.target = self.target_of_block(node.target, first)
        if isinstance(node, ast.For):
            iterable = ast.copy_location(hook("iter", iterable, self.site(node)), iterable)
        else:
            iterable = ast.copy_location(hook("await", iterable, self.site(node)), iterable)
        node.iter = iterable
        node.body = [self.tick(node), *first, *self.block(node.body)]
        node.orelse = self.block(node.orelse)
        return node

    visit_For = visit_AsyncFor = _for

    def visit_While(self, node: ast.While) -> list[ast.stmt]:
        site, before = self.site(node), []
        watched = self.scope.kind == "function" and not _may_be_left(node)
        names = names_bound_in(node) if watched else ()
        node.test = self.test(node.test)
        node.body = self.block(node.body)
        node.orelse = self.block(node.orelse)
        if watched:  # see spin.py
            before = [ast.Expr(hook("enter", constant(names), site))]
            top = ast.copy_location(hook("top", site), node.test)
            node.test = ast.copy_location(ast.BoolOp(ast.And(), [top, node.test]), node.test)
        else:
            node.body.insert(0, self.tick(node))
        return [*before, node]

    def visit_If(self, node: ast.If) -> ast.stmt:
        node.test, node.body, node.orelse = (
            self.test(node.test),
            self.block(node.body),
            self.block(node.orelse),
        )
        return node

    def _with(self, node: ast.With | ast.AsyncWith) -> ast.stmt:
        if len(node.items) > 1:
            inner = type(node)(node.items[1:], node.body)
            node.items, node.body = node.items[:1], [ast.copy_location(inner, node)]
        item = node.items[0]
        item.context_expr = self.expr(item.context_expr)
        manager, kind = item.context_expr, "within" if isinstance(node, ast.With) else "await"
        item.context_expr = ast.copy_location(hook(kind, manager, self.site(manager)), manager)
        first: list[ast.stmt] = []
        if item.optional_vars is not None:
            item.optional_vars = self.target_of_block(item.optional_vars, first)
        node.body = [*first, *self.block(node.body)]
        return node

    visit_With = visit_AsyncWith = _with

    def _try(self, node: ast.Try | ast.TryStar) -> ast.stmt:
        node.body, node.orelse = self.block(node.body), self.block(node.orelse)
        node.finalbody = self.block(node.finalbody)
        for handler in node.handlers:
            if handler.type is not None:
                handler.type = self.expr(handler.type)
            handler.body = self.block(handler.body)
            if handler.name is not None and self.place(handler.name) is not None:
                self._catch_shared(handler, handler.name)
        return node

    visit_Try = visit_TryStar = _try

    def _catch_shared(self, handler: ast.ExceptHandler, name: str) -> None:
        """``except E as name`` binds the name, and unbinds it at the end; both are announced."""
        handler.name = self.temporary()
        bind = ast.Assign([ast.Name(name, ast.Store())], self.bound(name, load(handler.name), handler))
        forget = ast.Assign([ast.Name(name, ast.Store())], constant(None))
        last = [*self.announce_binding(name, handler), forget, ast.Delete([ast.Name(name, ast.Del())])]
        handler.body = [bind, ast.Try(handler.body, [], [], last)]
        for statement in (*handler.body, *last):
            ast.copy_location(statement, handler)

    def visit_Assert(self, node: ast.Assert) -> ast.stmt:
        test = node.test
        text = ast.get_source_segment(self.source, test) or ast.unparse(test)
        text = " ".join(text.split())
        if node.msg is None and isinstance(test, ast.Compare) and len(test.ops) == 1:
            sides = self.expr(test.left), self.expr(test.comparators[0])
            sign = constant(SIGNS[type(test.ops[0])])
            node.test = hook("compared", *sides, sign, self.site(node))
            node.msg = hook("failed", constant(text))
            return node
        node.test = self.test(test)
        node.msg = constant("assert " + text) if node.msg is None else self.expr(node.msg)
        return node
