"""The dependence footprint as a picture: which steps of which samples reach which rows of the result."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.finding import Footprint
from shapelint.report.page.html import Markup, element

CELL, GAP, LEFT, TOP = 16, 14, 62, 34
MOST_ROWS, MOST_STEPS, MOST_SAMPLES = 8, 24, 8


def pictures(footprint: Footprint, mended: Footprint | None) -> Markup:
    """The footprint as it is, beside it that of the mended program."""
    drawn = [_figure(footprint, "as it is")]
    if mended is not None and mended and mended[0]:
        drawn.append(_figure(mended, "with the fix"))
    told = [
        "Torch changed each step of each input sample, and looked which rows of the result changed:",
        "a filled square is a step that reaches the row.",
    ]
    if len(footprint[0]) > 1:
        told.append("In a sound model row 1 is reached by sample 1 alone (green); round and red is another sample's.")
    if not _is_square(footprint):
        told.append("Squares are blue where the rows are not one for each sample.")
    return element(
        "div", element("p", " ".join(told), class_="muted"), element("div", drawn, class_="figures"), class_="reach"
    )


def _figure(footprint: Footprint, title: str) -> Markup:
    return element("figure", element("figcaption", title), svg(footprint, title))


def svg(footprint: Footprint, title: str) -> Markup:
    """A footprint as an SVG element, whose colours are those of the page."""
    return Markup("".join(_svg(footprint, title)))


def _svg(footprint: Footprint, title: str) -> Iterator[str]:
    samples, steps = min(len(footprint[0]), MOST_SAMPLES), min(len(footprint[0][0]), MOST_STEPS)
    rows = min(len(footprint), MOST_ROWS)
    width = max(steps * CELL, 58)
    whole = LEFT + samples * (width + GAP)
    height = TOP + rows * (CELL + 4) + 4
    yield f'<svg class="grid" role="img" viewBox="0 0 {whole} {height}" width="{whole}" height="{height}">'
    yield f"<title>{_told(footprint, title)}</title>"
    for j in range(samples):
        yield f'<text x="{LEFT + j * (width + GAP)}" y="14">sample {j}</text>'
        yield f'<text class="small" x="{LEFT + j * (width + GAP)}" y="28">time →</text>'
    for i in range(rows):
        top = TOP + i * (CELL + 4)
        yield f'<text x="0" y="{top + 12}">row {i}</text>'
        for j in range(samples):
            yield from _squares(footprint, i, j, LEFT + j * (width + GAP), top)
    yield "</svg>"


def _squares(footprint: Footprint, row: int, sample: int, left: int, top: int) -> Iterator[str]:
    """The steps of a sample in a row; another sample's are round, too, for those who do not see red beside green."""
    is_square = _is_square(footprint)
    for step, reached in enumerate(footprint[row][sample][:MOST_STEPS]):
        kind = _kind(reached, row == sample, is_square)
        shape = f'width="{CELL - 2}" height="{CELL - 2}" rx="{CELL // 2 if kind == "other" else 2}"'
        yield f'<rect class="{kind}" x="{left + step * CELL}" y="{top}" {shape}/>'


def _is_square(footprint: Footprint) -> bool:
    """Whether there is a row for each sample."""
    return len(footprint) == len(footprint[0])


def _kind(reached: bool, is_own: bool, is_square: bool) -> str:
    if not reached:
        return "missed"
    if not is_square:
        return "reached"
    return "own" if is_own else "other"


def _told(footprint: Footprint, title: str) -> str:
    """The picture in words, for those who do not see it."""
    rows = []
    for i, row in enumerate(footprint[:MOST_ROWS]):
        samples = [str(j) for j, steps in enumerate(row) if any(steps)]
        rows.append(f"row {i} depends on sample {', '.join(samples) or 'none'}")
    return f"Footprint {title}: {'; '.join(rows)}"
