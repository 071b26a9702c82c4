"""What of a text may go when it is made smaller, as pieces of the text: whoever takes one away tries what is left."""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Iterator, Sequence

from shapelint.grammar.tree import tree_of
from shapelint.syntax.facts.pieces import Cut
from shapelint.syntax.places import Places

Block = list[ast.stmt]


def statements(text: str) -> list[Cut]:
    """Runs of statements: of each block, outer ones first, all of them, then halves, and so on to single ones."""
    return [cut for block in _Tree(text).blocks() for cut in block]


def simplifications(text: str) -> list[Cut]:
    """What may go inside of statements: a block's head, one of several, an expression but a part; long ones first."""
    return sorted(set(_Tree(text).simpler()), key=lambda cut: (len(cut.text) - (cut.end - cut.start), cut.start))


_WITH_BODY = (ast.If, ast.For, ast.While, ast.With, ast.Try)
_OPERANDS = {
    ast.Attribute: ("value",),
    ast.Subscript: ("value",),
    ast.BinOp: ("left", "right"),
    ast.BoolOp: ("values",),
    ast.Compare: ("left",),
    ast.UnaryOp: ("operand",),
    ast.IfExp: ("body", "orelse"),
    ast.Call: ("args", "keywords"),
}


class _Tree:
    """A parsed text whose nodes know their places."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.module = tree_of(text)[0]
        self.places = Places(text)

    def blocks(self) -> Iterator[list[Cut]]:
        """The runs of each block."""
        bodies: list[tuple[Block, bool]] = [(self.module.body, False)]
        while bodies:
            body, is_inner = bodies.pop(0)
            yield list(self._runs([self._lines(one) for one in body], is_inner))
            bodies += [(inner, True) for one in body for inner in _inner_blocks(one)]

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

    def _lines(self, node: ast.stmt | ast.expr) -> tuple[int, int]:
        """The whole lines of a statement, with its decorators."""
        decorators = getattr(node, "decorator_list", ())
        return self._whole(self.places.start(decorators[0] if decorators else node), self.places.end(node))

    def _whole(self, start: int, end: int) -> tuple[int, int]:
        newline = self.text.find("\n", end)
        return self.text.rfind("\n", 0, start) + 1, len(self.text) if newline < 0 else newline + 1

    def _indentation(self, start: int) -> str:
        return self.text[start : start + len(self.text[start:]) - len(self.text[start:].lstrip(" \t"))]

    def simpler(self) -> Iterator[Cut]:
        """All cuts inside of statements."""
        nodes: list[ast.AST] = [self.module]
        while nodes:
            node = nodes.pop()
            bases = node.bases if isinstance(node, ast.ClassDef) else ()  # what a class is stays
            nodes += [child for child in ast.iter_child_nodes(node) if child not in bases]
            if isinstance(node, _WITH_BODY):
                yield from self._of_blocks(node)
            for decorator in getattr(node, "decorator_list", ()):
                yield Cut(*self._lines(decorator))
            yield from self._of_annotations(node)
            yield from self._of_lists(node)
            if isinstance(node, ast.expr):
                yield from self._of_expression(node)

    def _of_blocks(self, node: ast.stmt) -> Iterator[Cut]:
        """A block instead of the whole statement, and the statement without its `else` or `finally`."""
        start, end = self._lines(node)
        blocks = list(_inner_blocks(node))
        for before, block in zip([None, *blocks], blocks, strict=False):
            first, last = self._lines(block[0])[0], self._lines(block[-1])[1]
            text = textwrap.dedent(self.text[first:last])
            yield Cut(start, end, textwrap.indent(text, self._indentation(start)))
            if before is not None:
                yield Cut(self._lines(before[-1])[1], last)

    def _of_annotations(self, node: ast.AST) -> Iterator[Cut]:
        places = self.places
        if isinstance(node, ast.arg | ast.AnnAssign) and node.annotation is not None:
            before = node.target if isinstance(node, ast.AnnAssign) else None
            start = places.end(before) if before is not None else places.word(places.start(node))[1]
            yield Cut(start, places.outer(places.behind(start, ":"), node.annotation)[1])
        elif isinstance(node, ast.FunctionDef) and node.returns is not None:
            start = self.text.rfind("->", 0, places.start(node.returns))
            yield Cut(start, places.outer(start + len("->"), node.returns)[1])
        elif isinstance(node, ast.arguments):
            yield from (Cut(places.end(one), places.end(default)) for one, default in _defaults(node))

    def _of_lists(self, node: ast.AST) -> Iterator[Cut]:
        """Each part of what commas separate, with the comma behind it, or before the last one."""
        for parts in _lists(node):
            places = [self._whole_part(part) for part in parts]
            for number, (start, end) in enumerate(places):
                if number + 1 < len(places):
                    yield Cut(start, places[number + 1][0])
                else:
                    yield Cut(places[number - 1][1] if number else start, end)

    def _whole_part(self, part: tuple[_Part, ast.expr | None]) -> tuple[int, int]:
        node, default = part
        return self.places.start(node), self.places.end(default or node)

    def _of_expression(self, node: ast.expr) -> Iterator[Cut]:
        for part in _operands(node):
            yield Cut(self.places.start(node), self.places.end(node), self.places.text_of(part))


_Part = ast.expr | ast.keyword | ast.arg | ast.alias


def _inner_blocks(node: ast.stmt | ast.ExceptHandler | ast.match_case) -> Iterator[Block]:
    """The blocks of a statement, also those of its `else`, `except` and `finally`."""
    for name in ("body", "handlers", "cases", "orelse", "finalbody"):
        parts = getattr(node, name, [])
        if name in ("handlers", "cases"):
            yield from (block for part in parts for block in _inner_blocks(part))
        elif parts:
            yield parts


def _lists(node: ast.AST) -> Iterator[list[tuple[_Part, ast.expr | None]]]:
    """The parts of what commas separate, parameters with their defaults."""
    if isinstance(node, ast.Call):
        given: list[_Part] = [*node.args, *node.keywords]
        yield [(part, None) for part in sorted(given, key=lambda part: (part.lineno, part.col_offset))]
    elif isinstance(node, ast.arguments):
        defaults = {id(parameter): default for parameter, default in _defaults(node)}
        yield [(parameter, defaults.get(id(parameter))) for parameter in node.args]
        yield [(parameter, defaults.get(id(parameter))) for parameter in node.kwonlyargs]
    elif isinstance(node, ast.Import | ast.ImportFrom):
        yield [(alias, None) for alias in node.names]
    elif isinstance(node, ast.Tuple | ast.List):
        yield [(element, None) for element in node.elts]


def _defaults(node: ast.arguments) -> Iterator[tuple[ast.arg, ast.expr]]:
    plain = [*node.posonlyargs, *node.args]
    yield from zip(plain[len(plain) - len(node.defaults) :], node.defaults, strict=True)
    for parameter, default in zip(node.kwonlyargs, node.kw_defaults, strict=True):
        if default is not None:
            yield parameter, default


def _operands(node: ast.expr) -> Iterator[ast.expr]:
    """The parts that may stand for the whole expression."""
    for name in _OPERANDS.get(type(node), ()):
        parts = getattr(node, name)
        for part in parts if isinstance(parts, list) else [parts]:
            yield part.value if isinstance(part, ast.keyword) else part
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        yield node.func.value
