"""The answer of `shapelint shapes`: what the tool understood of every value, as a table or as JSON."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Literal, TypeAlias

from shapelint.data import dataclass
from shapelint.notebooks.places import Places
from shapelint.ops.registry import LAYERS
from shapelint.reading.quoting import text_of
from shapelint.reading.sizes.refusals import refused
from shapelint.report.document import ShapeRow
from shapelint.report.text import plain
from shapelint.shapes.dim import Dim
from shapelint.shapes.letters import Letters
from shapelint.shapes.render import Naming, axes_of
from shapelint.shapes.value import Bool, Float, Int, Layer, List, NoneValue, Packed, Str, Tensor, Tuple, Value
from shapelint.trace.events import Binding
from shapelint.trace.node import SCRIPT
from shapelint.trace.trace import Trace, once

_WHEN = " when "  #: between an entry and the choices of a path from there


@dataclass(frozen=True, slots=True)
class Refusal(ShapeRow):
    """An expression that torch refuses, so that it has no shape. JSON has no kind for it: findings tell it there."""

    error: str = ""


Found: TypeAlias = dict[tuple[str, int, int, str], dict[ShapeRow, str]]


def rows_of(traces: Iterable[Trace]) -> list[ShapeRow]:
    """One row for each value, by place; where calls differ, each shape with the entry that leads to it."""
    return rows_in([found_in(traces)])


def found_in(traces: Iterable[Trace]) -> Found:
    """The shapes of each value, each with the first entry that leads to it: plain data, which pickles."""
    found: Found = {}
    for trace in traces:
        entry = _entry(trace)
        for row in _rows_on(trace):
            key = (row.path, row.line, row.column, row.name)
            found.setdefault(key, {}).setdefault(row, entry)
    return found


@once
def _rows_on(trace: Trace) -> list[ShapeRow]:
    """The shapes of the values on one path; the last batch of a loader is no shape that a reader asks for."""
    if trace.is_of_last_batch:
        return []
    naming = Letters(trace)
    known = [row for binding in trace.bindings for row in _rows(binding, naming)]
    return [*known, *_failing(trace, naming)]


def _failing(trace: Trace, naming: Letters) -> Iterator[ShapeRow]:
    """What torch certainly refuses, with its reason: not what is meant to fail, or may not be reached."""
    for node, error in refused(trace) if not trace.is_by_default else ():
        is_meant = node.id in trace.tried or any(span.covers(node.span) for _, span in trace.expected)
        if not is_meant and node.id < trace.doubtful_from:
            line, column = node.span.line, node.span.column + 1
            name, why = text_of(trace, node.span), error.told(naming.dim)
            yield Refusal(trace.path, line, column, name, "tensor", (), (), None, None, error=why)


def rows_in(files: Iterable[Found]) -> list[ShapeRow]:
    """The rows of what was found in several files, which may import each other, without what torch refuses."""
    return [row for row in all_rows_in(files) if not isinstance(row, Refusal)]


def all_rows_in(files: Iterable[Found]) -> list[ShapeRow]:
    """The same with what torch refuses."""
    return [row for _, variants in sorted(together(files).items()) for row in _told_apart(variants)]


def together(files: Iterable[Found]) -> Found:
    """What was found in several files as one; of equal shapes the first entry is kept."""
    whole: Found = {}
    for found in files:
        for key, variants in found.items():
            known = whole.setdefault(key, {})
            whole[key] = known | {row: entry for row, entry in variants.items() if row not in known}
    return whole


def told(rows: Iterable[ShapeRow], places: Places) -> list[ShapeRow]:
    """The rows with the places that are told: in a notebook those in its cells."""
    return [_placed(row, *places.cells(row.path).at(row.line)) for row in rows]


def _placed(row: ShapeRow, cell: int | None, line: int) -> ShapeRow:
    return row if cell is None else dataclasses.replace(row, cell=cell, line=line)


def _entry(trace: Trace) -> str:
    """The entry point, and the choices of this path that the parameters' defaults would not take."""
    turned = [decision.told for decision in trace.decisions if decision.likely is False]
    return f"{trace.entry}{_WHEN}{' and '.join(turned)}" if turned else trace.entry


def main_shapes(variants: Mapping[ShapeRow, str]) -> list[str]:
    """The shapes of one value that are told first, as texts."""
    return list(dict.fromkeys(shape_text(row) for row in main_rows(variants) if row.layer is None))


def main_rows(variants: Mapping[ShapeRow, str]) -> list[ShapeRow]:
    """What is told first of one value: what is in symbols, without choices that are unlikely, and the most general.

    Where the file's own calls alone lead there, it is their numbers.
    """
    likely = _likely(variants)
    rows = [row for row, entry in likely.items() if not _is_of_script(entry)] or list(likely)
    return [row for row in rows if not any(_is_more_general(other, row) for other in rows)]


def numeric_rows(variants: Mapping[ShapeRow, str]) -> list[ShapeRow]:
    """What one value is in the file's own calls, without choices that are unlikely."""
    return [row for row, entry in _likely(variants).items() if _is_of_script(entry)]


def _likely(variants: Mapping[ShapeRow, str]) -> Mapping[ShapeRow, str]:
    known = {row: entry for row, entry in variants.items() if not isinstance(row, Refusal)}
    return {row: entry for row, entry in known.items() if _WHEN not in entry} or known


def _is_of_script(entry: str) -> bool:
    return entry.split(_WHEN)[0] == SCRIPT


def _is_more_general(row: ShapeRow, other: ShapeRow) -> bool:
    """Whether a shape has symbols wherever another one has them, and more."""
    pairs = list(zip(row.shape, other.shape, strict=False))
    wherever = all(isinstance(mine, str) or mine == its for mine, its in pairs)
    return wherever and len(row.shape) == len(other.shape) and _symbols(row) > _symbols(other)


def _symbols(row: ShapeRow) -> int:
    return sum(isinstance(size, str) for size in row.shape)


def _told_apart(variants: Mapping[ShapeRow, str]) -> Iterator[ShapeRow]:
    """The shapes of one value: the symbolic ones before those of the script's own calls."""
    for row, entry in sorted(variants.items(), key=lambda pair: pair[1] == SCRIPT):
        yield dataclasses.replace(row, entry=entry if len(variants) > 1 else None)


def render_json(rows: Sequence[ShapeRow]) -> str:
    """The rows as JSON text (docs/schema-shapes.json)."""
    return json.dumps([dataclasses.asdict(row) for row in rows], indent=2) + "\n"


def shape_text(row: ShapeRow) -> str:
    """A shape, or a layer, in one line."""
    if row.layer is not None:
        return plain(row.layer)
    sizes = ", ".join(str(size) for size in row.shape)
    shape = f"({sizes},)" if len(row.shape) == 1 else f"({sizes})"
    return f"packed {shape}" if row.kind == "packed" else shape


def called(expression: str, longest: int) -> str:
    """An expression in one line; of a long call the arguments are left out."""
    line = " ".join(expression.split())
    return line if len(line) <= longest or "(" not in line else f"{line[: line.index('(')]}(...)"


def _rows(binding: Binding, naming: Letters) -> Iterator[ShapeRow]:
    for name, value in _members(binding.name, binding.value):
        row = _row(binding, name, value, naming)
        if row is not None:
            yield row


def _members(name: str, value: Value) -> Iterator[tuple[str, Value]]:
    """A value itself, or the members of a tuple as `name[0]`, `name[1][0]`."""
    if not isinstance(value, Tuple | List):
        yield name, value
        return
    for index, item in enumerate(value.items):
        yield from _members(f"{name}[{index}]", item)


def _row(binding: Binding, name: str, value: Value, naming: Letters) -> ShapeRow | None:
    line, column = binding.span.line, binding.span.column + 1
    if isinstance(value, Layer):
        return ShapeRow(binding.path, line, column, name, "layer", (), (), layer_text(value, naming), None)
    if not isinstance(value, Tensor | Packed):
        return None
    axes = axes_of(value)
    kind: Literal["tensor", "packed"] = "tensor" if isinstance(value, Tensor) else "packed"
    sizes, roles, origins = naming.sizes(axes), naming.roles(axes), naming.origins(axes)
    return ShapeRow(binding.path, line, column, name, kind, sizes, roles, None, None, origins=origins)


def layer_text(layer: Layer, naming: Naming) -> str:
    """A layer's construction without what equals its default: `LSTM(input_size=3, hidden_size=H)`."""
    defaults = _defaults(layer.kind)
    shown = [
        f"{name}={_argument(value, naming)}"
        for name, value in layer.config.items()
        if not (name in defaults and value == defaults[name])
    ]
    return f"{layer.name}({', '.join(shown)})"


def options_of(layer: Layer, naming: Naming) -> list[tuple[str, str]]:
    """All options of a layer with their values."""
    return [(name, _argument(value, naming)) for name, value in layer.config.items()]


def _defaults(kind: str) -> Mapping[str, object]:
    known = LAYERS.get(kind)
    parameters = known.build.signature.parameters.values() if known else ()
    return {parameter.name: parameter.default for parameter in parameters}


def _argument(value: object, naming: Naming) -> str:
    if isinstance(value, Int):
        return naming.dim(value.dim)
    if isinstance(value, Dim):
        return naming.dim(value)
    if isinstance(value, Bool | Float | Str):
        return repr(value.value)
    if isinstance(value, NoneValue):
        return "None"
    if isinstance(value, tuple | list):
        return f"({', '.join(_argument(item, naming) for item in value)})"
    return repr(value) if isinstance(value, bool | int | float | str | None) else "?"
