"""Lowering of expressions to facts."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from shapelint.source import Span
from shapelint.syntax import facts
from shapelint.syntax.places import Places

_KNOWS_FIELDS = sys.version_info >= (3, 12)  #: where those of f-strings stand
DEPTH_LIMIT = 100  #: facts nested deeper are Opaque: whoever walks them, or pickles them, may recurse freely


class Lowering:
    """One file's lowering: where its nodes stand, how deep the current fact is nested, and what has been met.

    `names` are those that were lowered so far, in order, and `yields` is whether the function that is being lowered
    has yielded.
    """

    __slots__ = ("depth", "names", "places", "yields")

    def __init__(self, places: Places) -> None:
        self.places = places
        self.depth = 0
        self.names: list[str] = []
        self.yields = False

    def expression(self, node: ast.expr) -> facts.Expression:
        """The fact for an expression; `Opaque` for what facts have no word for."""
        lower = _LOWER.get(node.__class__.__name__)
        if lower is None:
            return self.opaque(node, f"{node.__class__.__name__} is not read")
        if self.depth >= DEPTH_LIMIT:
            return self.opaque(node, "nested too deeply")
        self.depth += 1
        try:
            return lower(self, node)
        finally:
            self.depth -= 1

    def optional(self, node: ast.expr | None) -> facts.Expression | None:
        """The fact for an expression that may be absent."""
        return None if node is None else self.expression(node)

    def all_of(self, nodes: Sequence[ast.expr]) -> tuple[facts.Expression, ...]:
        """The facts for several expressions."""
        return tuple([self.expression(node) for node in nodes])

    def opaque(self, node: ast.expr | ast.stmt, reason: str) -> facts.Opaque:
        """A node that is not read any further."""
        return facts.Opaque(self.places.span(node), self.places.text_of(node), reason)


def _name(lowering: Lowering, node: ast.Name) -> facts.Expression:
    lowering.names.append(node.id)
    return facts.Name(lowering.places.span(node), node.id)


def _constant(lowering: Lowering, node: ast.Constant) -> facts.Expression:
    if node.value is ...:
        return facts.EllipsisLiteral(lowering.places.span(node))
    if isinstance(node.value, complex):
        return lowering.opaque(node, "complex number")
    return facts.Literal(lowering.places.span(node), node.value)


def _formatted(lowering: Lowering, node: Any) -> facts.Expression:
    places = lowering.places
    span, outer = places.span(node), places.pinned
    places.pinned = outer if _KNOWS_FIELDS or places.knows_names_in(node) else span
    parts = tuple([_formatted_part(lowering, part) for part in node.values])
    places.pinned = outer
    return facts.Formatted(span, parts)


def _formatted_part(lowering: Lowering, node: Any) -> str | facts.Expression:
    if isinstance(node, ast.Constant):
        return str(node.value)
    is_plain = node.conversion == -1 and node.format_spec is None
    return lowering.expression(node.value) if is_plain else lowering.opaque(node.value, "formatted in a way of its own")


def _attribute(lowering: Lowering, node: ast.Attribute) -> facts.Expression:
    places = lowering.places
    value = lowering.expression(node.value)
    name = places.word(places.behind(places.closed(places.end(node.value)), "."))
    return facts.Attribute(places.span(node), value, node.attr, places.offset_span(*name))


def _call(lowering: Lowering, node: ast.Call) -> facts.Expression:
    places = lowering.places
    func = lowering.expression(node.func)
    opening, closing = places.behind(places.closed(places.end(node.func)), "("), places.end(node) - 1
    arguments = lower_arguments(lowering, opening, node.args, node.keywords)
    return facts.Call(places.span(node), func, arguments, places.offset_span(closing, closing))


def lower_arguments(
    lowering: Lowering, opening: int, values: Sequence[ast.expr], keywords: Sequence[ast.keyword]
) -> tuple[facts.Argument, ...]:
    """The arguments of a call or of a class statement in the order of the text; `opening` is behind its bracket."""
    places = lowering.places
    arguments = [_keyword(lowering, node) for node in keywords]
    for node in values:
        if keywords and places.start(node) > places.start(keywords[0]):
            opening = places.start(node)  # `f(a=1, *b)`: a star stands in no parentheses
        start, end = places.outer(opening, node)
        if isinstance(node, ast.GeneratorExp) and places.start(node) < opening:
            start, end = places.skip(opening), _end_inside(places, node)  # the call's parentheses are its own
        arguments.append(_argument(lowering, node, places.offset_span(start, end)))
        opening = places.behind(end, ",")
    return tuple(sorted(arguments, key=lambda argument: argument.span) if keywords else arguments)


def _argument(lowering: Lowering, node: ast.expr, span: Span) -> facts.Argument:
    star = int(isinstance(node, ast.Starred))
    return facts.Argument(span, lowering.expression(node.value if isinstance(node, ast.Starred) else node), None, star)


def _keyword(lowering: Lowering, node: ast.keyword) -> facts.Argument:
    star = 0 if node.arg else 2
    return facts.Argument(lowering.places.span(node), lowering.expression(node.value), node.arg, star)


def _end_inside(places: Places, node: ast.GeneratorExp) -> int:
    """Where a generator ends within its parentheses."""
    last = node.generators[-1]
    end, closing = places.end(last.ifs[-1] if last.ifs else last.iter), places.end(node) - 1
    while (after := places.skip(end)) < closing:
        end = after + 1
    return end


def _subscript(lowering: Lowering, node: ast.Subscript) -> facts.Expression:
    places = lowering.places
    start, end = places.behind(places.closed(places.end(node.value)), "["), places.end(node) - 1
    value, index = lowering.expression(node.value), lowering.expression(node.slice)
    return facts.Subscript(places.span(node), value, index, places.offset_span(start, end))


def _slice(lowering: Lowering, node: ast.Slice) -> facts.Expression:
    lower, upper, step = (lowering.optional(bound) for bound in (node.lower, node.upper, node.step))
    return facts.Slice(lowering.places.span(node), lower, upper, step)


def _sequence(kind: str) -> Callable[[Lowering, Any], facts.Expression]:
    def lower(lowering: Lowering, node: ast.Tuple | ast.List | ast.Set) -> facts.Expression:
        return facts.Sequence(lowering.places.span(node), kind, lowering.all_of(node.elts))

    return lower


def _starred(lowering: Lowering, node: ast.Starred) -> facts.Expression:
    return facts.Starred(lowering.places.span(node), lowering.expression(node.value))


def _dict(lowering: Lowering, node: ast.Dict) -> facts.Expression:
    pairs = zip(node.keys, node.values, strict=True)
    items = tuple([(lowering.optional(key), lowering.expression(value)) for key, value in pairs])
    return facts.DictDisplay(lowering.places.span(node), items)


def _binary(lowering: Lowering, node: ast.BinOp) -> facts.Expression:
    left, right = lowering.expression(node.left), lowering.expression(node.right)
    return facts.Binary(lowering.places.span(node), left, OPERATORS[node.op.__class__.__name__], right)


def _bool_op(lowering: Lowering, node: ast.BoolOp) -> facts.Expression:
    """`a and b and c` is `(a and b) and c`; too many of them are cut off at the front, as other operators are."""
    places, operator = lowering.places, OPERATORS[node.op.__class__.__name__]
    first, start = max(0, len(node.values) - 1 - (DEPTH_LIMIT - lowering.depth)), places.start(node)
    left: facts.Expression = lowering.expression(node.values[0])
    if first:
        text = places.text[start : places.closed(places.end(node.values[first]))]
        left = facts.Opaque(places.offset_span(start, start + len(text)), text, "nested too deeply")
    for value in node.values[first + 1 :]:
        right = lowering.expression(value)
        span = places.offset_span(start, places.closed(places.end(value)))
        left = facts.BoolOp(places.span(node) if value is node.values[-1] else span, left, operator, right)
    return left


def _unary(lowering: Lowering, node: ast.UnaryOp) -> facts.Expression:
    operand = lowering.expression(node.operand)
    return facts.Unary(lowering.places.span(node), OPERATORS[node.op.__class__.__name__], operand)


def _compare(lowering: Lowering, node: ast.Compare) -> facts.Expression:
    left = lowering.expression(node.left)
    pairs = zip(node.ops, node.comparators, strict=True)
    rest = tuple([(OPERATORS[op.__class__.__name__], lowering.expression(value)) for op, value in pairs])
    return facts.Compare(lowering.places.span(node), left, rest)


def _conditional(lowering: Lowering, node: ast.IfExp) -> facts.Expression:
    body, test, orelse = (lowering.expression(part) for part in (node.body, node.test, node.orelse))
    return facts.Conditional(lowering.places.span(node), test, body, orelse)


def _lambda(lowering: Lowering, node: ast.Lambda) -> facts.Expression:
    parameters, outer = lower_parameters(lowering, node.args), lowering.yields
    body, lowering.yields = lowering.expression(node.body), outer  # a lambda's `yield` is its own
    return facts.Lambda(lowering.places.span(node), parameters, body)


def lower_parameters(lowering: Lowering, node: ast.arguments) -> tuple[facts.Parameter, ...]:
    """The parameters of a function or lambda in source order; a bare `*` or `/` shows in the kinds only."""
    return tuple([_parameter(lowering, *parameter) for parameter in _parameters(node)])


def _parameters(node: ast.arguments) -> Iterator[tuple[ast.arg, str, ast.expr | None]]:
    """The parameters with their kinds and defaults."""
    plain = [*((one, "positional") for one in node.posonlyargs), *((one, "normal") for one in node.args)]
    defaults = [*[None] * (len(plain) - len(node.defaults)), *node.defaults]
    for (parameter, kind), default in zip(plain, defaults, strict=True):
        yield parameter, kind, default
    if node.vararg is not None:
        yield node.vararg, "vararg", None
    for parameter, default in zip(node.kwonlyargs, node.kw_defaults, strict=True):
        yield parameter, "keyword", default
    if node.kwarg is not None:
        yield node.kwarg, "kwarg", None


def _parameter(lowering: Lowering, node: ast.arg, kind: str, default: ast.expr | None) -> facts.Parameter:
    places = lowering.places
    start = places.start(node)
    _, end = places.word(start)
    for sign, part in ((":", node.annotation), ("=", default)):
        if part is not None:
            _, end = places.outer(places.behind(end, sign), part)
    stars = {"vararg": "*", "kwarg": "**"}.get(kind, "")
    before = len(places.text[:start].rstrip()) - len(stars) if stars else start
    span = places.offset_span(before if places.text.startswith(stars, before) else start, end)
    return facts.Parameter(span, node.arg, kind, lowering.optional(default), lowering.optional(node.annotation))


def _comprehension(kind: str) -> Callable[[Lowering, Any], facts.Expression]:
    def lower(lowering: Lowering, node: ast.ListComp | ast.SetComp | ast.GeneratorExp) -> facts.Expression:
        element, generators = lowering.expression(node.elt), _generators(lowering, node.generators)
        return facts.Comprehension(lowering.places.span(node), kind, element, None, generators)

    return lower


def _dict_comprehension(lowering: Lowering, node: ast.DictComp) -> facts.Expression:
    key, value = lowering.expression(node.key), lowering.expression(node.value)
    return facts.Comprehension(lowering.places.span(node), "dict", value, key, _generators(lowering, node.generators))


def _generators(lowering: Lowering, nodes: Sequence[ast.comprehension]) -> tuple[facts.Generator, ...]:
    read = lowering.expression
    return tuple([facts.Generator(read(n.target), read(n.iter), lowering.all_of(n.ifs)) for n in nodes])


def _walrus(lowering: Lowering, node: ast.NamedExpr) -> facts.Expression:
    value, target = lowering.expression(node.value), lowering.expression(node.target)
    assert isinstance(target, facts.Name), "the grammar allows names only"
    return facts.Walrus(lowering.places.span(node), target, value)


def _await(lowering: Lowering, node: ast.Await) -> facts.Expression:
    return facts.Await(lowering.places.span(node), "await", lowering.expression(node.value))


def _yield(kind: str) -> Callable[[Lowering, Any], facts.Expression]:
    def lower(lowering: Lowering, node: ast.Yield | ast.YieldFrom) -> facts.Expression:
        lowering.yields = True
        return facts.Await(lowering.places.span(node), kind, lowering.optional(node.value))

    return lower


_KINDS = "Add Sub Mult Div FloorDiv Mod Pow MatMult BitAnd BitOr BitXor LShift RShift And Or Eq NotEq Lt LtE Gt GtE"
_SIGNS = "+ - * / // % ** @ & | ^ << >> and or == != < <= > >="
_WORDS = {"Is": "is", "IsNot": "is not", "In": "in", "NotIn": "not in"}
_OF_ONE = {"USub": "-", "UAdd": "+", "Invert": "~", "Not": "not"}
#: the text of an operator by the name of its class
OPERATORS = dict(zip(_KINDS.split(), _SIGNS.split(), strict=True)) | _WORDS | _OF_ONE

# Keyed by class name: Python adds classes from version to version, and some are missing in older ones.
_LOWER: dict[str, Callable[[Lowering, Any], facts.Expression]] = {
    "Name": _name,
    "Constant": _constant,
    "JoinedStr": _formatted,
    "TemplateStr": _formatted,
    "Attribute": _attribute,
    "Call": _call,
    "Subscript": _subscript,
    "Slice": _slice,
    "Tuple": _sequence("tuple"),
    "List": _sequence("list"),
    "Set": _sequence("set"),
    "Starred": _starred,
    "Dict": _dict,
    "BinOp": _binary,
    "BoolOp": _bool_op,
    "UnaryOp": _unary,
    "Compare": _compare,
    "IfExp": _conditional,
    "Lambda": _lambda,
    "GeneratorExp": _comprehension("generator"),
    "ListComp": _comprehension("list"),
    "SetComp": _comprehension("set"),
    "DictComp": _dict_comprehension,
    "NamedExpr": _walrus,
    "Await": _await,
    "Yield": _yield("yield"),
    "YieldFrom": _yield("yield from"),
}
