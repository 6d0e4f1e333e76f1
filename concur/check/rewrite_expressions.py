"""The half of the rewriter that knows expressions; `rewrite.py` has the statements."""

import ast
from collections.abc import Sequence
from typing import Any, TypeVar

from concur.check.scopes import Scope, arguments_of

_Node = TypeVar("_Node", bound=ast.AST)

SIGNS: dict[type[ast.AST], str] = {
    ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=",
    ast.Is: "is", ast.IsNot: "is not", ast.In: "in", ast.NotIn: "not in",
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.FloorDiv: "//", ast.Mod: "%", ast.Pow: "**",
    ast.MatMult: "@", ast.BitAnd: "&", ast.BitOr: "|", ast.BitXor: "^", ast.LShift: "<<", ast.RShift: ">>",
}  # fmt: skip
_REFLECTION = frozenset(("globals", "locals", "eval", "exec"))
_REFLECTION_ALONE = frozenset(("vars", "dir"))  # without an argument


def hook(name: str, *args: ast.expr) -> ast.Call:
    return ast.Call(ast.Name(f"_cc_{name}", ast.Load()), list(args), [])


def constant(value: Any) -> ast.Constant:
    return ast.Constant(value)


def load(name: str) -> ast.Name:
    return ast.Name(name, ast.Load())


def _is_number(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, (int, float))


def _is_constant(node: ast.expr) -> bool:
    """A constant that no container equals, or is looked for in: a bytearray equals bytes."""
    return isinstance(node, ast.Constant) and not isinstance(node.value, bytes)


# Built-in functions that have taken all they want of an iterator when they return.
_CONSUMERS = frozenset(
    ("any", "all", "sum", "min", "max", "list", "tuple", "set", "frozenset", "sorted", "dict")
)


class Expressions(ast.NodeTransformer):
    def __init__(self, file: str, source: str, scopes: dict[int, Scope]) -> None:
        self.file = file
        self.source = source
        self.scopes = scopes
        self.scope = next(scope for scope in scopes.values() if scope.kind == "module")
        self.classes: list[str] = []
        self.temporaries = 0
        self.future_annotations = False

    # Helpers

    def site(self, node: ast.AST) -> ast.Constant:
        return ast.Constant((self.file, getattr(node, "lineno", 0)))  # type: ignore[arg-type]  # compile takes tuples

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

    def visit_Await(self, node: ast.Await) -> ast.Await:
        node.value = ast.copy_location(hook("await", self.expr(node.value), self.site(node)), node.value)
        return node

    # Scopes

    def _enter(self, node: ast.AST) -> Scope:
        outer, self.scope = self.scope, self.scopes[id(node)]
        return outer

    def _arguments(self, arguments: ast.arguments) -> None:
        arguments.defaults = [self.expr(default) for default in arguments.defaults]
        arguments.kw_defaults = [
            None if default is None else self.expr(default) for default in arguments.kw_defaults
        ]
        for argument in arguments_of(arguments):
            if argument.annotation is not None:
                argument.annotation = self.annotation(argument.annotation)

    def annotation(self, node: ast.expr) -> ast.expr:
        """An annotation; one that is kept as a text stays as it was written."""
        return node if self.future_annotations else self.expr(node)

    def visit_Lambda(self, node: ast.Lambda) -> ast.Lambda:
        self._arguments(node.args)
        outer = self._enter(node)
        node.body = self.expr(node.body)
        self.scope = outer
        return node

    def _comprehension(self, node: Any) -> Any:
        first = node.generators[0].iter
        node.generators[0].iter = first = self.expr(first)
        outer = self._enter(node)
        for index, generator in enumerate(node.generators):
            iterable = first if index == 0 else self.expr(generator.iter)
            target = generator.target
            if not generator.is_async:
                names = [part.id for part in ast.walk(target) if isinstance(part, ast.Name)]
                places = [place for place in map(self.place, names) if place is not None]
                if places or isinstance(target, (ast.Tuple, ast.List)):
                    generator.iter = hook("loop", iterable, constant(tuple(places)), self.site(target))
                else:
                    generator.iter = hook("iter", iterable, self.site(target))
                ast.copy_location(generator.iter, iterable)
            generator.target = self.loop_target(target)
            generator.ifs = [self.test(condition) for condition in generator.ifs]
        if isinstance(node, ast.DictComp):
            node.key, node.value = self.expr(node.key), self.expr(node.value)
        else:
            node.elt = self.expr(node.elt)
        self.scope = outer
        return node

    visit_ListComp = visit_SetComp = visit_GeneratorExp = visit_DictComp = _comprehension

    def loop_target(self, target: ast.expr) -> ast.expr:
        """The target of a comprehension: fields and items in it announce their stores."""
        if isinstance(target, (ast.Tuple, ast.List)):
            target.elts = [self.loop_target(element) for element in target.elts]
        elif isinstance(target, ast.Starred):
            target.value = self.loop_target(target.value)
        else:
            return self.as_target(target)
        return target

    def as_target(self, target: ast.expr) -> ast.expr:
        raise NotImplementedError  # rewrite_targets.py

    def block(self, statements: Sequence[ast.stmt]) -> list[ast.stmt]:
        raise NotImplementedError  # rewrite.py

    # Expressions

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if isinstance(node.ctx, ast.Load):
            place = self.place(node.id)
            if place is not None:
                either = ast.BoolOp(ast.Or(), [hook("name", constant(place), self.site(node)), node])
                return ast.copy_location(hook("value", either), node)
        return node

    def _is_super(self, node: ast.expr) -> bool:
        return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "super"

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        value = self.expr(node.value)
        name = constant(self.mangled(node.attr))
        return self.on_last_line(hook("attr", value, name, self.site(node)), node)

    def on_last_line(self, call: ast.expr, node: ast.expr) -> ast.expr:
        """Where Python says that an attribute is loaded: at its name, which may be lines below its owner."""
        ast.copy_location(call, node)
        if node.end_lineno is not None and node.end_lineno != node.lineno:
            call.lineno, call.col_offset = node.end_lineno, 0
        return call

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        return ast.copy_location(
            hook("item", self.expr(node.value), self.key(node.slice), self.site(node)), node
        )

    def key(self, node: ast.expr) -> ast.expr:
        if isinstance(node, ast.Slice):
            parts = [
                constant(None) if part is None else self.expr(part)
                for part in (node.lower, node.upper, node.step)
            ]
            return ast.copy_location(hook("slice", *parts), node)
        if isinstance(node, ast.Tuple) and any(isinstance(element, ast.Slice) for element in node.elts):
            return ast.copy_location(
                ast.Tuple([self.key(element) for element in node.elts], ast.Load()), node
            )
        return self.expr(node)

    def visit_Starred(self, node: ast.Starred) -> ast.expr:
        value = self.expr(node.value)
        node.value = ast.copy_location(hook("unpack", value, self.site(node)), value)
        return node

    def visit_Dict(self, node: ast.Dict) -> ast.expr:
        keys: list[ast.expr | None] = []
        values: list[ast.expr] = []
        for key, value in zip(node.keys, node.values, strict=True):
            keys.append(None if key is None else self.expr(key))
            visited = self.expr(value)
            values.append(hook("unpack", visited, self.site(value)) if key is None else visited)
        node.keys, node.values = keys, values
        return node

    def visit_Call(self, node: ast.Call) -> ast.expr:
        if self._is_super(node) and not node.args:
            return node
        function = node.func
        site = self.site(node)
        called: ast.expr
        if isinstance(function, ast.Attribute) and not self._is_super(function.value):
            called = hook("method", self.expr(function.value), constant(self.mangled(function.attr)), site)
        elif isinstance(function, ast.Name) and (
            function.id in _REFLECTION
            or (function.id in _REFLECTION_ALONE and not node.args and not node.keywords)
        ):
            called = hook("reflect", self.expr(function), site)
        elif isinstance(function, ast.Name) and function.id in ("super", "isinstance", "issubclass", "type"):
            called = function
        else:
            called = hook("call", self.expr(function), site)
        if isinstance(function, ast.Attribute):
            self.on_last_line(called, function)
            if function.end_lineno is not None and function.end_lineno != function.lineno:
                node.lineno, node.col_offset = function.end_lineno, 0
        else:
            ast.copy_location(called, function)
        node.func = called
        consumes = isinstance(function, ast.Name) and self._is_consumer(function.id)
        made_here = [consumes and isinstance(argument, ast.GeneratorExp) for argument in node.args]
        node.args = [self.expr(argument) for argument in node.args]
        for index, is_made_here in enumerate(made_here):
            if is_made_here:
                node.args[index] = hook("literal", node.args[index])
        for keyword in node.keywords:
            value = self.expr(keyword.value)
            keyword.value = hook("unpack", value, site) if keyword.arg is None else value
        return node

    def _is_consumer(self, name: str) -> bool:
        owner = self.scope.owner(name)
        return name in _CONSUMERS and (owner is None or name not in owner.bindings)

    def visit_Compare(self, node: ast.Compare) -> ast.expr:
        signs = [SIGNS[type(sign)] for sign in node.ops]
        sides = [node.left, *node.comparators]
        plain = all(
            self._plain_comparison(left, sign, right)
            for left, sign, right in zip(sides, signs, sides[1:], strict=False)
        )
        if plain and (len(signs) == 1 or all(sign in ("is", "is not", "in", "not in") for sign in signs)):
            return self._visit_children(node)
        site = self.site(node)
        if len(signs) == 1:
            left, right = self.expr(node.left), self.expr(node.comparators[0])
            return ast.copy_location(hook("binary", left, right, constant(signs[0]), site), node)
        # Each side becomes a link that knows what follows it; Python goes from link to link as it always does.
        links = [
            ast.copy_location(hook("link", self.expr(side), constant(sign), site), side)
            for side, sign in zip(sides, [*signs, ""], strict=True)
        ]
        return ast.copy_location(ast.Compare(links[0], [ast.Eq() for _ in signs], list(links[1:])), node)

    def _plain_comparison(self, left: ast.expr, sign: str, right: ast.expr) -> bool:
        if sign in ("is", "is not"):
            return True
        if sign in ("in", "not in"):
            return _is_constant(right)
        return _is_constant(left) and _is_constant(right)

    def _visit_children(self, node: _Node) -> _Node:
        self.generic_visit(node)
        return node

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        sign = SIGNS[type(node.op)]
        left, right = self.expr(node.left), self.expr(node.right)
        if _is_number(left) and _is_number(right):
            node.left, node.right = left, right
            return node
        return ast.copy_location(hook("binary", left, right, constant(sign), self.site(node)), node)

    def test(self, node: ast.expr) -> ast.expr:
        """An expression whose truth is asked for."""
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            node.operand = self.test(node.operand)
            return node
        if isinstance(node, ast.BoolOp):
            node.values = [self.test(value) for value in node.values]
            return node
        if isinstance(node, ast.Compare):
            return self._tested(node)
        if isinstance(node, ast.Constant):
            return node
        return ast.copy_location(hook("truth", self.expr(node), self.site(node)), node)

    def _tested(self, node: ast.Compare) -> ast.expr:
        """A comparison whose truth is asked for; that of an object of the program may return anything."""
        sign, left, right = SIGNS[type(node.ops[0])], node.left, node.comparators[0]
        if len(node.ops) > 1 or sign in ("is", "is not", "in", "not in"):
            return self.expr(node)
        if not self._plain_comparison(left, sign, right):
            sides = self.expr(left), self.expr(right)
            return ast.copy_location(hook("tested", *sides, constant(sign), self.site(node)), node)
        # Nothing is called for False, and no value is looked at twice: False is not (x < 1) in _cc_truths
        links: list[ast.cmpop] = [ast.IsNot(), ast.In()]
        found = ast.Compare(constant(value=False), links, [self._visit_children(node), load("_cc_truths")])
        return ast.copy_location(found, node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.expr:
        if isinstance(node.op, ast.Not):
            return self.test(node)
        operand = self.expr(node.operand)
        constant_operand = isinstance(operand, ast.Constant)
        node.operand = operand if constant_operand else hook("look", operand, self.site(node))
        return node

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
        node.value = hook("look", self.expr(node.value), self.site(node))
        if node.format_spec is not None:
            node.format_spec = self.expr(node.format_spec)
        return node

    def visit_YieldFrom(self, node: ast.YieldFrom) -> ast.expr:
        delegate = hook("iter", self.expr(node.value), self.site(node))
        delegate.keywords = [ast.keyword("delegate", constant(True))]
        node.value = delegate
        return node

    def bound(self, name: str, value: ast.expr, node: ast.AST) -> ast.expr:
        place = self.place(name)
        return value if place is None else hook("bind", value, constant(place), self.site(node))
