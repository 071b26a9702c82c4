"""A finding as an article of the page."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.finding import Finding, Fix, ShownShape, Status
from shapelint.notebooks.places import Places
from shapelint.report import proof
from shapelint.report.links import page_of
from shapelint.report.page import code, grid
from shapelint.report.page.html import Markup, element, lines, prose

BADGES = {Status.CONFIRMED: "confirmed", Status.REFUTED: "refuted", Status.UNVERIFIED: "unverified"}


def status_of(finding: Finding) -> str:
    """What torch said, in one word."""
    return BADGES[finding.verdict.status if finding.verdict else Status.UNVERIFIED]


def article(finding: Finding, places: Places, anchor: str) -> Markup:
    """All that is known of a finding."""
    place, text = str(places.of(finding.path, finding.span)), places.texts.get(finding.path, "")
    words = f"{finding.code} {finding.name} {place} {finding.message}".lower()
    head = element(
        "header", element("h3", prose(finding.message)), element("p", _labels(finding, place), class_="labels")
    )
    return element(
        "article",
        head,
        code.frame(finding, text, places.cells(finding.path)),
        _elsewhere(finding, places),
        _parts(finding, text),
        id=anchor,
        tabindex="-1",
        class_=f"finding {finding.severity.value}",
        data_code=finding.code,
        data_severity=finding.severity.value,
        data_status=status_of(finding),
        data_words=words,
    )


def _labels(finding: Finding, place: str) -> Iterator[Markup]:
    yield element("span", finding.severity.value, class_=f"label {finding.severity.value}")
    yield element("span", status_of(finding), class_=f"label {status_of(finding)}")
    yield element("a", finding.code, href=page_of(finding.code), rel="noreferrer")
    yield Markup(" ")
    yield element("span", finding.name)
    yield Markup(" ")
    yield element("code", place, class_="place")
    if finding.confidence.value != "high":
        yield element("span", f"{finding.confidence.value} confidence", class_="label")


def _elsewhere(finding: Finding, places: Places) -> Iterator[Markup]:
    for place in finding.related:
        if place.path not in (None, finding.path):
            told = places.of(place.path or finding.path, place.span)
            yield element("p", element("code", f"{told.file}:{told.span.line}"), ": ", prose(place.message))


def _parts(finding: Finding, text: str) -> Iterator[Markup]:
    if finding.shapes:
        yield _shapes(finding.shapes)
    if finding.verdict:
        yield element("p", element("strong", "Proof: "), prose(proof.told(finding.verdict)))
        if finding.verdict.assumed:
            yield element("p", element("strong", "Guess: "), prose("; ".join(finding.verdict.assumed)))
        footprint = finding.verdict.footprint
        if footprint and footprint[0] and footprint[0][0]:
            yield grid.pictures(footprint, finding.fixes[0].footprint if finding.fixes else None)
    if finding.help and not finding.fixes:
        yield element("p", element("strong", "Help: "), prose(finding.help))
    for number, fix in enumerate(finding.fixes):
        yield element("p", element("strong", "Or: " if number else "Fix: "), prose(fix.description), _standing(fix))
        yield code.change(fix, finding.path, text)
    if finding.witness:
        yield _witness(finding.witness)


def _shapes(shapes: tuple[ShownShape, ...]) -> Markup:
    rows = (
        element(
            "tr",
            element("th", element("code", shown.name), scope="row"),
            element("td", element("code", shown.shape)),
            element("td", ", ".join(shown.roles)),
        )
        for shown in shapes
    )
    return element("div", element("table", element("tbody", rows)), class_="scroll shapes")


def _standing(fix: Fix) -> Iterator[Markup]:
    if fix.proven:
        yield element("span", "proven by torch", class_="label confirmed")
    if not fix.safe:
        yield element("span", "changes results", class_="label")
    if fix.left:
        yield element("span", " unproven: ", prose(fix.left))


def _witness(script: str) -> Markup:
    button = element("button", "Copy", type="button", class_="copy")
    summary = element("summary", "A script that shows it with torch alone")
    body = element(
        "div", button, element("pre", lines(script), class_="code script", tabindex="0"), class_="script-box"
    )
    return element("details", summary, body)
