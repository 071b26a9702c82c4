"""A graph in the language of Graphviz."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from shapelint.finding import Finding
from shapelint.report.graph.data import Graph
from shapelint.report.graph.layout import label_of, texts_of

_LOOKS = {"input": "ellipse", "result": "ellipse", "layer": "box", "operation": "box"}


def render(graph: Graph, findings: Sequence[Finding] = ()) -> str:
    """The picture."""
    codes = graph.codes(findings)
    rows = [f"digraph {_quoted([graph.entry])} {{", '  node [fontname="monospace"]', '  edge [fontname="monospace"]']
    for number, box in enumerate(graph.boxes):
        looks = [f"shape={_LOOKS[box.kind]}"]
        looks += ["style=filled", 'fillcolor="#e0e9ff"'] if box.kind == "layer" else []
        looks += ["color=red", "penwidth=3"] if number in codes else []
        rows.append(f"  n{number} [label={_quoted(texts_of(box, codes.get(number, '')))}, {', '.join(looks)}]")
    rows += [f"  n{arrow.start} -> n{arrow.end} [label={_quoted(label_of(arrow))}]" for arrow in graph.arrows]
    return "\n".join([*rows, "}"]) + "\n"


def _quoted(lines: Iterable[str]) -> str:
    escaped = (line.replace("\\", "\\\\").replace('"', '\\"') for line in lines)
    return '"' + "\\n".join(escaped) + '"'
