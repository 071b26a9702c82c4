"""A graph in the language of Mermaid, which GitHub and GitLab draw in Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from shapelint.finding import Finding
from shapelint.regex import regex
from shapelint.report.graph.data import Graph
from shapelint.report.graph.layout import label_of, texts_of

_SHAPES = {"input": "([{}])", "result": "([{}])", "layer": "[{}]", "operation": "({})"}
_MARKS = regex(r"[^\w (),.=:+/-]")


def render(graph: Graph, findings: Sequence[Finding] = ()) -> str:
    """The picture."""
    codes = graph.codes(findings)
    rows = ["flowchart TD"]
    wrong = []
    for number, box in enumerate(graph.boxes):
        wrong += [f"n{number}"] if number in codes else []
        rows.append(f"  n{number}{_SHAPES[box.kind].format(_quoted(texts_of(box, codes.get(number, ''))))}")
    rows += [f"  n{arrow.start} -->|{_quoted(label_of(arrow))}| n{arrow.end}" for arrow in graph.arrows]
    if wrong:
        rows += ["  classDef mistake stroke:#c4320a,stroke-width:3px", f"  class {','.join(wrong)} mistake"]
    return "\n".join(rows) + "\n"


def _quoted(lines: Iterable[str]) -> str:
    """A text in quotes, whatever else than words in it as Mermaid's entities."""
    escaped = (_MARKS.sub(lambda found: f"#{ord(found[0])};", line) for line in lines)
    return '"' + "<br>".join(escaped) + '"'
