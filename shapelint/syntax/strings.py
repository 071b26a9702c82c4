"""Lowering of string literals: plain, formatted, and adjacent ones that Python joins."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import libcst as cst

from shapelint.syntax import facts, literals

if TYPE_CHECKING:
    from shapelint.syntax.expressions import Lowering

Part = str | bytes | facts.Expression


def lower_string(lowering: Lowering, node: cst.CSTNode) -> facts.Expression:
    """A string literal of one or more pieces, some of them perhaps f-strings."""
    pieces = list(_pieces(node))
    try:
        parts = [part for piece in pieces for part in _parts(lowering, piece)]
        if any(isinstance(piece, cst.FormattedString) for piece in pieces):
            return facts.Formatted(lowering.places.span(node), tuple(_text_only(parts)))
        return facts.Literal(lowering.places.span(node), _joined(parts))
    except ValueError as error:
        return lowering.opaque(node, str(error))


def _pieces(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """The literals of an implicit concatenation, which libcst nests to the right."""
    while isinstance(node, cst.ConcatenatedString):
        yield node.left
        node = node.right
    yield node


def _parts(lowering: Lowering, piece: cst.CSTNode) -> Iterator[Part]:
    if isinstance(piece, cst.SimpleString):
        yield literals.string(piece.prefix, piece.raw_value)
    elif isinstance(piece, cst.FormattedString):
        for part in piece.parts:
            yield _formatted_part(lowering, piece.prefix, part)
    else:
        raise ValueError(f"{piece.__class__.__name__} is not read")


def _formatted_part(lowering: Lowering, prefix: str, part: cst.BaseFormattedStringContent) -> Part:
    if isinstance(part, cst.FormattedStringText):
        text = part.value.replace("{{", "{").replace("}}", "}")
        return literals.string(prefix.lower().replace("f", ""), text)
    assert isinstance(part, cst.FormattedStringExpression), "libcst has no third kind"
    if part.conversion is None and part.format_spec is None and part.equal is None:
        return lowering.expression(part.expression)
    return lowering.opaque(part.expression, "formatted by a conversion or specification")


def _text_only(parts: list[Part]) -> Iterator[str | facts.Expression]:
    for part in parts:
        if isinstance(part, bytes):
            raise ValueError("bytes and text mixed")
        yield part


def _joined(parts: list[Part]) -> str | bytes:
    texts = [part for part in parts if isinstance(part, str)]
    if len(texts) == len(parts):
        return "".join(texts)
    if texts:
        raise ValueError("bytes and text mixed")
    return b"".join(part for part in parts if isinstance(part, bytes))
