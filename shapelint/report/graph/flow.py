"""The data flows of a file, from the traces of its entry points."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from textwrap import wrap

from shapelint.data import dataclass
from shapelint.finding import Finding, Ref
from shapelint.notebooks.places import Cells
from shapelint.report.graph.data import Arrow, Box, Graph
from shapelint.report.shapes.rows import layer_text
from shapelint.report.text import plain
from shapelint.shapes.render import Naming, render_value, short_name
from shapelint.shapes.value import Layer, Packed, Tensor, Value
from shapelint.source import Source, Span, one_line
from shapelint.trace.node import INPUT, SCRIPT, Node
from shapelint.trace.trace import Trace

MOST = 60  #: boxes of a picture: of a longer one nobody sees anything
LONGEST = 34  #: characters of a line in a box
MOST_LINES = 3  #: of what is below its name


def graphs(traces: Sequence[Trace], findings: Sequence[Finding] = ()) -> list[Graph]:
    """One for each entry point; of its paths the one that most findings are on, else the likeliest.

    The top level of a script is drawn where it alone shows a finding: its calls are those of the classes.
    """
    drawn = [_drawn(_chosen(group, findings)) for group in _by_entry(traces)]
    drawn = [graph for graph in drawn if any(box.kind in ("layer", "operation") for box in graph.boxes)]
    shown = [graph for graph in drawn if graph.entry != SCRIPT]
    seen = {id(finding) for graph in shown for found in graph.marked(findings).values() for finding in found}
    left = [finding for finding in findings if id(finding) not in seen]
    return [*shown, *(graph for graph in drawn if graph.entry == SCRIPT and (graph.marked(left) or not shown))]


def _by_entry(traces: Iterable[Trace]) -> Iterable[list[Trace]]:
    found: dict[str, list[Trace]] = {}
    for trace in traces:
        found.setdefault(trace.entry, []).append(trace)
    return found.values()


def _chosen(traces: Sequence[Trace], findings: Iterable[Finding]) -> Trace:
    spans = {finding.span for finding in findings}

    def rank(trace: Trace) -> tuple[int, int]:
        there = {node.span for node in trace.nodes if node.path == trace.path}
        return len(there & spans), -sum(decision.likely is False for decision in trace.decisions)

    return max(traces, key=rank)


@dataclass(slots=True)
class _Drawing:
    """Boxes and arrows as they are found; `at` are the numbers of the boxes by the nodes that they stand for."""

    trace: Trace
    naming: Naming
    lines: Sequence[str]
    cells: Cells
    boxes: list[Box]
    arrows: list[Arrow]
    at: dict[int, int]

    def add(self, box: Box, given: Iterable[Value]) -> int:
        """Add a box, with arrows from what it is given."""
        number = len(self.boxes)
        self.boxes.append(box)
        for value, ref in _refs(given):
            if ref.node in self.at:
                shape, roles = render_value(value, self.trace, self.naming)
                self.arrows.append(Arrow(self.at[ref.node], number, plain(shape), roles))
        return number

    def box(self, node: Node) -> Box:
        """The box of an operation."""
        spans = (node.span,) if node.path == self.trace.path else ()
        line = self._line(node.span.line) if spans else ""
        raises = node.error is not None
        if node.op == INPUT:
            return Box("input", _cut(short_name(node.leaf_key or "?")), (), "", (), raises)
        layer = node.args[0] if node.args else None
        if isinstance(layer, Layer) and node.op.endswith(".forward"):
            name, _, detail = layer_text(layer, self.naming).partition("(")
            made = (layer.span,) if layer.path in (None, self.trace.path) else ()
            return Box("layer", _cut(name), _wrapped(detail.removesuffix(")")), line, (*spans, *made), raises)
        name, quoted = node.op.rpartition(".")[2], self._quoted(node.span) if spans else ""
        if name.startswith("__") and quoted:  # an operator goes by what is written
            return Box("operation", _cut(quoted), (), line, spans, raises)
        return Box("operation", _cut(name.strip("_")), _wrapped(quoted), line, spans, raises)

    def _line(self, number: int) -> str:
        told = self.cells.told(number)
        return told if self.cells.first else f"line {told}"

    def _quoted(self, span: Span) -> str:
        if not 1 <= span.line <= len(self.lines):
            return ""
        end = span.end_column if span.end_line == span.line else None
        return self.lines[span.line - 1][span.column : end]


def _drawn(trace: Trace) -> Graph:
    """The picture of one path."""
    cells = Cells.of(trace.path, trace.text)
    drawing = _Drawing(trace, Naming(trace), Source("", trace.text).lines, cells, [], [], {})
    nodes = [node for node in trace.nodes if node.error is not None or _holds_tensor(node.result)]
    used = _used(nodes, trace.returned)
    nodes = [node for node in nodes if node.id in used or any(True for _ in _refs(node.args))]
    for node in nodes[:MOST]:
        drawing.at[node.id] = drawing.add(drawing.box(node), (*node.args, *node.kwargs.values()))
    for value in trace.returned:
        if any(ref.node in drawing.at for _, ref in _refs([value])):
            drawing.add(Box("result", "result"), [value])
    settings = tuple(plain(decision.told) for decision in trace.decisions if decision.setting is not None)
    more = max(len(nodes) - MOST, 0)
    return Graph(trace.path, trace.entry, tuple(drawing.boxes), tuple(drawing.arrows), settings, more)


def _holds_tensor(value: Value) -> bool:
    return isinstance(value, Tensor | Packed) or any(_holds_tensor(part) for _, part in value.parts())


def _used(nodes: Iterable[Node], returned: Iterable[Value]) -> set[int]:
    given = [value for node in nodes for value in (*node.args, *node.kwargs.values())]
    return {ref.node for _, ref in _refs([*given, *returned])}


def _refs(values: Iterable[Value]) -> Iterator[tuple[Value, Ref]]:
    """The values of a trace inside others, but layers; each once."""
    seen = set[Ref]()
    pending = [*values][::-1]
    while pending:
        value = pending.pop()
        ref: Ref | None = getattr(value, "ref", None)
        if isinstance(value, Layer):
            continue
        if ref is None:
            pending.extend(part for _, part in value.parts())
        elif ref not in seen:
            seen.add(ref)
            yield value, ref


def _wrapped(text: str) -> tuple[str, ...]:
    lines = wrap(plain(text), LONGEST, break_on_hyphens=False)
    return tuple(lines[:MOST_LINES] if len(lines) <= MOST_LINES else [*lines[: MOST_LINES - 1], "..."])


def _cut(text: str) -> str:
    return one_line(plain(text), LONGEST)
