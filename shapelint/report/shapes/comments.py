"""Shapes as comments at the ends of lines: `x = self.embed(tokens)  # :: (B, T, 50)`.

A comment of ours begins with SHAPE_MARK, which people do not write, and ends where a further `#` begins: that is the
author's again. So what was written before is known, renewed, and taken away where it holds no more; a line that ends in
a comment of the author's own is left alone. Texts go in, edits come out: nothing here reads or writes a file.
"""

from __future__ import annotations

import io
import re
import tokenize
from bisect import bisect
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from itertools import groupby

from shapelint.data import dataclass
from shapelint.finding import Edit
from shapelint.grammar.tree import tree_of
from shapelint.regex import regex
from shapelint.report.document import ShapeRow
from shapelint.report.shapes.rows import Found, called, main_shapes
from shapelint.report.text import expand
from shapelint.source import SHAPE_MARK, Source, Span

_OURS = regex(rf"{SHAPE_MARK}[^#]*")
_MEMBER = regex(r"(?P<name>.*?)(?P<index>(\[\d+\])*)", re.DOTALL)
_NOTHING = (tokenize.NL, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER)
_MAX_SHAPES = 2  #: of one value that are told together
_MAX_LABEL = 24  #: characters of an expression in front of its shape; of a longer call the arguments are left out


@dataclass(slots=True)
class _Line:
    """A logical line: where it begins, and ends but for a comment."""

    start: tuple[int, int]
    end: tuple[int, int] = (0, 0)
    depth: int = 0  #: brackets that are open
    given: tuple[int, int] | None = None  #: where what it gives back begins: all of it, or what `return` is followed by
    is_listed: bool = False  #: whether a comma stands outside of brackets: `a, b = f(x)` names two values
    rounds: list[tuple[int, int]] = field(default_factory=list)  #: where comprehensions name items, from `for` to `in`


@dataclass(frozen=True, slots=True)
class _Value:
    """An expression that has a shape: its place, its text, and the shape as it is told."""

    start: tuple[int, int]
    end: tuple[int, int]
    text: str
    shape: str


def comments_for(source: Source, found: Found, limit: int) -> list[Edit]:
    """The edits that put the shapes found into a text that Python can parse, and renew those put there before."""
    lines = source.lines
    values = sorted(_values(source.path, lines, found), key=lambda one: (one.start, tuple(-at for at in one.end)))
    logical, comments = _read(Source(source.path, tree_of(source.text)[1]).lines)
    wanted: dict[int, str] = {}
    for line in logical:
        inside = [one for one in values if line.start <= one.start and one.end <= line.end]
        if text := _text(line, inside):
            wanted[line.end[0]] = text
    edits: list[Edit] = []
    for number, text in enumerate(lines, 1):
        edit = _edit(number, text, comments.get(number), wanted.get(number), limit)
        if edit is not None:
            edits.append(edit)
    return edits


def _edit(number: int, line: str, comment: int | None, wanted: str | None, limit: int) -> Edit | None:
    """What becomes of a line whose comment begins in a column, None where it stays."""
    ours = None if comment is None else _OURS.match(line, comment)
    if comment is not None and ours is None:
        return None
    code = line[:comment].rstrip()
    rest = line[ours.end() :] if ours else ""
    if not code or (wanted is None and ours is None):
        return None
    pieces = [code, f"{SHAPE_MARK}{wanted}" if wanted is not None else "", rest]
    after = "  ".join(piece for piece in pieces if piece)
    if wanted is not None and expand(after)[1][-1] > limit:
        if ours is None:
            return None
        after = "  ".join(piece for piece in (code, rest) if piece)
    if after == line:
        return None
    return Edit(Span(number, len(code), number, len(line)), after[len(code) :])


def _text(line: _Line, values: Sequence[_Value]) -> str | None:
    """What is told of a logical line: the names that it gives values, or else what its outermost calls give."""
    named = [one for one in values if not one.text.endswith(")") and bisect(line.rounds, one.start) % 2 == 0]
    if not named:
        for one in values:
            if one.text.endswith(")") and (not named or one.start >= named[-1].end):
                named.append(one)
        if len(named) == 1 and (named[0].start, named[0].end) == (line.given, line.end):
            return named[0].shape
    is_first = len(named) == 1 and named[0].start == line.start and not line.is_listed
    is_alone = is_first and "(" not in named[0].text and not named[0].shape.startswith("[")
    return named[0].shape if is_alone else "; ".join(_told_together(named)) or None


def _told_together(named: Sequence[_Value]) -> Iterator[str]:
    """Each shape behind all that have it and stand together: `out (B, T, H)`, `h_n, c_n (2, B, H)`."""
    for shape, group in groupby(named, key=lambda one: one.shape):
        yield f"{', '.join(dict.fromkeys(called(one.text, _MAX_LABEL) for one in group))} {shape}"


def _values(path: str, lines: Sequence[str], found: Found) -> Iterator[_Value]:
    """What has a shape in a text, and stands there as it was read; a tuple's members together."""
    members: dict[tuple[int, int, str], list[tuple[str, Mapping[ShapeRow, str]]]] = {}
    for (of, line, column, name), variants in found.items():
        match = _MEMBER.fullmatch(name)
        if of == path and match is not None and name[:1] != "_":
            at = (line, column - 1, name) if _end(lines, line, column - 1, name) else (line, column - 1, match["name"])
            members.setdefault(at, []).append(("" if at[2] == name else match["index"], variants))
    for (line, column, name), parts in members.items():
        end = _end(lines, line, column, name)
        told = [(index, _either(main_shapes(variants))) for index, variants in parts]
        shapes = [f"{index} {shape}".lstrip() for index, shape in told if shape]
        if end is not None and shapes and "#" not in name:
            yield _Value((line, column), end, name, ", ".join(shapes))


def _either(shapes: Sequence[str]) -> str:
    """The shapes that a value may have; of many none."""
    return " or ".join(shapes) if len(shapes) <= _MAX_SHAPES else ""


def _end(lines: Sequence[str], line: int, column: int, text: str) -> tuple[int, int] | None:
    """Where a text ends that begins at a place, None where something else stands there."""
    pieces = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    there = list(lines[line - 1 : line - 1 + len(pieces)])
    if len(there) < len(pieces):
        return None
    last = len(pieces[-1]) + (column if len(pieces) == 1 else 0)
    there[-1] = there[-1][:last]
    there[0] = there[0][column:]
    return (line + len(pieces) - 1, last) if there == pieces else None


def _read(lines: Sequence[str]) -> tuple[list[_Line], dict[int, int]]:
    """The logical lines of a text, and the columns of the comments behind code."""
    logical: list[_Line] = []
    comments: dict[int, int] = {}
    line: _Line | None = None
    for token in tokenize.generate_tokens(io.StringIO("\n".join(lines)).readline):
        if token.type == tokenize.COMMENT:
            comments[token.start[0]] = token.start[1]
        elif token.type == tokenize.NEWLINE:
            line = None
        elif token.type not in _NOTHING:
            if line is None:
                logical.append(line := _Line(token.start))
            _take(line, token)
    return logical, comments


def _take(line: _Line, token: tokenize.TokenInfo) -> None:
    """Read on in a logical line."""
    if line.given is None and token.string not in ("return", "yield", "await"):
        line.given = token.start
    line.end = token.end
    line.is_listed |= not line.depth and token.string == ","
    if token.string in ("(", "[", "{"):
        line.depth += 1
    elif token.string in (")", "]", "}"):
        line.depth -= 1
    elif line.depth and token.string == ("in" if len(line.rounds) % 2 else "for"):
        line.rounds.append(token.start)
