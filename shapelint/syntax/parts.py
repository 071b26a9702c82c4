"""What of a text may go when it is made smaller, as pieces of the text: whoever takes one away tries what is left."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

import libcst as cst

from shapelint.syntax.deep import with_deep_stack
from shapelint.syntax.facts.pieces import Cut
from shapelint.syntax.form_feeds import without_form_feeds
from shapelint.syntax.positions import Positions


def statements(text: str) -> list[Cut]:
    """Runs of statements: of each block, outer ones first, all of them, then halves, and so on to single ones."""
    return with_deep_stack(lambda: [cut for block in _Tree(text).blocks() for cut in block])


def simplifications(text: str) -> list[Cut]:
    """What may go inside of statements: a block's head, one of several, an expression but a part; long ones first."""
    found = with_deep_stack(lambda: set(_Tree(text).simpler()))
    return sorted(found, key=lambda cut: (len(cut.text) - (cut.end - cut.start), cut.start))


_WITH_BODY = (cst.If, cst.For, cst.While, cst.With, cst.Try)
_LISTS = ((cst.Call, "args"), (cst.Parameters, "params"), (cst.Parameters, "kwonly_params"))
_MORE_LISTS = ((cst.ImportFrom, "names"), (cst.Import, "names"), (cst.Tuple, "elements"), (cst.List, "elements"))
_OPERANDS = {
    cst.Attribute: ("value",),
    cst.Subscript: ("value",),
    cst.BinaryOperation: ("left", "right"),
    cst.BooleanOperation: ("left", "right"),
    cst.Comparison: ("left",),
    cst.UnaryOperation: ("expression",),
    cst.IfExp: ("body", "orelse"),
}


class _Tree:
    """A parsed text whose nodes know their places."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.module = cst.parse_module(without_form_feeds(text))
        self.offsets = Positions(self.module, text).offsets

    def blocks(self) -> Iterator[list[Cut]]:
        """The runs of each block."""
        bodies: list[tuple[Sequence[cst.CSTNode], bool]] = [(self.module.body, False)]
        while bodies:
            body, is_inner = bodies.pop(0)
            yield list(self._runs([self._lines(one) for one in body], is_inner))
            bodies += [(inner.body, True) for one in body for inner in _inner_blocks(one)]

    def _runs(self, lines: Sequence[tuple[int, int]], is_inner: bool) -> Iterator[Cut]:
        size = len(lines)
        while size:
            for first in range(0, len(lines), size):
                (start, _), (_, end) = lines[first], lines[min(first + size, len(lines)) - 1]
                if not is_inner or size < len(lines):
                    yield Cut(start, end)
                elif self.text[start:end].strip() != "pass":
                    yield Cut(start, end, f"{self._indentation(start)}pass\n")
            size //= 2

    def _lines(self, node: cst.CSTNode) -> tuple[int, int]:
        """The whole lines of a statement, with its decorators."""
        decorators = getattr(node, "decorators", ())
        start, end = self.offsets[id(decorators[0] if decorators else node)][0], self.offsets[id(node)][1]
        newline = self.text.find("\n", end)
        return self.text.rfind("\n", 0, start) + 1, len(self.text) if newline < 0 else newline + 1

    def _indentation(self, start: int) -> str:
        return self.text[start : start + len(self.text[start:]) - len(self.text[start:].lstrip(" \t"))]

    def simpler(self) -> Iterator[Cut]:
        """All cuts inside of statements."""
        nodes: list[cst.CSTNode] = [self.module]
        while nodes:
            node = nodes.pop()
            bases = node.bases if isinstance(node, cst.ClassDef) else ()  # what a class is stays
            nodes += [child for child in node.children if child not in bases]
            yield from self._of_statement(node)
            yield from self._of_lists(node)
            yield from self._of_expression(node)

    def _of_statement(self, node: cst.CSTNode) -> Iterator[Cut]:
        if isinstance(node, _WITH_BODY):
            for inner in _inner_blocks(node):
                start, end = self._lines(node)
                first, last = self._lines(inner.body[0])[0], self._lines(inner.body[-1])[1]
                text = textwrap.dedent(self.text[first:last])
                yield Cut(start, end, textwrap.indent(text, self._indentation(start)))
        for part in (getattr(node, "orelse", None), getattr(node, "finalbody", None)):
            if isinstance(part, cst.Else | cst.Finally | cst.If):
                yield Cut(*self._lines(part))
        if isinstance(node, cst.Decorator):
            yield Cut(*self._lines(node))
        annotation = getattr(node, "annotation", None) or getattr(node, "returns", None)
        if isinstance(annotation, cst.Annotation):
            yield Cut(*self.offsets[id(annotation)])
        if isinstance(node, cst.Param) and node.default is not None:
            named = node.annotation or node.name
            yield Cut(self.offsets[id(named)][1], self.offsets[id(node.default)][1])

    def _of_lists(self, node: cst.CSTNode) -> Iterator[Cut]:
        """Each part of what commas separate, with the comma behind it, or before the last one."""
        for kind, name in (*_LISTS, *_MORE_LISTS):
            parts = getattr(node, name) if isinstance(node, kind) else ()
            places = [self.offsets[id(part)] for part in parts] if isinstance(parts, Sequence) else []
            for number, (start, end) in enumerate(places):
                if number + 1 < len(places):
                    yield Cut(start, places[number + 1][0])
                else:
                    yield Cut(places[number - 1][1] if number else start, end)

    def _of_expression(self, node: cst.CSTNode) -> Iterator[Cut]:
        for part in _operands(node):
            start, end = self.offsets[id(part)]
            yield Cut(*self.offsets[id(node)], self.text[start:end])


def _inner_blocks(node: cst.CSTNode) -> Iterator[cst.IndentedBlock]:
    """The blocks of a statement, also those of its `else`, `except` and `finally`."""
    for child in node.children:
        if isinstance(child, cst.IndentedBlock):
            yield child
        elif isinstance(child, cst.Else | cst.ExceptHandler | cst.Finally | cst.If):
            yield from _inner_blocks(child)


def _operands(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """The parts that may stand for the whole expression."""
    if isinstance(node, cst.Call):
        yield from (argument.value for argument in node.args)
        yield from (node.func.value,) if isinstance(node.func, cst.Attribute) else ()
    for name in _OPERANDS.get(type(node), ()):
        yield getattr(node, name)
