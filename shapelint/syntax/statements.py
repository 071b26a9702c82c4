"""Lowering of libcst statements to facts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import libcst as cst

from shapelint.source import Span
from shapelint.syntax import facts
from shapelint.syntax.expressions import DEPTH_LIMIT, Lowering, lower_argument, lower_name, lower_parameters

Body = tuple[facts.Statement, ...]


def lower_body(lowering: Lowering, nodes: Sequence[cst.CSTNode]) -> Body:
    """The statements of a suite, each `;` a separate one."""
    return tuple(_statement(lowering, node) for line in nodes for node in _small_statements(line))


def _small_statements(node: cst.CSTNode) -> Sequence[cst.CSTNode]:
    return node.body if isinstance(node, cst.SimpleStatementLine) else (node,)


def _suite(lowering: Lowering, node: cst.BaseSuite) -> Body:
    return lower_body(lowering, node.body)


def _statement(lowering: Lowering, node: cst.CSTNode) -> facts.Statement:
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


def _expression(lowering: Lowering, node: cst.Expr) -> facts.Statement:
    return facts.ExpressionStatement(lowering.places.span(node), lowering.expression(node.value))


def _assign(lowering: Lowering, node: cst.Assign) -> facts.Statement:
    targets = tuple(lowering.expression(target.target) for target in node.targets)
    return facts.Assign(lowering.places.span(node), targets, lowering.expression(node.value))


def _aug_assign(lowering: Lowering, node: cst.AugAssign) -> facts.Statement:
    target, value = lowering.expression(node.target), lowering.expression(node.value)
    operator = lowering.places.text_of(node.operator).removesuffix("=")
    return facts.AugAssign(lowering.places.span(node), target, operator, value)


def _ann_assign(lowering: Lowering, node: cst.AnnAssign) -> facts.Statement:
    target, annotation = lowering.expression(node.target), lowering.expression(node.annotation.annotation)
    value = lowering.optional(node.value)
    return facts.AnnAssign(lowering.places.span(node), target, annotation, value)


def _type_alias(lowering: Lowering, node: Any) -> facts.Statement:
    """`type X = value`: it binds X, lazily, to something that is no tensor."""
    value = lowering.opaque(node.value, "type alias")
    return facts.Assign(lowering.places.span(node), (lower_name(lowering, node.name),), value)


def _return(lowering: Lowering, node: cst.Return) -> facts.Statement:
    return facts.Return(lowering.places.span(node), lowering.optional(node.value))


def _orelse(lowering: Lowering, node: cst.If | cst.Else | None) -> Body:
    if node is None:
        return ()
    return (_statement(lowering, node),) if isinstance(node, cst.If) else _suite(lowering, node.body)


def _if(lowering: Lowering, node: cst.If) -> facts.Statement:
    test, body = lowering.expression(node.test), _suite(lowering, node.body)
    return facts.If(lowering.places.span(node), test, body, _orelse(lowering, node.orelse))


def _while(lowering: Lowering, node: cst.While) -> facts.Statement:
    before = len(lowering.names)
    test, body = lowering.expression(node.test), _suite(lowering, node.body)
    names = frozenset(lowering.names[before:])
    return facts.While(lowering.places.span(node), test, body, _orelse(lowering, node.orelse), names)


def _for(lowering: Lowering, node: cst.For) -> facts.Statement:
    before = len(lowering.names)
    target, iterable = lowering.expression(node.target), lowering.expression(node.iter)
    body = _suite(lowering, node.body)
    names = frozenset(lowering.names[before:])
    return facts.For(lowering.places.span(node), target, iterable, body, _orelse(lowering, node.orelse), names)


def _with(lowering: Lowering, node: cst.With) -> facts.Statement:
    items = tuple((lowering.expression(item.item), _as_name(lowering, item.asname)) for item in node.items)
    return facts.With(lowering.places.span(node), items, _suite(lowering, node.body))


def _as_name(lowering: Lowering, node: cst.AsName | None) -> facts.Expression | None:
    return None if node is None else lowering.expression(node.name)


def _try(lowering: Lowering, node: cst.Try | cst.TryStar) -> facts.Statement:
    body = _suite(lowering, node.body)
    handlers = tuple(_handler(lowering, handler) for handler in node.handlers)
    orelse = _orelse(lowering, node.orelse)
    final = () if node.finalbody is None else _suite(lowering, node.finalbody.body)
    return facts.Try(lowering.places.span(node), body, handlers, orelse, final)


def _handler(lowering: Lowering, node: cst.ExceptHandler | cst.ExceptStarHandler) -> facts.Handler:
    name = _as_name(lowering, node.name)
    return facts.Handler(
        lowering.optional(node.type),
        name.id if isinstance(name, facts.Name) else None,
        _suite(lowering, node.body),
    )


def _match(lowering: Lowering, node: cst.Match) -> facts.Statement:
    subject = lowering.expression(node.subject)
    cases = tuple(
        facts.Case(_pattern(lowering, case.pattern), lowering.optional(case.guard), _suite(lowering, case.body))
        for case in node.cases
    )
    return facts.Match(lowering.places.span(node), subject, cases)


def _pattern(lowering: Lowering, node: cst.MatchPattern) -> facts.Expression | None:
    """A literal, a dotted name, a capture or `_`; None for the patterns that take a subject apart."""
    if isinstance(node, (cst.MatchValue, cst.MatchSingleton)):
        return lowering.expression(node.value)
    if isinstance(node, cst.MatchAs) and node.pattern is None:
        if node.name is not None:
            lowering.names.append(node.name.value)
        return facts.Name(lowering.places.span(node), "_" if node.name is None else node.name.value)
    return None


def _function(lowering: Lowering, node: cst.FunctionDef) -> facts.Statement:
    places = lowering.places
    outer, lowering.yields = lowering.yields, False
    body = _suite(lowering, node.body)
    yields, lowering.yields = lowering.yields, outer
    docstring, docstring_span = docstring_of(body)
    return facts.FunctionDef(
        places.span(node),
        node.name.value,
        places.span(node.name),
        lower_parameters(lowering, node.params),
        body,
        _decorators(lowering, node.decorators),
        None if node.returns is None else lowering.expression(node.returns.annotation),
        docstring,
        docstring_span,
        node.asynchronous is not None,
        yields,
    )


def _class(lowering: Lowering, node: cst.ClassDef) -> facts.Statement:
    places = lowering.places
    body = _suite(lowering, node.body)
    docstring, docstring_span = docstring_of(body)
    bases = [lower_argument(lowering, base) for base in (*node.bases, *node.keywords)]
    return facts.ClassDef(
        places.span(node),
        node.name.value,
        places.span(node.name),
        tuple(sorted(bases, key=lambda base: base.span)),
        body,
        _decorators(lowering, node.decorators),
        docstring,
        docstring_span,
    )


def _decorators(lowering: Lowering, nodes: Sequence[cst.Decorator]) -> tuple[facts.Expression, ...]:
    return tuple(lowering.expression(node.decorator) for node in nodes)


def _import(lowering: Lowering, node: cst.Import) -> facts.Statement:
    return facts.Import(lowering.places.span(node), tuple(_aliases(node.names)))


def _import_from(lowering: Lowering, node: cst.ImportFrom) -> facts.Statement:
    module = "" if node.module is None else _dotted(node.module)
    names = (("*", None),) if isinstance(node.names, cst.ImportStar) else tuple(_aliases(node.names))
    return facts.ImportFrom(lowering.places.span(node), module, len(node.relative), names)


def _aliases(nodes: Sequence[cst.ImportAlias]) -> Iterator[tuple[str, str | None]]:
    for node in nodes:
        yield _dotted(node.name), None if node.asname is None else _dotted(node.asname.name)


def _dotted(node: cst.CSTNode) -> str:
    """`a.b.c` without what may stand between its words."""
    words: list[str] = []
    while isinstance(node, cst.Attribute):
        words.append(node.attr.value)
        node = node.value
    assert isinstance(node, cst.Name), "the grammar allows names only"
    return ".".join([node.value, *reversed(words)])


def _scope(kind: str) -> Callable[[Lowering, Any], facts.Statement]:
    def lower(lowering: Lowering, node: cst.Global | cst.Nonlocal) -> facts.Statement:
        return facts.Scope(lowering.places.span(node), kind, tuple(item.name.value for item in node.names))

    return lower


def _jump(kind: str) -> Callable[[Lowering, Any], facts.Statement]:
    def lower(lowering: Lowering, node: cst.CSTNode) -> facts.Statement:
        return facts.Jump(lowering.places.span(node), kind)

    return lower


def _raise(lowering: Lowering, node: cst.Raise) -> facts.Statement:
    return facts.Raise(lowering.places.span(node), lowering.optional(node.exc))


def _assert(lowering: Lowering, node: cst.Assert) -> facts.Statement:
    return facts.Assert(lowering.places.span(node), lowering.expression(node.test))


def _delete(lowering: Lowering, node: cst.Del) -> facts.Statement:
    target = lowering.expression(node.target)
    bare_tuple = isinstance(node.target, cst.Tuple) and not node.target.lpar
    targets = target.items if bare_tuple and isinstance(target, facts.Sequence) else (target,)
    return facts.Delete(lowering.places.span(node), targets)


# Keyed by class name: libcst adds classes from version to version, and some are missing in older ones.
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
    "With": _with,
    "Try": _try,
    "TryStar": _try,
    "Match": _match,
    "FunctionDef": _function,
    "ClassDef": _class,
    "Import": _import,
    "LazyImport": _import,
    "ImportFrom": _import_from,
    "LazyImportFrom": _import_from,
    "Global": _scope("global"),
    "Nonlocal": _scope("nonlocal"),
    "Break": _jump("break"),
    "Continue": _jump("continue"),
    "Pass": _jump("pass"),
    "Raise": _raise,
    "Assert": _assert,
    "Del": _delete,
}
