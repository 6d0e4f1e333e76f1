"""Rewrite a module so that every access to state that other threads can see is announced first.

The tree keeps its line numbers, so tracebacks and debuggers show the original
text. Evaluation order is CPython's. What each hook does is in `hooks.py`.
"""

import ast
from collections.abc import Sequence
from typing import Any, TypeVar

from concur.check.scopes import Scope, scopes_of

_Node = TypeVar("_Node", bound=ast.AST)

_SIGNS: dict[type[ast.AST], str] = {
    ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=",
    ast.Is: "is", ast.IsNot: "is not", ast.In: "in", ast.NotIn: "not in",
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.FloorDiv: "//", ast.Mod: "%", ast.Pow: "**",
    ast.MatMult: "@", ast.BitAnd: "&", ast.BitOr: "|", ast.BitXor: "^", ast.LShift: "<<", ast.RShift: ">>",
}  # fmt: skip
_REFLECTION = frozenset(("globals", "locals", "eval", "exec"))


def rewrite(source: str, file: str) -> tuple[ast.Module, frozenset[str]]:
    """The rewritten tree, and the global names whose accesses it announces.

    Raises:
        SyntaxError: the source is not Python.
    """
    tree = ast.parse(source, file)
    scopes = scopes_of(tree)
    rewriter = _Rewriter(file, source, scopes)
    tree.body = rewriter.block(tree.body)
    return ast.fix_missing_locations(tree), frozenset(scopes[id(tree)].shared)


def _hook(name: str, *args: ast.expr) -> ast.Call:
    return ast.Call(ast.Name(f"_cc_{name}", ast.Load()), list(args), [])


def _constant(value: Any) -> ast.Constant:
    return ast.Constant(value)


def _load(name: str) -> ast.Name:
    return ast.Name(name, ast.Load())


def _is_number(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, (int, float))


def _suspends(node: ast.AST) -> bool:
    return any(isinstance(part, (ast.Yield, ast.YieldFrom, ast.Await, ast.NamedExpr)) for part in ast.walk(node))


class _Rewriter(ast.NodeTransformer):
    def __init__(self, file: str, source: str, scopes: dict[int, Scope]) -> None:
        self.file = file
        self.source = source
        self.scopes = scopes
        self.scope = next(scope for scope in scopes.values() if scope.kind == "module")
        self.classes: list[str] = []
        self.temporaries = 0

    # Helpers

    def site(self, node: ast.AST) -> ast.Constant:
        return ast.Constant((self.file, getattr(node, "lineno", 0)))

    def temporary(self) -> str:
        self.temporaries += 1
        return f"_cc_t{self.temporaries}"

    def place(self, name: str) -> str | None:
        """The location of a variable that threads share, or None."""
        owner = self.scope.owner(name)
        if owner is None or name not in owner.shared:
            return None
        path = owner.path.lstrip(".")
        return f"{self.file}:{path + '.' if path else ''}{name}"

    def mangled(self, name: str) -> str:
        if name.startswith("__") and not name.endswith("__") and self.classes:
            stripped = self.classes[-1].lstrip("_")
            return f"_{stripped}{name}" if stripped else name
        return name

    def expr(self, node: ast.expr) -> ast.expr:
        result = self.visit(node)
        assert isinstance(result, ast.expr)
        return result

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
            ast.Expr(_hook("tick", _constant(self.file), _constant(getattr(node, "lineno", 0)))), node
        )

    # Scopes

    def _enter(self, node: ast.AST) -> Scope:
        outer, self.scope = self.scope, self.scopes[id(node)]
        return outer

    def _arguments(self, arguments: ast.arguments) -> None:
        arguments.defaults = [self.expr(default) for default in arguments.defaults]
        arguments.kw_defaults = [None if default is None else self.expr(default) for default in arguments.kw_defaults]

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

    def visit_Lambda(self, node: ast.Lambda) -> ast.Lambda:
        self._arguments(node.args)
        outer = self._enter(node)
        node.body = self.expr(node.body)
        self.scope = outer
        return node

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

    def _comprehension(self, node: Any) -> Any:
        first = node.generators[0].iter
        node.generators[0].iter = first = self.expr(first)
        outer = self._enter(node)
        for index, generator in enumerate(node.generators):
            iterable = first if index == 0 else self.expr(generator.iter)
            if not generator.is_async:
                names = [part.id for part in ast.walk(generator.target) if isinstance(part, ast.Name)]
                places = [place for place in map(self.place, names) if place is not None]
                if places:
                    generator.iter = _hook("loop", iterable, _constant(tuple(places)), self.site(generator.target))
                else:
                    generator.iter = _hook("iter", iterable, self.site(generator.target))
            generator.ifs = [self.test(condition) for condition in generator.ifs]
        if isinstance(node, ast.DictComp):
            node.key, node.value = self.expr(node.key), self.expr(node.value)
        else:
            node.elt = self.expr(node.elt)
        self.scope = outer
        return node

    visit_ListComp = visit_SetComp = visit_GeneratorExp = visit_DictComp = _comprehension

    # Expressions

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if isinstance(node.ctx, ast.Load):
            place = self.place(node.id)
            if place is not None:
                either = ast.BoolOp(ast.Or(), [_hook("name", _constant(place), self.site(node)), node])
                return ast.copy_location(_hook("value", either), node)
        return node

    def _is_super(self, node: ast.expr) -> bool:
        return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "super"

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        if self._is_super(node.value):
            return node
        value = self.expr(node.value)
        return ast.copy_location(_hook("attr", value, _constant(self.mangled(node.attr)), self.site(node)), node)

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        return ast.copy_location(_hook("item", self.expr(node.value), self.key(node.slice), self.site(node)), node)

    def key(self, node: ast.expr) -> ast.expr:
        if isinstance(node, ast.Slice):
            parts = [_constant(None) if part is None else self.expr(part) for part in (node.lower, node.upper, node.step)]
            return ast.copy_location(_hook("slice", *parts), node)
        if isinstance(node, ast.Tuple) and any(isinstance(element, ast.Slice) for element in node.elts):
            return ast.copy_location(ast.Tuple([self.key(element) for element in node.elts], ast.Load()), node)
        return self.expr(node)

    def visit_Starred(self, node: ast.Starred) -> ast.expr:
        node.value = _hook("unpack", self.expr(node.value), self.site(node))
        return node

    def visit_Dict(self, node: ast.Dict) -> ast.expr:
        keys: list[ast.expr | None] = []
        values: list[ast.expr] = []
        for key, value in zip(node.keys, node.values, strict=True):
            keys.append(None if key is None else self.expr(key))
            visited = self.expr(value)
            values.append(_hook("unpack", visited, self.site(value)) if key is None else visited)
        node.keys, node.values = keys, values
        return node

    def visit_Call(self, node: ast.Call) -> ast.expr:
        if self._is_super(node) and not node.args:
            return node
        function = node.func
        site = self.site(node)
        called: ast.expr
        if isinstance(function, ast.Attribute) and not self._is_super(function.value):
            called = _hook("method", self.expr(function.value), _constant(self.mangled(function.attr)), site)
        elif isinstance(function, ast.Name) and function.id in _REFLECTION:
            called = ast.BoolOp(ast.Or(), [_hook("reflect", _constant(function.id), site), function])
        elif isinstance(function, ast.Name) and function.id in ("super", "isinstance", "issubclass", "type"):
            called = function
        else:
            called = _hook("call", self.expr(function), site)
        ast.copy_location(called, function)
        node.func = called
        node.args = [self.expr(argument) for argument in node.args]
        for keyword in node.keywords:
            value = self.expr(keyword.value)
            keyword.value = _hook("unpack", value, site) if keyword.arg is None else value
        return node

    def visit_Compare(self, node: ast.Compare) -> ast.expr:
        signs = [_SIGNS[type(sign)] for sign in node.ops]
        sides = [node.left, *node.comparators]
        plain = all(self._plain_comparison(left, sign, right) for left, sign, right in zip(sides, signs, sides[1:], strict=False))
        if plain or self.scope.kind == "class" or (len(signs) > 1 and _suspends(node)):
            return self._visit_children(node)
        if len(signs) == 1:
            return ast.copy_location(
                _hook("binary", self.expr(node.left), self.expr(node.comparators[0]), _constant(signs[0]), self.site(node)),
                node,
            )
        links: list[ast.expr] = []
        for sign, side in zip(signs, node.comparators, strict=True):
            empty = ast.arguments([], [], None, [], [], None, [])
            links.append(ast.Tuple([_constant(sign), ast.Lambda(empty, self.expr(side))], ast.Load()))
        return ast.copy_location(_hook("chain", self.site(node), self.expr(node.left), *links), node)

    def _plain_comparison(self, left: ast.expr, sign: str, right: ast.expr) -> bool:
        if sign in ("is", "is not"):
            return True
        if sign in ("in", "not in"):
            return isinstance(right, ast.Constant) or (
                isinstance(right, ast.Tuple) and all(isinstance(element, ast.Constant) for element in right.elts)
            )
        return isinstance(left, ast.Constant) or isinstance(right, ast.Constant)

    def _visit_children(self, node: _Node) -> _Node:
        self.generic_visit(node)
        return node

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        sign = _SIGNS[type(node.op)]
        left, right = self.expr(node.left), self.expr(node.right)
        if (_is_number(left) or _is_number(right)) and sign not in ("*", "%"):
            node.left, node.right = left, right
            return node
        return ast.copy_location(_hook("binary", left, right, _constant(sign), self.site(node)), node)

    def test(self, node: ast.expr) -> ast.expr:
        """An expression whose truth is asked for."""
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            node.operand = self.test(node.operand)
            return node
        if isinstance(node, ast.BoolOp):
            node.values = [self.test(value) for value in node.values]
            return node
        if isinstance(node, (ast.Compare, ast.Constant)):
            return self.expr(node)
        return ast.copy_location(_hook("truth", self.expr(node), self.site(node)), node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.expr:
        return self.test(node) if isinstance(node.op, ast.Not) else self._visit_children(node)

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.expr:
        node.values = [*(self.test(value) for value in node.values[:-1]), self.expr(node.values[-1])]
        return node

    def visit_IfExp(self, node: ast.IfExp) -> ast.expr:
        node.test, node.body, node.orelse = self.test(node.test), self.expr(node.body), self.expr(node.orelse)
        return node

    def visit_NamedExpr(self, node: ast.NamedExpr) -> ast.expr:
        node.value = self.bound(node.target.id, self.expr(node.value), node)
        return node

    def visit_FormattedValue(self, node: ast.FormattedValue) -> ast.expr:
        node.value = _hook("look", self.expr(node.value), self.site(node))
        if node.format_spec is not None:
            node.format_spec = self.expr(node.format_spec)
        return node

    def visit_YieldFrom(self, node: ast.YieldFrom) -> ast.expr:
        delegate = _hook("iter", self.expr(node.value), self.site(node))
        delegate.keywords = [ast.keyword("delegate", _constant(True))]
        node.value = delegate
        return node

    # Stores

    def bound(self, name: str, value: ast.expr, node: ast.AST) -> ast.expr:
        place = self.place(name)
        return value if place is None else _hook("bind", value, _constant(place), self.site(node))

    def announce_binding(self, name: str, node: ast.AST) -> list[ast.stmt]:
        place = self.place(name)
        return [] if place is None else [ast.Expr(_hook("bind", _constant(None), _constant(place), self.site(node)))]

    def is_simple(self, target: ast.expr) -> bool:
        return isinstance(target, ast.Name) and self.place(target.id) is None

    def store(self, target: ast.expr, value: ast.expr, done: list[ast.stmt]) -> None:
        """Append statements that store an expression, already rewritten, in a target, not yet rewritten."""
        site = self.site(target)
        if isinstance(target, ast.Name):
            done.append(ast.Assign([target], self.bound(target.id, value, target)))
        elif isinstance(target, ast.Attribute):
            name = _constant(self.mangled(target.attr))
            if self._is_super(target.value):
                done.append(ast.Assign([target], value))
            else:
                done.append(ast.Expr(_hook("store", value, self.expr(target.value), name, site)))
        elif isinstance(target, ast.Subscript):
            done.append(ast.Expr(_hook("setitem", value, self.expr(target.value), self.key(target.slice), site)))
        else:
            assert isinstance(target, (ast.Tuple, ast.List))
            later: list[tuple[ast.expr, str]] = []
            for index, element in enumerate(target.elts):
                inner = element.value if isinstance(element, ast.Starred) else element
                if not self.is_simple(inner):
                    name_of_it = self.temporary()
                    later.append((inner, name_of_it))
                    fresh = ast.Name(name_of_it, ast.Store())
                    target.elts[index] = ast.Starred(fresh, ast.Store()) if isinstance(element, ast.Starred) else fresh
            done.append(ast.Assign([target], _hook("unpack", value, site)))
            for inner, name_of_it in later:
                self.store(inner, _load(name_of_it), done)

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
                self.store(target, _load(name), done)
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
        sign = _constant(_SIGNS[type(node.op)] + "=")
        if self.scope.kind == "class":
            node.value = self.expr(node.value)
            return [node]
        if isinstance(target, ast.Name):
            old = self.visit_Name(ast.Name(target.id, ast.Load(), lineno=node.lineno, col_offset=node.col_offset))
            new = _hook("inplace", old, self.expr(node.value), sign, site)
            return [ast.Assign([target], self.bound(target.id, new, node))]
        done: list[ast.stmt] = []
        owner, value = self.temporary(), self.temporary()
        done.append(ast.Assign([ast.Name(owner, ast.Store())], self.expr(target.value)))
        reading: tuple[ast.expr, ...]
        if isinstance(target, ast.Attribute):
            reading = (_load(owner), _constant(self.mangled(target.attr)), site)
            load, save = "attr", "store"
        else:
            key = self.temporary()
            done.append(ast.Assign([ast.Name(key, ast.Store())], self.key(target.slice)))
            reading = (_load(owner), _load(key), site)
            load, save = "item", "setitem"
        done.append(ast.Assign([ast.Name(value, ast.Store())], _hook(load, *reading)))
        new = _hook("inplace", _load(value), self.expr(node.value), sign, site)
        done.append(ast.Expr(_hook(save, new, *reading)))
        return done

    def visit_Delete(self, node: ast.Delete) -> list[ast.stmt]:
        done: list[ast.stmt] = []
        for target in node.targets:
            site = self.site(target)
            if isinstance(target, ast.Attribute):
                name = _constant(self.mangled(target.attr))
                done.append(ast.Expr(_hook("delete", self.expr(target.value), name, site)))
            elif isinstance(target, ast.Subscript):
                done.append(ast.Expr(_hook("delitem", self.expr(target.value), self.key(target.slice), site)))
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
        self.store(target, _load(name), first)
        for statement in first:
            ast.copy_location(statement, target)
        return ast.copy_location(ast.Name(name, ast.Store()), target)

    def _for(self, node: ast.For | ast.AsyncFor) -> ast.stmt:
        iterable = self.expr(node.iter)
        first: list[ast.stmt] = []
        node.target = self.target_of_block(node.target, first)
        node.iter = iterable if isinstance(node, ast.AsyncFor) else _hook("iter", iterable, self.site(node))
        node.body = [self.tick(node), *first, *self.block(node.body)]
        node.orelse = self.block(node.orelse)
        return node

    visit_For = visit_AsyncFor = _for

    def visit_While(self, node: ast.While) -> ast.stmt:
        node.test = self.test(node.test)
        node.body = [self.tick(node), *self.block(node.body)]
        node.orelse = self.block(node.orelse)
        return node

    def visit_If(self, node: ast.If) -> ast.stmt:
        node.test, node.body, node.orelse = self.test(node.test), self.block(node.body), self.block(node.orelse)
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

    def visit_Try(self, node: ast.Try) -> ast.stmt:
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

    visit_TryStar = visit_Try

    def visit_Match(self, node: ast.Match) -> ast.stmt:
        node.subject = _hook("match", self.expr(node.subject), self.site(node))
        for case in node.cases:
            if case.guard is not None:
                case.guard = self.test(case.guard)
            case.body = self.block(case.body)
        return node

    def visit_Assert(self, node: ast.Assert) -> list[ast.stmt] | ast.stmt:
        test = node.test
        if node.msg is None and isinstance(test, ast.Compare) and len(test.ops) == 1 and self.scope.kind != "class":
            text = ast.get_source_segment(self.source, test) or ast.unparse(test)
            sign = _constant(_SIGNS[type(test.ops[0])])
            left, right = self.temporary(), self.temporary()
            message = _hook("failed", _constant(" ".join(text.split())), _load(left), sign, _load(right))
            return [
                ast.Assign([ast.Name(left, ast.Store())], self.expr(test.left)),
                ast.Assign([ast.Name(right, ast.Store())], self.expr(test.comparators[0])),
                ast.Assert(_hook("binary", _load(left), _load(right), sign, self.site(node)), message),
            ]
        node.test = self.test(test)
        if node.msg is None:
            text = ast.get_source_segment(self.source, test) or ast.unparse(test)
            node.msg = _constant("assert " + " ".join(text.split()))
        else:
            node.msg = self.expr(node.msg)
        return node
