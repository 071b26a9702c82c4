"""Lowering of statements to facts."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from typing import Any

from shapelint.source import Span
from shapelint.syntax import facts
from shapelint.syntax.expressions import DEPTH_LIMIT, OPERATORS, Lowering, lower_arguments, lower_parameters

Body = tuple[facts.Statement, ...]


def lower_body(lowering: Lowering, nodes: Sequence[ast.stmt]) -> Body:
    """The statements of a suite."""
    return tuple([_statement(lowering, node) for node in nodes])


def _statement(lowering: Lowering, node: ast.stmt) -> facts.Statement:
    """The fact for one statement; what facts have no word for is an `Opaque` expression."""
    name = node.__class__.__name__
    lower = _LOWER.get(name)
    if lower is None or lowering.depth >= DEPTH_LIMIT:
        reason = "nested too deeply" if lower else f"{name} is not read"
        return facts.ExpressionStatement(lowering.places.span(node), lowering.opaque(node, reason))
    lowering.depth += 1
    try:
        return lower(lowering, node)
    finally:
        lowering.depth -= 1


def docstring_of(body: Body) -> tuple[str | None, Span | None]:
    """The text and the place of the string that opens a body."""
    if body and isinstance(body[0], facts.ExpressionStatement):
        value = body[0].value
        if isinstance(value, facts.Literal) and isinstance(value.value, str):
            return value.value, value.span
    return None, None


def _expression(lowering: Lowering, node: ast.Expr) -> facts.Statement:
    return facts.ExpressionStatement(lowering.places.span(node), lowering.expression(node.value))


def _assign(lowering: Lowering, node: ast.Assign) -> facts.Statement:
    targets = lowering.all_of(node.targets)
    return facts.Assign(lowering.places.span(node), targets, lowering.expression(node.value))


def _aug_assign(lowering: Lowering, node: ast.AugAssign) -> facts.Statement:
    target, value = lowering.expression(node.target), lowering.expression(node.value)
    return facts.AugAssign(lowering.places.span(node), target, OPERATORS[node.op.__class__.__name__], value)


def _ann_assign(lowering: Lowering, node: ast.AnnAssign) -> facts.Statement:
    target, annotation = lowering.expression(node.target), lowering.expression(node.annotation)
    return facts.AnnAssign(lowering.places.span(node), target, annotation, lowering.optional(node.value))


def _type_alias(lowering: Lowering, node: Any) -> facts.Statement:
    """`type X = value`: it binds X, lazily, to something that is no tensor."""
    value = lowering.opaque(node.value, "type alias")
    return facts.Assign(lowering.places.span(node), (lowering.expression(node.name),), value)


def _return(lowering: Lowering, node: ast.Return) -> facts.Statement:
    return facts.Return(lowering.places.span(node), lowering.optional(node.value))


def _if(lowering: Lowering, node: ast.If) -> facts.Statement:
    test, body = lowering.expression(node.test), lower_body(lowering, node.body)
    return facts.If(lowering.places.span(node), test, body, lower_body(lowering, node.orelse))


def _while(lowering: Lowering, node: ast.While) -> facts.Statement:
    before = len(lowering.names)
    test, body = lowering.expression(node.test), lower_body(lowering, node.body)
    names = frozenset(lowering.names[before:])
    return facts.While(lowering.places.span(node), test, body, lower_body(lowering, node.orelse), names)


def _for(lowering: Lowering, node: ast.For | ast.AsyncFor) -> facts.Statement:
    before = len(lowering.names)
    target, iterable = lowering.expression(node.target), lowering.expression(node.iter)
    body = lower_body(lowering, node.body)
    names = frozenset(lowering.names[before:])
    return facts.For(lowering.places.span(node), target, iterable, body, lower_body(lowering, node.orelse), names)


def _with(lowering: Lowering, node: ast.With | ast.AsyncWith) -> facts.Statement:
    items = tuple([(lowering.expression(i.context_expr), lowering.optional(i.optional_vars)) for i in node.items])
    return facts.With(lowering.places.span(node), items, lower_body(lowering, node.body))


def _try(lowering: Lowering, node: Any) -> facts.Statement:
    body = lower_body(lowering, node.body)
    handlers = tuple([_handler(lowering, handler) for handler in node.handlers])
    orelse, final = lower_body(lowering, node.orelse), lower_body(lowering, node.finalbody)
    return facts.Try(lowering.places.span(node), body, handlers, orelse, final)


def _handler(lowering: Lowering, node: ast.ExceptHandler) -> facts.Handler:
    if node.name is not None:
        lowering.names.append(node.name)
    return facts.Handler(lowering.optional(node.type), node.name, lower_body(lowering, node.body))


def _match(lowering: Lowering, node: ast.Match) -> facts.Statement:
    return facts.Match(
        lowering.places.span(node),
        lowering.expression(node.subject),
        tuple([_case(lowering, case) for case in node.cases]),
    )


def _case(lowering: Lowering, node: ast.match_case) -> facts.Case:
    pattern, guard = _pattern(lowering, node.pattern), lowering.optional(node.guard)
    return facts.Case(pattern, guard, lower_body(lowering, node.body))


def _pattern(lowering: Lowering, node: ast.pattern) -> facts.Expression | None:
    """A literal, a dotted name, a capture or `_`; None for the patterns that take a subject apart."""
    if isinstance(node, ast.MatchValue):
        return lowering.expression(node.value)
    if isinstance(node, ast.MatchSingleton):
        return facts.Literal(lowering.places.span(node), node.value)
    if isinstance(node, ast.MatchAs) and node.pattern is None:
        if node.name is not None:
            lowering.names.append(node.name)
        return facts.Name(lowering.places.span(node), node.name or "_")
    return None


def _function(lowering: Lowering, node: ast.FunctionDef | ast.AsyncFunctionDef) -> facts.Statement:
    outer, lowering.yields = lowering.yields, False
    body = lower_body(lowering, node.body)
    yields, lowering.yields = lowering.yields, outer
    docstring, docstring_span = docstring_of(body)
    is_async = isinstance(node, ast.AsyncFunctionDef)
    return facts.FunctionDef(
        lowering.places.span(node),
        node.name,
        _name_span(lowering, node, ("async", "def") if is_async else ("def",)),
        lower_parameters(lowering, node.args),
        body,
        lowering.all_of(node.decorator_list),
        lowering.optional(node.returns),
        docstring,
        docstring_span,
        is_async,
        yields,
    )


def _class(lowering: Lowering, node: ast.ClassDef) -> facts.Statement:
    body = lower_body(lowering, node.body)
    docstring, docstring_span = docstring_of(body)
    return facts.ClassDef(
        lowering.places.span(node),
        node.name,
        _name_span(lowering, node, ("class",)),
        lower_arguments(lowering, _behind_name(lowering, node), node.bases, node.keywords),
        body,
        lowering.all_of(node.decorator_list),
        docstring,
        docstring_span,
    )


def _name_span(lowering: Lowering, node: ast.stmt, words: Sequence[str]) -> Span:
    """Where the name of a definition stands, behind its words."""
    places = lowering.places
    offset = places.start(node)
    for word in words:
        offset = places.behind(offset, word)
    return places.offset_span(*places.word(offset))


def _behind_name(lowering: Lowering, node: ast.ClassDef) -> int:
    """The offset behind the bracket that opens the bases of a class, if it has one."""
    places = lowering.places
    _, end = places.word(places.behind(places.start(node), "class"))
    for parameter in getattr(node, "type_params", ())[-1:]:
        end = places.end(parameter)
        for sign in (",", "]"):
            end = places.behind(end, sign) if places.text.startswith(sign, places.skip(end)) else end
    return places.behind(end, "(")


def _import(lowering: Lowering, node: ast.Import) -> facts.Statement:
    return facts.Import(lowering.places.span(node), _aliases(node.names))


def _import_from(lowering: Lowering, node: ast.ImportFrom) -> facts.Statement:
    return facts.ImportFrom(lowering.places.span(node), node.module or "", node.level, _aliases(node.names))


def _aliases(nodes: Sequence[ast.alias]) -> tuple[tuple[str, str | None], ...]:
    return tuple([(node.name, node.asname) for node in nodes])


def _scope(kind: str) -> Callable[[Lowering, Any], facts.Statement]:
    def lower(lowering: Lowering, node: ast.Global | ast.Nonlocal) -> facts.Statement:
        return facts.Scope(lowering.places.span(node), kind, tuple(node.names))

    return lower


def _jump(kind: str) -> Callable[[Lowering, Any], facts.Statement]:
    def lower(lowering: Lowering, node: ast.stmt) -> facts.Statement:
        return facts.Jump(lowering.places.span(node), kind)

    return lower


def _raise(lowering: Lowering, node: ast.Raise) -> facts.Statement:
    return facts.Raise(lowering.places.span(node), lowering.optional(node.exc))


def _assert(lowering: Lowering, node: ast.Assert) -> facts.Statement:
    return facts.Assert(lowering.places.span(node), lowering.expression(node.test))


def _delete(lowering: Lowering, node: ast.Delete) -> facts.Statement:
    return facts.Delete(lowering.places.span(node), lowering.all_of(node.targets))


# Keyed by class name: Python adds classes from version to version, and some are missing in older ones.
_LOWER: dict[str, Callable[[Lowering, Any], facts.Statement]] = {
    "Expr": _expression,
    "Assign": _assign,
    "AugAssign": _aug_assign,
    "AnnAssign": _ann_assign,
    "TypeAlias": _type_alias,
    "Return": _return,
    "If": _if,
    "While": _while,
    "For": _for,
    "AsyncFor": _for,
    "With": _with,
    "AsyncWith": _with,
    "Try": _try,
    "TryStar": _try,
    "Match": _match,
    "FunctionDef": _function,
    "AsyncFunctionDef": _function,
    "ClassDef": _class,
    "Import": _import,
    "ImportFrom": _import_from,
    "Global": _scope("global"),
    "Nonlocal": _scope("nonlocal"),
    "Break": _jump("break"),
    "Continue": _jump("continue"),
    "Pass": _jump("pass"),
    "Raise": _raise,
    "Assert": _assert,
    "Delete": _delete,
}
