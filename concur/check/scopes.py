"""Which variables several threads can share: some globals, and some captured by inner functions.

A global is shared when a function declares it ``global`` and binds it: all
other globals are constant once the module is loaded. A local variable is
shared when an inner function captures it, unless it is bound once, before that
function is made and outside a loop: then it is constant as well.
"""

import ast
import dataclasses
from collections.abc import Iterator


@dataclasses.dataclass(slots=True)
class Scope:
    """A module, a function, a class or a comprehension, with the names that it binds."""

    kind: str
    name: str
    parent: "Scope | None"
    made_at: int  # the position in the source order at which it comes to life
    in_loop: bool = False
    bindings: dict[str, list[tuple[int, bool]]] = dataclasses.field(
        default_factory=dict
    )  # position, in a loop
    global_names: set[str] = dataclasses.field(default_factory=set)
    nonlocal_names: set[str] = dataclasses.field(default_factory=set)
    used: set[str] = dataclasses.field(default_factory=set)
    children: "list[Scope]" = dataclasses.field(default_factory=list)
    shared: set[str] = dataclasses.field(default_factory=set)

    def owner(self, name: str) -> "Scope | None":
        """The scope whose variable `name` means here; None for a built-in."""
        if name in self.global_names:
            return self.module()
        if name in self.bindings and name not in self.nonlocal_names:
            return self
        scope = self.parent
        while scope is not None:
            if scope.kind != "class" and (
                scope.kind == "module"
                or (name in scope.bindings and name not in scope.nonlocal_names | scope.global_names)
            ):
                return scope if name in scope.bindings or scope.kind == "module" else None
            if scope.kind != "class" and name in scope.global_names:
                return self.module()
            scope = scope.parent
        return None

    def module(self) -> "Scope":
        scope = self
        while scope.parent is not None:
            scope = scope.parent
        return scope

    def walk(self) -> "Iterator[Scope]":
        yield self
        for child in self.children:
            yield from child.walk()

    @property
    def path(self) -> str:
        return self.name if self.parent is None else f"{self.parent.path}.{self.name}"


def arguments_of(arguments: ast.arguments) -> list[ast.arg]:
    """Every parameter, of whatever kind."""
    found = [
        *arguments.posonlyargs,
        *arguments.args,
        *arguments.kwonlyargs,
        arguments.vararg,
        arguments.kwarg,
    ]
    return [argument for argument in found if argument is not None]


class _Collector(ast.NodeVisitor):
    def __init__(self) -> None:
        self.module = Scope("module", "", None, 0)
        self.scope = self.module
        self.position = 0
        self.loops = 0
        self.scopes: dict[int, Scope] = {}

    def visit(self, node: ast.AST) -> None:
        self.position += 1
        super().visit(node)

    def bind(self, name: str, scope: Scope | None = None) -> None:
        (scope or self.scope).bindings.setdefault(name, []).append((self.position, self.loops > 0))

    def inside(self, node: ast.AST, kind: str, name: str) -> Scope:
        scope = Scope(kind, name, self.scope, self.position, self.loops > 0)
        self.scope.children.append(scope)
        self.scopes[id(node)] = scope
        return scope

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda, name: str) -> None:
        arguments = node.args
        for decorator in getattr(node, "decorator_list", []):
            self.visit(decorator)
        for default in [*arguments.defaults, *(d for d in arguments.kw_defaults if d is not None)]:
            self.visit(default)
        for part in [*(a.annotation for a in arguments_of(arguments)), getattr(node, "returns", None)]:
            if part is not None:
                self.visit(part)
        if not isinstance(node, ast.Lambda) and not node.decorator_list:
            self.bind(name)
        outer, loops = self.scope, self.loops
        self.scope, self.loops = self.inside(node, "function", name), 0
        for argument in arguments_of(arguments):
            self.bind(argument.arg)
        for child in [node.body] if isinstance(node, ast.Lambda) else node.body:
            self.visit(child)
        self.scope, self.loops = outer, loops
        if not isinstance(node, ast.Lambda) and node.decorator_list:
            self.position += 1
            self.bind(name)  # a decorator may have called it before

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self._function(node, node.name)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        self._function(node, node.name)

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self._function(node, "<lambda>")

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        for child in [*node.decorator_list, *node.bases, *node.keywords]:
            self.visit(child)
        outer, loops = self.scope, self.loops
        self.scope, self.loops = self.inside(node, "class", node.name), 0
        for child in node.body:
            self.visit(child)
        self.scope, self.loops = outer, loops
        self.position += 1
        self.bind(node.name)

    def _assignment(self, node: ast.Assign | ast.AnnAssign | ast.AugAssign) -> None:
        """The value is there before the variable is bound."""
        if isinstance(node, ast.AnnAssign):
            self.visit(node.annotation)
        if node.value is not None:
            self.visit(node.value)
        for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
            self.visit(target)

    visit_Assign = visit_AnnAssign = visit_AugAssign = _assignment

    def _comprehension(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp) -> None:
        self.visit(node.generators[0].iter)
        outer, loops = self.scope, self.loops
        kind = "function" if isinstance(node, ast.GeneratorExp) else "comprehension"
        self.scope, self.loops = self.inside(node, kind, "<comprehension>"), 1
        for index, generator in enumerate(node.generators):
            if index:
                self.visit(generator.iter)
            self.visit(generator.target)
            for condition in generator.ifs:
                self.visit(condition)
        for part in [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]:
            self.visit(part)
        self.scope, self.loops = outer, loops

    visit_ListComp = visit_SetComp = visit_GeneratorExp = visit_DictComp = _comprehension

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Load):
            self.scope.used.add(node.id)
        else:
            self.bind(node.id)

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        self.visit(node.value)
        scope = self.scope
        while scope.name == "<comprehension>" and scope.parent is not None:
            scope.used.add(node.target.id)  # a generator expression may run when its maker does not
            scope = scope.parent
        self.bind(node.target.id, scope)

    def _loop(self, node: ast.For | ast.AsyncFor | ast.While) -> None:
        if isinstance(node, ast.While):
            self.loops += 1
            self.visit(node.test)
        else:
            self.visit(node.iter)
            self.loops += 1
            self.visit(node.target)
        for child in node.body:
            self.visit(child)
        self.loops -= 1
        for child in node.orelse:
            self.visit(child)

    visit_For = visit_AsyncFor = visit_While = _loop

    def visit_Global(self, node: ast.Global) -> None:
        self.scope.global_names.update(node.names)

    def visit_Nonlocal(self, node: ast.Nonlocal) -> None:
        self.scope.nonlocal_names.update(node.names)

    def _import(self, node: ast.Import | ast.ImportFrom) -> None:
        for alias in node.names:
            self.bind(alias.asname or alias.name.partition(".")[0])

    visit_Import = visit_ImportFrom = _import

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        if node.type is not None:
            self.visit(node.type)
        if node.name:
            self.bind(node.name)
        for child in node.body:
            self.visit(child)
        if node.name:
            self.position += 1
            self.bind(node.name)  # it is unbound at the end of the handler

    def visit_MatchAs(self, node: ast.MatchAs) -> None:
        if node.name:
            self.bind(node.name)
        self.generic_visit(node)

    def visit_MatchStar(self, node: ast.MatchStar) -> None:
        if node.name:
            self.bind(node.name)

    def visit_MatchMapping(self, node: ast.MatchMapping) -> None:
        if node.rest:
            self.bind(node.rest)
        self.generic_visit(node)


class _Bound(ast.NodeVisitor):
    """Collects the names that statements bind in their own scope, and perhaps a few more."""

    def __init__(self) -> None:
        self.names: set[str] = set()

    def visit_Name(self, node: ast.Name) -> None:
        if not isinstance(node.ctx, ast.Load):
            self.names.add(node.id)

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> None:
        self.names.add(node.name)

    visit_FunctionDef = visit_AsyncFunctionDef = visit_ClassDef = _function

    def visit_Lambda(self, node: ast.Lambda) -> None:
        """It binds nothing outside itself."""

    def _import(self, node: ast.Import | ast.ImportFrom) -> None:
        self.names.update(alias.asname or alias.name.partition(".")[0] for alias in node.names)

    visit_Import = visit_ImportFrom = _import

    def _named(self, node: ast.ExceptHandler | ast.MatchAs | ast.MatchStar) -> None:
        if node.name:
            self.names.add(node.name)
        self.generic_visit(node)

    visit_ExceptHandler = visit_MatchAs = visit_MatchStar = _named

    def visit_MatchMapping(self, node: ast.MatchMapping) -> None:
        if node.rest:
            self.names.add(node.rest)
        self.generic_visit(node)


def names_bound_in(node: ast.AST) -> tuple[str, ...]:
    """The variables of its scope that a statement may bind."""
    bound = _Bound()
    bound.visit(node)
    return tuple(sorted(bound.names))


def _captures(scope: Scope, owner: Scope) -> bool:
    """Whether code of `scope` may run when the code of `owner` is not: a function lies between."""
    while scope is not owner:
        if scope.kind == "function":
            return True
        assert scope.parent is not None
        scope = scope.parent
    return False


def scopes_of(tree: ast.Module) -> dict[int, Scope]:
    """The scope of each function, class and comprehension, by the id of its node, with its shared names."""
    collector = _Collector()
    for statement in tree.body:
        collector.visit(statement)
    collector.scopes[id(tree)] = module = collector.module
    captured: dict[tuple[int, str], list[Scope]] = {}
    owners: dict[int, Scope] = {}
    for scope in module.walk():
        owners[id(scope)] = scope
        for name in scope.global_names:
            if name in scope.bindings and scope.kind != "module":
                module.shared.add(name)
        for name in scope.used | scope.nonlocal_names:
            owner = scope.owner(name) if name not in scope.nonlocal_names else _nonlocal_owner(scope, name)
            if owner is not None and owner.kind in ("function", "comprehension") and _captures(scope, owner):
                captured.setdefault((id(owner), name), []).append(scope)
    for (key, name), scopes in captured.items():
        owner = owners[key]
        bindings = owner.bindings[name]
        rebound = any(name in scope.nonlocal_names and name in scope.bindings for scope in scopes)
        constant = len(bindings) == 1 and not bindings[0][1] and not rebound
        first_capture = min(_outermost(scope, owner).made_at for scope in scopes)
        if not constant or bindings[0][0] > first_capture:
            owner.shared.add(name)
    return collector.scopes


def _nonlocal_owner(scope: Scope, name: str) -> Scope | None:
    outer = scope.parent
    while outer is not None:
        if (
            outer.kind in ("function", "comprehension")
            and name in outer.bindings
            and name not in outer.nonlocal_names
        ):
            return outer
        outer = outer.parent
    return None


def _outermost(scope: Scope, owner: Scope) -> Scope:
    """The child of `owner` through which `scope` captures."""
    while scope.parent is not owner:
        assert scope.parent is not None
        scope = scope.parent
    return scope
