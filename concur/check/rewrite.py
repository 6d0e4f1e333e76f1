"""Rewrite a module so that every access to state that other threads can see is announced first.

The tree keeps its line numbers, so tracebacks and debuggers show the original
text. Evaluation order is CPython's. What each hook does is in `hooks.py`.
"""

import ast
from collections.abc import Sequence

from concur.check.rewrite_expressions import SIGNS, Expressions, constant, hook, load
from concur.check.scopes import names_bound_in, scopes_of


def rewrite(source: str, file: str) -> tuple[ast.Module, frozenset[str]]:
    """The rewritten tree, and the global names whose accesses it announces.

    Raises:
        SyntaxError: the source is not Python.
    """
    tree = ast.parse(source, file)
    scopes = scopes_of(tree)
    rewriter = _Statements(file, source, scopes)
    tree.body = rewriter.block(tree.body)
    return ast.fix_missing_locations(tree), frozenset(scopes[id(tree)].shared)


_SUSPENDING = (ast.Yield, ast.YieldFrom, ast.Await, ast.AsyncFor, ast.AsyncWith)


def _may_be_left(loop: ast.While) -> bool:
    """Whether the function of a loop can be left inside it, and resumed."""
    return any(
        isinstance(part, _SUSPENDING) or (isinstance(part, ast.comprehension) and part.is_async)
        for part in ast.walk(loop)
    )


class _Statements(Expressions):
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

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> list[ast.stmt]:
        node.decorator_list = [self.expr(decorator) for decorator in node.decorator_list]
        self._arguments(node.args)
        before = self.announce_binding(node.name, node)
        outer = self._enter(node)
        classes, self.classes = self.classes, self.classes
        body = node.body
        head: list[ast.stmt] = []
        if body and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
            head, body = [body[0]], body[1:]
        node.body = [*head, self.tick(node), *self.block(body)]
        self.scope, self.classes = outer, classes
        return [*before, node]

    def visit_FunctionDef(self, node: ast.FunctionDef) -> list[ast.stmt]:
        return self._function(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> list[ast.stmt]:
        return self._function(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> list[ast.stmt]:
        node.decorator_list = [self.expr(decorator) for decorator in node.decorator_list]
        node.bases = [self.expr(base) for base in node.bases]
        node.keywords = [ast.keyword(keyword.arg, self.expr(keyword.value)) for keyword in node.keywords]
        before = self.announce_binding(node.name, node)
        outer = self._enter(node)
        self.classes.append(node.name)
        node.body = self.block(node.body)
        self.classes.pop()
        self.scope = outer
        return [*before, node]

    # Stores

    def announce_binding(self, name: str, node: ast.AST) -> list[ast.stmt]:
        place = self.place(name)
        return [] if place is None else [ast.Expr(hook("rebind", constant(place), self.site(node)))]

    def is_simple(self, target: ast.expr) -> bool:
        return isinstance(target, ast.Name) and self.place(target.id) is None

    def store(self, target: ast.expr, value: ast.expr, done: list[ast.stmt]) -> None:
        """Append statements that store an expression, already rewritten, in a target, not yet rewritten."""
        site = self.site(target)
        if isinstance(target, ast.Name):
            done.append(ast.Assign([target], self.bound(target.id, value, target)))
        elif isinstance(target, ast.Attribute):
            name = constant(self.mangled(target.attr))
            if self._is_super(target.value):
                done.append(ast.Assign([target], value))
            else:
                done.append(ast.Expr(hook("store", value, self.expr(target.value), name, site)))
        elif isinstance(target, ast.Subscript):
            done.append(
                ast.Expr(hook("setitem", value, self.expr(target.value), self.key(target.slice), site))
            )
        else:
            assert isinstance(target, (ast.Tuple, ast.List))
            later: list[tuple[ast.expr, str]] = []
            for index, element in enumerate(target.elts):
                inner = element.value if isinstance(element, ast.Starred) else element
                if not self.is_simple(inner):
                    name_of_it = self.temporary()
                    later.append((inner, name_of_it))
                    fresh = ast.Name(name_of_it, ast.Store())
                    target.elts[index] = (
                        ast.Starred(fresh, ast.Store()) if isinstance(element, ast.Starred) else fresh
                    )
            done.append(ast.Assign([target], hook("unpack", value, site)))
            for inner, name_of_it in later:
                self.store(inner, load(name_of_it), done)

    def visit_Assign(self, node: ast.Assign) -> list[ast.stmt]:
        value = self.expr(node.value)
        if self.scope.kind == "class":
            node.value = value
            return [node]
        done: list[ast.stmt] = []
        if len(node.targets) == 1:
            self.store(node.targets[0], value, done)
        else:
            name = self.temporary()
            done.append(ast.Assign([ast.Name(name, ast.Store())], value))
            for target in node.targets:
                self.store(target, load(name), done)
        return done

    def visit_AnnAssign(self, node: ast.AnnAssign) -> list[ast.stmt]:
        if node.value is None:
            return [node]
        if self.scope.kind in ("class", "module") and isinstance(node.target, ast.Name):
            node.value = self.expr(node.value)
            return [node]
        done: list[ast.stmt] = []
        self.store(node.target, self.expr(node.value), done)
        return done

    def visit_AugAssign(self, node: ast.AugAssign) -> list[ast.stmt]:
        target, site = node.target, self.site(node)
        sign = constant(SIGNS[type(node.op)] + "=")
        if self.scope.kind == "class":
            node.value = self.expr(node.value)
            return [node]
        if isinstance(target, ast.Name):
            old = self.visit_Name(
                ast.Name(target.id, ast.Load(), lineno=node.lineno, col_offset=node.col_offset)
            )
            new = hook("inplace", old, self.expr(node.value), sign, site)
            return [ast.Assign([target], self.bound(target.id, new, node))]
        done: list[ast.stmt] = []
        owner, value = self.temporary(), self.temporary()
        done.append(ast.Assign([ast.Name(owner, ast.Store())], self.expr(target.value)))
        reading: tuple[ast.expr, ...]
        if isinstance(target, ast.Attribute):
            reading = (load(owner), constant(self.mangled(target.attr)), site)
            loading, saving = "attr", "store"
        else:
            key = self.temporary()
            done.append(ast.Assign([ast.Name(key, ast.Store())], self.key(target.slice)))
            reading = (load(owner), load(key), site)
            loading, saving = "item", "setitem"
        done.append(ast.Assign([ast.Name(value, ast.Store())], hook(loading, *reading)))
        new = hook("inplace", load(value), self.expr(node.value), sign, site)
        done.append(ast.Expr(hook(saving, new, *reading)))
        return done

    def visit_Delete(self, node: ast.Delete) -> list[ast.stmt]:
        done: list[ast.stmt] = []
        for target in node.targets:
            site = self.site(target)
            if isinstance(target, ast.Attribute):
                name = constant(self.mangled(target.attr))
                done.append(ast.Expr(hook("delete", self.expr(target.value), name, site)))
            elif isinstance(target, ast.Subscript):
                done.append(ast.Expr(hook("delitem", self.expr(target.value), self.key(target.slice), site)))
            else:
                if isinstance(target, ast.Name):
                    done += self.announce_binding(target.id, target)
                done.append(ast.Delete([target]))
        return done

    def _import(self, node: ast.Import | ast.ImportFrom) -> list[ast.stmt]:
        before: list[ast.stmt] = []
        for alias in node.names:
            before += self.announce_binding(alias.asname or alias.name.partition(".")[0], node)
        return [*before, node]

    def visit_Import(self, node: ast.Import) -> list[ast.stmt]:
        return self._import(node)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> list[ast.stmt]:
        return self._import(node)

    # Statements with blocks

    def target_of_block(self, target: ast.expr, first: list[ast.stmt]) -> ast.expr:
        """A target that a for or a with may bind; what it stands for is stored by `first`."""
        if self.is_simple(target):
            return target
        name = self.temporary()
        self.store(target, load(name), first)
        for statement in first:
            ast.copy_location(statement, target)
        return ast.copy_location(ast.Name(name, ast.Store()), target)

    def _for(self, node: ast.For | ast.AsyncFor) -> ast.stmt:
        iterable = self.expr(node.iter)
        first: list[ast.stmt] = []
        node.target = self.target_of_block(node.target, first)
        node.iter = iterable if isinstance(node, ast.AsyncFor) else hook("iter", iterable, self.site(node))
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
            loop = self.temporary()
            before = [ast.Assign([ast.Name(loop, ast.Store())], hook("enter", constant(names), site))]
            top = ast.copy_location(hook("top", load(loop)), node.test)
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
            before = self.announce_binding(handler.name, handler) if handler.name else []
            for statement in before:
                ast.copy_location(statement, handler)
            handler.body = [*before, *self.block(handler.body)]
        return node

    visit_Try = visit_TryStar = _try

    def visit_Match(self, node: ast.Match) -> ast.stmt:
        node.subject = hook("match", self.expr(node.subject), self.site(node))
        for case in node.cases:
            if case.guard is not None:
                case.guard = self.test(case.guard)
            case.body = self.block(case.body)
        return node

    def visit_Assert(self, node: ast.Assert) -> list[ast.stmt] | ast.stmt:
        test = node.test
        if (
            node.msg is None
            and isinstance(test, ast.Compare)
            and len(test.ops) == 1
            and self.scope.kind != "class"
        ):
            text = ast.get_source_segment(self.source, test) or ast.unparse(test)
            sign = constant(SIGNS[type(test.ops[0])])
            left, right = self.temporary(), self.temporary()
            message = hook("failed", constant(" ".join(text.split())), load(left), sign, load(right))
            return [
                ast.Assign([ast.Name(left, ast.Store())], self.expr(test.left)),
                ast.Assign([ast.Name(right, ast.Store())], self.expr(test.comparators[0])),
                ast.Assert(hook("binary", load(left), load(right), sign, self.site(node)), message),
            ]
        node.test = self.test(test)
        if node.msg is None:
            text = ast.get_source_segment(self.source, test) or ast.unparse(test)
            node.msg = constant("assert " + " ".join(text.split()))
        else:
            node.msg = self.expr(node.msg)
        return node
