"""The part of the rewriter that knows what an assignment, a loop or a with may bind.

A field or an item stays a target, of a stand-in that announces the store:
``box.n`` becomes ``_cc_field(box, "n", site).value``. So Python itself keeps
the order of evaluation, in every kind of statement. A variable that threads
share has to be announced just before it is bound, so in the middle of a tuple
it is bound to a temporary first.
"""

import ast

from concur.check.rewrite_expressions import SIGNS, Expressions, constant, hook, load


class Targets(Expressions):
    def is_direct(self, target: ast.expr) -> bool:
        """Whether `as_target` can say it: nothing has to happen between the value and the store."""
        return not isinstance(target, (ast.Tuple, ast.List)) and not (
            isinstance(target, ast.Name) and self.place(target.id) is not None
        )

    def as_target(self, target: ast.expr) -> ast.expr:
        """The target, or the stand-in whose store announces itself."""
        site = self.site(target)
        if isinstance(target, ast.Attribute):
            name = constant(self.mangled(target.attr))
            place = hook("field", self.expr(target.value), name, site)
        elif isinstance(target, ast.Subscript):
            place = hook("slot", self.expr(target.value), self.key(target.slice), site)
        else:
            return target
        ast.copy_location(place, target)
        return ast.copy_location(ast.Attribute(place, "value", ast.Store()), target)

    def store(self, target: ast.expr, value: ast.expr, done: list[ast.stmt]) -> None:
        """Append statements that store an expression, already rewritten, in a target, not yet rewritten."""
        if isinstance(target, ast.Name):
            done.append(ast.Assign([target], self.bound(target.id, value, target)))
        elif isinstance(target, (ast.Tuple, ast.List)):
            self._take_apart(target, value, done)
        else:
            done.append(ast.Assign([self.as_target(target)], value))

    def _take_apart(self, target: ast.Tuple | ast.List, value: ast.expr, done: list[ast.stmt]) -> None:
        """Elements up to the first that is not direct are stored at once, the others one by one after it."""
        later: list[tuple[ast.expr, str]] = []
        for index, element in enumerate(target.elts):
            inner = element.value if isinstance(element, ast.Starred) else element
            if not later and self.is_direct(inner):
                new = self.as_target(inner)
            else:
                name = self.temporary()
                later.append((inner, name))
                new = ast.copy_location(ast.Name(name, ast.Store()), inner)
            if isinstance(element, ast.Starred):
                element.value = new
            else:
                target.elts[index] = new
        done.append(ast.Assign([target], hook("unpack", value, self.site(target))))
        for inner, name in later:
            self.store_temporary(inner, name, done)

    def store_temporary(self, target: ast.expr, name: str, done: list[ast.stmt]) -> None:
        """Store what a temporary holds, and let go of the temporary."""
        first = len(done)
        self.store(target, load(name), done)
        done.append(ast.Delete([ast.Name(name, ast.Del())]))
        for statement in done[first:]:
            ast.copy_location(statement, target)

    def target_of_block(self, target: ast.expr, first: list[ast.stmt]) -> ast.expr:
        """A target that a for or a with may bind; what else it stands for is stored by `first`."""
        if self.is_direct(target):
            return self.as_target(target)
        name = self.temporary()
        self.store_temporary(target, name, first)
        return ast.copy_location(ast.Name(name, ast.Store()), target)

    def announce_binding(self, name: str, node: ast.AST) -> list[ast.stmt]:
        place = self.place(name)
        if place is None:
            return []
        return [ast.copy_location(ast.Expr(hook("rebind", constant(place), self.site(node))), node)]

    def announced_last(self, name: str, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> None:
        """Announce the binding of a function or a class when all that makes it has been evaluated."""
        place = self.place(name)
        if place is not None:
            decorator = hook("binder", constant(place), self.site(node))
            ast.copy_location(decorator, node.decorator_list[0] if node.decorator_list else node)
            node.decorator_list.insert(0, decorator)

    # Statements that store

    def visit_Assign(self, node: ast.Assign) -> list[ast.stmt]:
        value = self.expr(node.value)
        done: list[ast.stmt] = []
        if len(node.targets) == 1:
            self.store(node.targets[0], value, done)
        elif all(self.is_direct(target) for target in node.targets):
            done.append(ast.Assign([self.as_target(target) for target in node.targets], value))
        else:
            name = self.temporary()
            done.append(ast.Assign([ast.Name(name, ast.Store())], value))
            for target in node.targets:
                self.store(target, load(name), done)
            done.append(ast.Delete([ast.Name(name, ast.Del())]))
        return done

    def visit_AnnAssign(self, node: ast.AnnAssign) -> list[ast.stmt]:
        node.annotation = self.annotation(node.annotation)
        kept = node.value is None or self.scope.kind != "function" or self.is_direct(node.target)
        if isinstance(node.target, ast.Name) and kept:
            node.value = None if node.value is None else self.expr(node.value)
            return [node]
        done: list[ast.stmt] = []
        if node.value is not None:
            self.store(node.target, self.expr(node.value), done)
        elif isinstance(node.target, ast.Attribute):
            done.append(ast.Expr(self.expr(node.target.value)))
        elif isinstance(node.target, ast.Subscript):
            done.append(
                ast.Expr(ast.Tuple([self.expr(node.target.value), self.key(node.target.slice)], ast.Load()))
            )
        if self.scope.kind in ("class", "module") and not self.future_annotations:
            done.append(ast.Expr(node.annotation))
        return done

    def visit_AugAssign(self, node: ast.AugAssign) -> list[ast.stmt]:
        target, site = node.target, self.site(node)
        sign = constant(SIGNS[type(node.op)] + "=")
        if isinstance(target, ast.Name):
            name = ast.Name(target.id, ast.Load(), lineno=node.lineno, col_offset=node.col_offset)
            new = hook("inplace", self.visit_Name(name), self.expr(node.value), sign, site)
            return [ast.Assign([target], self.bound(target.id, new, node))]
        if isinstance(target, ast.Attribute):
            name_or_key: ast.expr = constant(self.mangled(target.attr))
            owner = self.expr(target.value)
            old = hook("oldfield", owner, name_or_key, site)
        else:
            owner = self.expr(target.value)
            old = hook("oldslot", owner, self.key(target.slice), site)
        return [ast.Expr(hook("augment", old, self.expr(node.value), sign, site))]

    def visit_Delete(self, node: ast.Delete) -> list[ast.stmt]:
        done: list[ast.stmt] = []
        todo = list(node.targets)
        while todo:
            target = todo.pop(0)
            site = self.site(target)
            if isinstance(target, (ast.Tuple, ast.List)):
                todo[:0] = target.elts
            elif isinstance(target, ast.Attribute):
                name = constant(self.mangled(target.attr))
                done.append(ast.Expr(hook("delete", self.expr(target.value), name, site)))
            elif isinstance(target, ast.Subscript):
                done.append(ast.Expr(hook("delitem", self.expr(target.value), self.key(target.slice), site)))
            else:
                assert isinstance(target, ast.Name)
                done += self.announce_binding(target.id, target)
                done.append(ast.Delete([target]))
        return done or [ast.copy_location(ast.Pass(), node)]

    def _import(self, node: ast.Import | ast.ImportFrom) -> list[ast.stmt]:
        """Each name by a statement of its own if one of them is shared, each announced just before."""
        names = [alias.asname or alias.name.partition(".")[0] for alias in node.names]
        if all(self.place(name) is None for name in names):
            return [node]
        done: list[ast.stmt] = []
        for name, alias in zip(names, node.names, strict=True):
            done += self.announce_binding(name, node)
            if isinstance(node, ast.Import):
                done.append(ast.Import([alias]))
            else:
                done.append(ast.ImportFrom(node.module, [alias], node.level))
        return done

    def visit_Import(self, node: ast.Import) -> list[ast.stmt]:
        return self._import(node)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> list[ast.stmt]:
        return self._import(node)

    def visit_TypeAlias(self, node: ast.stmt) -> list[ast.stmt]:
        """``type X = ...`` of 3.12: its value is evaluated later, in a scope of its own."""
        name = getattr(node, "name")  # noqa: B009  # ast.TypeAlias is not known on 3.11
        return [*self.announce_binding(name.id, node), node]
