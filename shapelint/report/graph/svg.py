"""A graph as SVG: alone with its own colours for dark and light, or inside a page that has them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from itertools import pairwise

from shapelint.finding import Finding
from shapelint.report.graph.data import Box, Graph
from shapelint.report.graph.layout import LINE, PAD, Stop, label_of, laid_out, texts_of

#: what a page with graphs must hold, too; the colours are those of the page, where it names any
STYLE = """
.flow text { font: 12px ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; fill: var(--ink, #1d2433); }
.flow .name { font-weight: bold; }
.flow .small { fill: var(--muted, #667085); font-size: 11px; }
.flow rect { fill: var(--box, #f5f7fb); stroke: var(--line, #98a2b3); }
.flow .layer rect { fill: var(--layer, #e0e9ff); stroke: var(--layer-line, #3b63c9); }
.flow .mistake rect { stroke: var(--bad, #c4320a); stroke-width: 3; }
.flow .badge { fill: var(--bad, #c4320a); font-weight: bold; }
.flow .label rect { fill: var(--page, #ffffff); stroke: none; }
.flow path { fill: none; stroke: var(--line, #98a2b3); stroke-width: 1.5; }
#tip path { fill: var(--line, #98a2b3); stroke: none; }
"""
#: the point of all arrows, which a page has once
TIP = (
    '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
    '<path d="M0 0 L8 4 L0 8 z"/></marker></defs>'
)
_ALONE = """
svg.flow { background: var(--page, #ffffff); }
@media (prefers-color-scheme: dark) {
  svg.flow { --page: #11151c; --ink: #e6eaf2; --muted: #98a2b3; --box: #1c2330; --line: #667085;
             --layer: #1d2b4d; --layer-line: #7aa2ff; --bad: #ff8a65; }
}
"""


def render(graph: Graph, findings: Sequence[Finding] = (), anchors: Mapping[int, str] | None = None) -> str:
    """The picture. With `anchors`, by the `id` of a finding, it is part of a page, and marks lead there."""
    codes = graph.codes(findings)
    layout = laid_out(graph, codes)
    links = {number: (anchors or {}).get(id(found[0]), "") for number, found in graph.marked(findings).items()}
    width, height = f"{layout.width:.0f}", f"{layout.height:.0f}"
    rows = [f'<svg xmlns="http://www.w3.org/2000/svg" class="flow" role="img" viewBox="0 0 {width} {height}"']
    rows += [f'width="{width}" height="{height}">', f"<title>{escape(_title(graph, codes))}</title>"]
    if anchors is None:
        rows.append(f"<style>{STYLE}{_ALONE}</style>{TIP}")
    rows += [f'<path d="{_way(chain)}" marker-end="url(#tip)"/>' for chain in layout.chains]
    for arrow, chain in zip(graph.arrows, layout.chains, strict=True):
        rows += _label(label_of(arrow), chain[1])
    for number, (box, stop) in enumerate(zip(graph.boxes, layout.boxes, strict=True)):
        rows += _box(box, stop, codes.get(number, ""), links.get(number, ""))
    return "\n".join([*rows, "</svg>"]) + "\n"


def _title(graph: Graph, codes: Mapping[int, str]) -> str:
    told = f", with {', '.join(sorted(set(codes.values())))} marked" if codes else ""
    return f"Data flow of {graph.entry}{told}"


def _way(chain: Sequence[Stop]) -> str:
    """A smooth way from the lower edge of a box through the stops to the upper edge of another one."""
    points = [(stop.x, stop.y) for stop in chain]
    points[0] = (chain[0].x, chain[0].y + chain[0].height / 2)
    points[-1] = (chain[-1].x, chain[-1].y - chain[-1].height / 2 - 1)
    way = f"M{points[0][0]:.1f} {points[0][1]:.1f}"
    for (x, y), (to_x, to_y) in pairwise(points):
        half = (y + to_y) / 2
        way += f" C{x:.1f} {half:.1f} {to_x:.1f} {half:.1f} {to_x:.1f} {to_y:.1f}"
    return way


def _label(lines: Sequence[str], stop: Stop) -> Iterator[str]:
    yield '<g class="label">' + _rect(stop)
    yield from _texts(lines, stop, ("", "small"), LINE / 2)
    yield "</g>"


def _box(box: Box, stop: Stop, codes: str, anchor: str) -> Iterator[str]:
    """A box; in a page that of a mistake leads to the finding."""
    yield f'<a href="#{escape(anchor)}">' if anchor else ""
    yield f'<g class="{box.kind}{" mistake" if codes else ""}">{_rect(stop, rounded=True)}'
    kinds = (*(["badge"] if codes else []), "name", *[""] * len(box.details), "small")
    yield from _texts(texts_of(box, codes), stop, kinds, PAD / 2 + LINE / 2)
    yield "</g></a>" if anchor else "</g>"


def _rect(stop: Stop, rounded: bool = False) -> str:
    x, y = stop.x - stop.width / 2, stop.y - stop.height / 2
    corner = ' rx="6"' if rounded else ""
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{stop.width:.1f}" height="{stop.height:.1f}"{corner}/>'


def _texts(lines: Sequence[str], stop: Stop, kinds: Sequence[str], first: float) -> Iterator[str]:
    top = stop.y - stop.height / 2 + first
    for number, line in enumerate(lines):
        kind = kinds[min(number, len(kinds) - 1)]
        named = f' class="{kind}"' if kind else ""
        place = f'x="{stop.x:.1f}" y="{top + number * LINE:.1f}" text-anchor="middle" dominant-baseline="central"'
        yield f"<text{named} {place}>{escape(line)}</text>"
