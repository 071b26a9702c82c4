"""Lowering of libcst expressions to facts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import libcst as cst

from shapelint.source import Span
from shapelint.syntax import facts, literals
from shapelint.syntax.positions import Places, skip_trivia
from shapelint.syntax.strings import lower_string

DEPTH_LIMIT = 100  #: facts nested deeper are Opaque: whoever walks them, or pickles them, may recurse freely

_CONSTANTS = {"True": True, "False": False, "None": None}
_TWO_WORDS = {"NotIn": "not in", "IsNot": "is not"}


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

    def expression(self, node: cst.CSTNode) -> facts.Expression:
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

    def optional(self, node: cst.CSTNode | None) -> facts.Expression | None:
        """The fact for an expression that may be absent."""
        return None if node is None else self.expression(node)

    def opaque(self, node: cst.CSTNode, reason: str) -> facts.Opaque:
        """A node that is not read any further."""
        return facts.Opaque(self.places.span(node), self.places.text_of(node), reason)


def operator_text(lowering: Lowering, node: cst.CSTNode) -> str:
    """An operator as in the source, its words one space apart."""
    return _TWO_WORDS.get(node.__class__.__name__) or lowering.places.text_of(node)


def _name(lowering: Lowering, node: cst.Name) -> facts.Expression:
    if node.value in _CONSTANTS:
        return facts.Literal(lowering.places.span(node), _CONSTANTS[node.value])
    return lower_name(lowering, node)


def lower_name(lowering: Lowering, node: cst.Name) -> facts.Name:
    """A name that is read or bound."""
    lowering.names.append(node.value)
    return facts.Name(lowering.places.span(node), node.value)


def _ellipsis(lowering: Lowering, node: cst.Ellipsis) -> facts.Expression:
    return facts.EllipsisLiteral(lowering.places.span(node))


def _integer(lowering: Lowering, node: cst.Integer) -> facts.Expression:
    try:
        return facts.Literal(lowering.places.span(node), literals.integer(node.value))
    except ValueError as error:
        return lowering.opaque(node, str(error))


def _float(lowering: Lowering, node: cst.Float) -> facts.Expression:
    return facts.Literal(lowering.places.span(node), literals.floating(node.value))


def _imaginary(lowering: Lowering, node: cst.Imaginary) -> facts.Expression:
    return lowering.opaque(node, "complex number")


def _attribute(lowering: Lowering, node: cst.Attribute) -> facts.Expression:
    places = lowering.places
    value = lowering.expression(node.value)
    return facts.Attribute(places.span(node), value, node.attr.value, places.span(node.attr))


def _call(lowering: Lowering, node: cst.Call) -> facts.Expression:
    places = lowering.places
    func = lowering.expression(node.func)
    opening, closing = places.bracket_after(node.func), places.offsets[id(node)][1] - 1
    return facts.Call(
        places.span(node),
        func,
        _call_arguments(lowering, node, places.offset_span(opening - 1, closing + 1)),
        places.offset_span(closing, closing),
    )


def _call_arguments(lowering: Lowering, node: cst.Call, parentheses: Span) -> tuple[facts.Argument, ...]:
    arguments = tuple(lower_argument(lowering, argument) for argument in node.args)
    if len(arguments) == 1 and isinstance(node.args[0].value, cst.GeneratorExp):
        only = arguments[0]
        if isinstance(only.value, facts.Comprehension) and not node.args[0].value.lpar:
            return (replace(only, value=replace(only.value, span=parentheses)),)
    return arguments


def lower_argument(lowering: Lowering, node: cst.Arg) -> facts.Argument:
    """An argument of a call or of a class statement."""
    keyword = None if node.keyword is None else node.keyword.value
    return facts.Argument(lowering.places.span(node), lowering.expression(node.value), keyword, len(node.star))


def _subscript(lowering: Lowering, node: cst.Subscript) -> facts.Expression:
    places = lowering.places
    start, end = places.bracket_after(node.value), places.offsets[id(node)][1] - 1
    value = lowering.expression(node.value)
    items = tuple(_subscript_element(lowering, element) for element in node.slice)
    index = items[0]
    if len(items) > 1 or isinstance(node.slice[0].comma, cst.Comma) or isinstance(index, facts.Starred):
        index = facts.Sequence(_index_tuple_span(places, node), "tuple", items)
    return facts.Subscript(places.span(node), value, index, places.offset_span(start, end))


def _index_tuple_span(places: Places, node: cst.Subscript) -> Span:
    """From the first index to the last one, or to the comma behind it."""
    first, last = node.slice[0], node.slice[-1]
    end = _element_end(places, last)
    if isinstance(last.comma, cst.Comma):
        end = skip_trivia(places.text, end) + 1
    return places.offset_span(places.offsets[id(first)][0], end)


def _subscript_element(lowering: Lowering, element: cst.SubscriptElement) -> facts.Expression:
    places, index = lowering.places, element.slice
    if isinstance(index, cst.Slice):
        span = places.offset_span(places.offsets[id(element)][0], _element_end(places, element))
        lower, upper, step = (lowering.optional(bound) for bound in (index.lower, index.upper, index.step))
        return facts.Slice(span, lower, upper, step)
    assert isinstance(index, cst.Index), "libcst has no third kind"
    value = lowering.expression(index.value)
    return facts.Starred(places.span(element), value) if index.star else value


def _element_end(places: Places, element: cst.SubscriptElement) -> int:
    """The offset behind an index; libcst counts the space behind a last colon to the slice."""
    start, end = places.offsets[id(element)]
    index = element.slice
    if not isinstance(index, cst.Slice):
        return end
    end = start if index.lower is None else places.end_with_parentheses(index.lower)
    end = skip_trivia(places.text, end) + 1
    if index.upper is not None:
        end = places.end_with_parentheses(index.upper)
    if isinstance(index.second_colon, cst.Colon):
        end = skip_trivia(places.text, end) + 1
    return end if index.step is None else places.end_with_parentheses(index.step)


def _sequence(kind: str) -> Callable[[Lowering, Any], facts.Expression]:
    def lower(lowering: Lowering, node: cst.Tuple | cst.List | cst.Set) -> facts.Expression:
        items = tuple(_element(lowering, element) for element in node.elements)
        return facts.Sequence(lowering.places.span(node), kind, items)

    return lower


def _element(lowering: Lowering, element: cst.BaseElement) -> facts.Expression:
    return lowering.expression(element if isinstance(element, cst.StarredElement) else element.value)


def _starred(lowering: Lowering, node: cst.StarredElement) -> facts.Expression:
    return facts.Starred(lowering.places.span(node), lowering.expression(node.value))


def _dict(lowering: Lowering, node: cst.Dict) -> facts.Expression:
    items = tuple(
        (
            lowering.expression(element.key) if isinstance(element, cst.DictElement) else None,
            lowering.expression(element.value),
        )
        for element in node.elements
    )
    return facts.DictDisplay(lowering.places.span(node), items)


def _binary(lowering: Lowering, node: cst.BinaryOperation) -> facts.Expression:
    left, right = lowering.expression(node.left), lowering.expression(node.right)
    operator = operator_text(lowering, node.operator)
    return facts.Binary(lowering.places.span(node), left, operator, right)


def _bool_op(lowering: Lowering, node: cst.BooleanOperation) -> facts.Expression:
    left, right = lowering.expression(node.left), lowering.expression(node.right)
    operator = operator_text(lowering, node.operator)
    return facts.BoolOp(lowering.places.span(node), left, operator, right)


def _unary(lowering: Lowering, node: cst.UnaryOperation) -> facts.Expression:
    operand = lowering.expression(node.expression)
    return facts.Unary(lowering.places.span(node), _UNARY[node.operator.__class__.__name__], operand)


def _compare(lowering: Lowering, node: cst.Comparison) -> facts.Expression:
    left = lowering.expression(node.left)
    rest = tuple(
        (operator_text(lowering, target.operator), lowering.expression(target.comparator))
        for target in node.comparisons
    )
    return facts.Compare(lowering.places.span(node), left, rest)


def _conditional(lowering: Lowering, node: cst.IfExp) -> facts.Expression:
    body, test, orelse = (lowering.expression(part) for part in (node.body, node.test, node.orelse))
    return facts.Conditional(lowering.places.span(node), test, body, orelse)


def _lambda(lowering: Lowering, node: cst.Lambda) -> facts.Expression:
    parameters, outer = lower_parameters(lowering, node.params), lowering.yields
    body, lowering.yields = lowering.expression(node.body), outer  # a lambda's `yield` is its own
    return facts.Lambda(lowering.places.span(node), parameters, body)


def lower_parameters(lowering: Lowering, node: cst.Parameters) -> tuple[facts.Parameter, ...]:
    """The parameters of a function or lambda in source order; a bare `*` or `/` shows in the kinds only."""
    groups: list[tuple[str, Sequence[object]]] = [
        ("positional", node.posonly_params),
        ("normal", node.params),
        ("vararg", [node.star_arg]),
        ("keyword", node.kwonly_params),
        ("kwarg", [node.star_kwarg]),
    ]
    return tuple(
        _parameter(lowering, parameter, kind)
        for kind, group in groups
        for parameter in group
        if isinstance(parameter, cst.Param)
    )


def _parameter(lowering: Lowering, node: cst.Param, kind: str) -> facts.Parameter:
    places = lowering.places
    start, end = places.offsets[id(node)]
    annotation = None if node.annotation is None else node.annotation.annotation
    for part in (annotation, node.default):
        if part is not None:
            end = places.end_with_parentheses(part)
    return facts.Parameter(
        places.offset_span(start, end),
        node.name.value,
        kind,
        lowering.optional(node.default),
        lowering.optional(annotation),
    )


def _comprehension(kind: str) -> Callable[[Lowering, Any], facts.Expression]:
    def lower(lowering: Lowering, node: cst.BaseSimpleComp) -> facts.Expression:
        element = lowering.expression(node.elt)
        generators = tuple(_generators(lowering, node.for_in))
        return facts.Comprehension(lowering.places.span(node), kind, element, None, generators)

    return lower


def _dict_comprehension(lowering: Lowering, node: cst.DictComp) -> facts.Expression:
    key, value = lowering.expression(node.key), lowering.expression(node.value)
    generators = tuple(_generators(lowering, node.for_in))
    return facts.Comprehension(lowering.places.span(node), "dict", value, key, generators)


def _generators(lowering: Lowering, node: cst.CompFor | None) -> Iterator[facts.Generator]:
    while node is not None:
        yield facts.Generator(
            lowering.expression(node.target),
            lowering.expression(node.iter),
            tuple(lowering.expression(condition.test) for condition in node.ifs),
        )
        node = node.inner_for_in


def _walrus(lowering: Lowering, node: cst.NamedExpr) -> facts.Expression:
    if not isinstance(node.target, cst.Name):
        return lowering.opaque(node, "only names can be bound by :=")
    value = lowering.expression(node.value)
    return facts.Walrus(lowering.places.span(node), lower_name(lowering, node.target), value)


def _await(lowering: Lowering, node: cst.Await) -> facts.Expression:
    return facts.Await(lowering.places.span(node), "await", lowering.expression(node.expression))


def _yield(lowering: Lowering, node: cst.Yield) -> facts.Expression:
    span, lowering.yields = lowering.places.span(node), True
    if isinstance(node.value, cst.From):
        return facts.Await(span, "yield from", lowering.expression(node.value.item))
    return facts.Await(span, "yield", lowering.optional(node.value))


_UNARY = {"Minus": "-", "Plus": "+", "BitInvert": "~", "Not": "not"}

# Keyed by class name: libcst adds classes from version to version, and some are missing in older ones.
_LOWER: dict[str, Callable[[Lowering, Any], facts.Expression]] = {
    "Name": _name,
    "Ellipsis": _ellipsis,
    "Integer": _integer,
    "Float": _float,
    "Imaginary": _imaginary,
    "SimpleString": lower_string,
    "FormattedString": lower_string,
    "ConcatenatedString": lower_string,
    "Attribute": _attribute,
    "Call": _call,
    "Subscript": _subscript,
    "Tuple": _sequence("tuple"),
    "List": _sequence("list"),
    "Set": _sequence("set"),
    "StarredElement": _starred,
    "Dict": _dict,
    "BinaryOperation": _binary,
    "BooleanOperation": _bool_op,
    "UnaryOperation": _unary,
    "Comparison": _compare,
    "IfExp": _conditional,
    "Lambda": _lambda,
    "GeneratorExp": _comprehension("generator"),
    "ListComp": _comprehension("list"),
    "SetComp": _comprehension("set"),
    "DictComp": _dict_comprehension,
    "NamedExpr": _walrus,
    "Await": _await,
    "Yield": _yield,
}
