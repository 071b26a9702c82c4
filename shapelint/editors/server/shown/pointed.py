"""What is known of the value of an expression that somebody points at: its shapes, and where they come from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from shapelint.data import dataclass
from shapelint.regex import regex
from shapelint.report.shapes.rows import layer_text, options_of
from shapelint.shapes.axis import Axis, Role
from shapelint.shapes.render import Naming, axes_of
from shapelint.shapes.value import Layer, List, Packed, Tensor, Tuple, Value
from shapelint.source import Source, Span
from shapelint.trace.node import SCRIPT
from shapelint.trace.trace import Trace, evidence_by_symbol

_SIZE = regex(r"(?P<value>.+)\.size\((?P<axis>-?\d+)\)$")
_PLACE = regex(r"@\d+:\d+")
MAX_VIEWS = 6  #: of one value that are shown


@dataclass(frozen=True, slots=True)
class View:
    """What a value is on some paths: `text` is a shape or a layer; `called` where the file's own script leads to it."""

    text: str
    roles: tuple[str, ...]
    entry: str
    called: bool
    origins: tuple[str, ...]  #: where sizes and roles come from, a line each
    options: tuple[tuple[str, str], ...] = ()  #: of a layer


@dataclass(frozen=True, slots=True)
class Pointed:
    """An expression and its views, the symbolic ones first."""

    span: Span
    name: str
    views: tuple[View, ...]


def pointed(source: Source, traces: Sequence[Trace], line: int, column: int) -> Pointed | None:
    """The innermost expression at a place of which something is known."""
    here = Span(line, column, line, column + 1)
    found = [(trace, span, value) for trace in traces for span, value in _values(trace) if span.covers(here)]
    if not found:
        return None
    # the one that begins last among those that hold a place is the innermost, but for what begins with it
    inner = max((span for _, span, _ in found), key=lambda s: (s.line, s.column, -s.end_line, -s.end_column))
    views: dict[tuple[str, bool], View] = {}
    for trace, span, value in found:
        if span == inner:
            view = _view(source, trace, value)
            views.setdefault((view.text, view.called), view)
    told = sorted(views.values(), key=lambda view: view.called)[:MAX_VIEWS]
    return Pointed(inner, _text(source, inner), tuple(view for view in told if view.text))


def _values(trace: Trace) -> Iterator[tuple[Span, Value]]:
    yield from trace.mentions
    yield from ((binding.span, binding.value) for binding in trace.bindings)


def _view(source: Source, trace: Trace, value: Value) -> View:
    naming = Naming(trace)
    text = shown(value, naming)
    axes = list(_axes(value))
    roles = naming.roles(axes_of(value))
    origins = tuple(dict.fromkeys([*_of_sizes(trace, naming, axes), *_of_roles(source, trace, axes)]))
    options = options_of(value, naming) if isinstance(value, Layer) else ()
    return View(text, roles, trace.entry, trace.entry == SCRIPT, origins, tuple(options))


def shown(value: Value, naming: Naming) -> str:
    """A value as text; empty for what has no shape."""
    if isinstance(value, Layer):
        return layer_text(value, naming)
    if isinstance(value, Tuple | List):
        parts = [shown(item, naming) or "?" for item in value.items]
        return f"({', '.join(parts)}{',' * (len(parts) == 1)})" if any(part != "?" for part in parts) else ""
    if not isinstance(value, Tensor | Packed):
        return ""
    return f"packed {naming.shape(axes_of(value))}" if isinstance(value, Packed) else naming.shape(axes_of(value))


def _axes(value: Value) -> Iterator[Axis]:
    if isinstance(value, Tuple | List):
        for item in value.items:
            yield from _axes(item)
    yield from axes_of(value)


def _of_sizes(trace: Trace, naming: Naming, axes: Sequence[Axis]) -> Iterator[str]:
    """What each symbol in a shape is."""
    for axis in axes:
        resolved = trace.resolve(axis.dim)
        for symbol in sorted(resolved.symbols):
            yield f"`{naming.symbol(symbol)}` is {_origin(trace, symbol)}"


def _origin(trace: Trace, symbol: str) -> str:
    size = _SIZE.match(_PLACE.sub("", symbol))
    if size:
        return f"the size of axis {size['axis']} of `{size['value']}`"
    given = [entered.name for entered in trace.entered if any(free.key == symbol for free in entered.parameters)]
    text = _PLACE.sub("", symbol)
    return f"the parameter `{text}` of `{given[0]}`" if given else f"`{text}`"


def _of_roles(source: Source, trace: Trace, axes: Sequence[Axis]) -> Iterator[str]:
    """Which operation, or which words of the author, say what an axis means."""
    said: dict[Span, list[str]] = {}
    for axis in axes:
        if axis.origin is not None and axis.role is not Role.UNKNOWN:
            said.setdefault(axis.origin, []).append(axis.role.value)
    here = {node.span for node in trace.nodes if node.path == trace.path}
    for span, roles in said.items():
        if span in here:
            yield f"{', '.join(dict.fromkeys(roles))}: by `{_text(source, span)}` in line {span.line}"
    for axis in axes:
        for symbol in trace.resolve(axis.dim).symbols:
            for piece in evidence_by_symbol(trace).get(symbol, ()):
                if piece.path is None:
                    yield f"{piece.role.value}: {piece.message} (line {piece.span.line})"


def _text(source: Source, span: Span) -> str:
    """The source of a place in one line."""
    lines = source.lines[span.line - 1 : span.end_line]
    if len(lines) == 1:
        return lines[0][span.column : span.end_column]
    return " ".join(" ".join([lines[0][span.column :], *lines[1:-1], lines[-1][: span.end_column]]).split())
