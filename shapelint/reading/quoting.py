"""How a message quotes the code: texts of spans, places, names of sizes; and the edits that replace them."""

from __future__ import annotations

from shapelint.finding import Edit, Place
from shapelint.reading.text import lines_of
from shapelint.shapes.render import Naming
from shapelint.shapes.value import Layer
from shapelint.source import Span, one_line
from shapelint.trace.events import Binding
from shapelint.trace.evidence import Evidence, Stated
from shapelint.trace.node import Frame, Node
from shapelint.trace.trace import Trace, once


def naming_of(trace: Trace) -> Naming:
    """The display names of a trace's symbols, to which a finding may add some."""
    return _names(trace).copy()


@once
def _names(trace: Trace) -> Naming:
    return Naming(trace)


def place_of(where: Node | Layer | Binding | Evidence | Stated | Frame, message: str) -> Place:
    """A place that a finding refers to, in the file that holds it."""
    return Place(where.span, message, where.path)


def construction_place(layer: Layer) -> Place:
    """Where a layer is built, and the options that matter for layouts."""
    options = [f"batch_first={layer.flag('batch_first')}"]
    if layer.flag("bidirectional"):
        options.append("bidirectional=True")
    return place_of(layer, f"this {layer.name} has {', '.join(options)}")


def kind_place(layer: Layer) -> Place:
    """Where a layer is built, and of which kind it is."""
    return place_of(layer, f"this is an nn.{layer.name}")


def with_article(layer: Layer) -> str:
    """A layer's kind in a sentence: `an LSTM`, `a GRU`."""
    return f"{'a' if layer.name.startswith('GRU') else 'an'} {layer.name}"


def text_of(trace: Trace, span: Span) -> str:
    """The source text of a span of the analysed file; empty where that file has no such lines.

    Rules look at the nodes of imported files too. What they make of them is dropped (`rules/on_path.py`).
    """
    lines = lines_of(trace)
    if span.end_line > len(lines):
        return ""
    if span.line == span.end_line:
        return lines[span.line - 1][span.column : span.end_column]
    first, last = lines[span.line - 1][span.column :], lines[span.end_line - 1][: span.end_column]
    return "\n".join([first, *lines[span.line : span.end_line - 1], last])


def quote(trace: Trace, span: Span) -> str:
    """Source text for a message: on one line, and not too long."""
    return one_line(text_of(trace, span), 50)


def replace_text(span: Span, text: str) -> Edit:
    """Replace a span."""
    return Edit(span, text)


def add_argument(trace: Trace, call: Span, text: str) -> Edit:
    """Insert a keyword argument at the end of a call's argument list."""
    source = text_of(trace, call)
    inside = source[:-1].rstrip()
    lead = "" if inside.endswith("(") else " " if inside.endswith(",") else ", "
    end_line = call.line + inside.count("\n")
    last = inside.rpartition("\n")[2]
    column = len(last) + (call.column if end_line == call.line else 0)
    return Edit(Span(end_line, column, end_line, column), lead + text)
