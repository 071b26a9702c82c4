"""The table of `shapelint shapes`: a row for each expression, folded to a width, and what the letters stand for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from textwrap import wrap

import click

from shapelint.data import dataclass
from shapelint.report.document import ShapeRow
from shapelint.report.shapes.rows import Refusal, called, main_rows, numeric_rows, shape_text
from shapelint.report.text import expand, plain
from shapelint.source import shortened

WIDTH = 100  #: columns, where nothing else is known of the place that the table is shown in
_MAX_NAME, _MAX_SHAPE = 32, 48  #: columns that a row may take without making those of all others wider
_MAX_VARIANTS = 2  #: shapes of one expression that are told
_GLUE = "\xa0"  #: a blank at which no line is cut
_MAX_ORIGINS = 3  #: of one letter


@dataclass(frozen=True, slots=True)
class _Told:
    """One row as it is shown."""

    line: int
    name: str
    shape: str
    roles: str
    fails: bool
    stands_out: bool  #: whether the shape may be longer than the column: a layer, or an error


def render_text(rows: Sequence[ShapeRow], width: int = WIDTH) -> str:
    """A table for each file, or cell: line, expression, shape, roles. A call that is assigned goes by its name."""
    return "\n".join(_table(file, list(group), width) for file, group in groupby(rows, key=_file))


def _file(row: ShapeRow) -> str:
    return row.path if row.cell is None else f"{row.path}:cell {row.cell}"


def _table(file: str, rows: Sequence[ShapeRow], width: int) -> str:
    groups = groupby(rows, key=lambda row: (row.line, row.column, row.name))
    told = [_told(list(group), min(_MAX_NAME, width // 3)) for _, group in groups]
    named = {(row.line, row.shape, row.roles) for row in told if "(" not in row.name}
    shown = [row for row in told if "(" not in row.name or (row.line, row.shape, row.roles) not in named]
    number = max(len(str(row.line)) for row in shown)
    name = max(_width(row.name) for row in shown)
    shape = max((_width(row.shape) for row in shown if not row.stands_out), default=0)
    columns = number, name, min(shape, _MAX_SHAPE)
    lines = [click.style(plain(file), bold=True)]
    lines += [line for row in shown for line in _folded(row, columns, width)]
    lines += [line for legend in _legend(rows) for line in _wrapped(legend, number + 2, width)]
    return "\n".join(lines) + "\n"


def _told(group: Sequence[ShapeRow], longest: int) -> _Told:
    """The row of an expression: its shapes in symbols, and those in the file's own calls, or why it fails."""
    variants = {row: row.entry or "" for row in group}
    error = next((row.error for row in group if isinstance(row, Refusal)), None)
    main = main_rows(variants)
    texts = list(dict.fromkeys(map(shape_text, main)))
    numbers = [text for text in dict.fromkeys(map(shape_text, numeric_rows(variants))) if text not in texts]
    shape = " = ".join(_either(some) for some in (texts, numbers) if some)
    if error is not None:
        shape = f"fails: {plain(error)}" + (f"; else {shape}" if shape else "")
    roles = ", ".join(main[0].roles) if main else ""
    stands_out = error is not None or any(row.layer is not None for row in group)
    return _Told(group[0].line, _short(group[0].name, longest), shape, roles, error is not None, stands_out)


def _either(texts: Sequence[str]) -> str:
    more = ["others"] if len(texts) > _MAX_VARIANTS else []
    return " or ".join([*texts[:_MAX_VARIANTS], *more])


def _short(name: str, longest: int) -> str:
    """An expression on one line; of a long one the arguments, or the end, are left out."""
    return shortened(called(plain(" ".join(name.split())), longest), longest)


def _folded(row: _Told, columns: tuple[int, int, int], width: int) -> Iterator[str]:
    """A row, on further lines where it is wider than there is room; what follows stands below the shape."""
    number, name, shape = columns
    head = f"{str(row.line).rjust(number)}  {_pad(row.name, name)}  "
    indent = " " * (number + name + 4)
    room = max(width - len(indent), 20)
    pieces = _pieces(row.shape, room)
    last = _pad(pieces[-1], shape if len(pieces) == 1 else 0) if pieces else ""
    if row.roles and _width(last) + 2 + len(row.roles) <= room:
        pieces[-1:] = [f"{last}  {row.roles}"]
    elif row.roles:
        pieces.append(row.roles)
    for at, piece in enumerate(pieces or [""]):
        line = f"{indent if at else head}{piece}".rstrip()
        yield click.style(line, fg="red") if row.fails else line


def _pieces(shape: str, room: int) -> list[str]:
    """The shape cut where it must be: between shapes, and within one that is too long by itself."""
    for text in (shape.replace(", ", f",{_GLUE}"), shape):
        pieces = wrap(text, room, break_long_words=False, break_on_hyphens=False)
        if all(_width(piece) <= room for piece in pieces):
            break
    return [piece.replace(_GLUE, " ") for piece in pieces]


def _legend(rows: Iterable[ShapeRow]) -> Iterator[str]:
    """What each letter stands for; in other functions it may be something else."""
    origins: dict[str, dict[str, None]] = {}
    for row in rows:
        for name, origin in row.origins:
            origins.setdefault(name, {})[origin] = None
    for name, known in sorted(origins.items()):
        several = list(known)
        more = f"; and {len(several) - _MAX_ORIGINS} more" if len(several) > _MAX_ORIGINS else ""
        yield plain(f"{name}: {'; '.join(several[:_MAX_ORIGINS])}{more}")


def _wrapped(text: str, indent: int, width: int) -> list[str]:
    return wrap(text, width, initial_indent=" " * indent, subsequent_indent=" " * (indent + 4))


def _pad(text: str, width: int) -> str:
    return text + " " * (width - _width(text))


def _width(text: str) -> int:
    return expand(text)[1][-1]
