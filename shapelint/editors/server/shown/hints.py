"""Inlay hints: the shapes behind the names that are given values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field

from lsprotocol import types

from shapelint.data import dataclass
from shapelint.editors.server.document import Seen
from shapelint.editors.server.settings import Hints
from shapelint.editors.server.shown.places import Places
from shapelint.regex import regex
from shapelint.report.document import ShapeRow
from shapelint.report.shapes.rows import Found, Refusal, shape_text
from shapelint.source import SHAPE_MARK, Span
from shapelint.trace.node import SCRIPT

_MEMBER = regex(r"(?P<name>.*?)(?P<indices>(\[\d+\])+)$")
MAX_LABEL = 120  #: characters of a hint


@dataclass(slots=True)
class Given:
    """A name that is given a value, and its shapes by the entry that leads to it, each with its roles."""

    line: int
    column: int
    name: str
    shapes: dict[str, str] = field(default_factory=dict)
    roles: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def entry(self) -> str | None:
        """The first entry that is not the file's own script, if there is one."""
        return next((entry for entry in self.shapes if entry != SCRIPT), None)

    @property
    def symbols(self) -> str | None:
        """The shape in symbols."""
        return self.shapes[self.entry] if self.entry else None

    @property
    def numbers(self) -> str | None:
        """The shape in the script's own calls."""
        return self.shapes.get(SCRIPT)


def hints(seen: Seen, asked: Span, places: Places, wanted: Hints) -> list[types.InlayHint]:
    """The hints in a part of a text."""
    if not wanted.enable:
        return []
    known: dict[tuple[str | None, str], str] = {}  #: the last shape of each name, by its entry
    found: list[types.InlayHint] = []
    for given in sorted(_given(seen.look.shapes), key=lambda one: (one.line, one.column)):
        text, key = _text(given, wanted.sizes), (given.entry, given.name)
        is_new = known.get(key) != text
        known[key] = text
        end = given.column - 1 + len(given.name)
        line = places.lines[given.line - 1] if given.line <= len(places.lines) else ""
        if (
            line[given.column - 1 : end] == given.name
            and asked.line <= given.line <= asked.end_line
            and (is_new or not wanted.only_changes)
            and not _is_written(text, line)
        ):
            found.append(_hint(given, text, places.position(given.line, end), wanted.roles))
    return found


def _is_written(text: str, line: str) -> bool:
    """Whether a comment of ours in a line tells a shape already."""
    before, _, comment = line.rpartition(SHAPE_MARK)
    return bool(before) and text in comment


def _hint(given: Given, text: str, position: types.Position, with_roles: bool) -> types.InlayHint:
    roles = given.roles.get(given.entry or SCRIPT, ())
    label = f": {text}" + (f" {', '.join(roles)}" if roles and with_roles else "")
    label = label if len(label) <= MAX_LABEL else label[: MAX_LABEL - 1] + "…"
    return types.InlayHint(position, label, kind=types.InlayHintKind.Type, tooltip="\n".join(_tooltip(given)))


def _tooltip(given: Given) -> Iterator[str]:
    for entry, text in given.shapes.items():
        roles = given.roles.get(entry, ())
        where = "in this file's own calls" if entry == SCRIPT else entry
        yield f"{text}  {', '.join(roles)}  [{where}]" if roles else f"{text}  [{where}]"


def _text(given: Given, sizes: str) -> str:
    """The shape in the form that is wanted, or in the other where there is none."""
    symbols, numbers = given.symbols, given.numbers
    if sizes == "both" and symbols and numbers and symbols != numbers:
        return f"{symbols} = {numbers}"
    return (numbers or symbols or "") if sizes == "numbers" else (symbols or numbers or "")


def _given(found: Found) -> Iterator[Given]:
    """The names of the text that are given tensors, packed sequences, or tuples of them."""
    names: dict[tuple[int, int, str], list[tuple[str, Mapping[ShapeRow, str]]]] = {}
    for (_, line, column, name), variants in found.items():
        member = _MEMBER.match(name)
        bare, indices = (member["name"], member["indices"]) if member else (name, "")
        if bare != "_" and "(" not in bare and "[" not in bare:
            names.setdefault((line, column, bare), []).append((indices, variants))
    for (line, column, name), members in names.items():
        given = Given(line, column, name)
        for indices, rows in members:
            for row, entry in rows.items():
                _add(given, indices, row, entry)
        if given.shapes:
            yield given


def _add(given: Given, indices: str, row: ShapeRow, entry: str) -> None:
    """A shape of a name; the members of a tuple one after the other, of a path the first shape."""
    if row.layer is not None or isinstance(row, Refusal):
        return
    text = shape_text(row)
    if not indices:
        given.shapes.setdefault(entry, text)
        given.roles.setdefault(entry, row.roles)
    else:
        before = given.shapes.get(entry)
        given.shapes[entry] = f"{indices} {text}" if before is None else f"{before}, {indices} {text}"
