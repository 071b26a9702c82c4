"""The page: summary, statistics, what may be filtered, and the findings and data flows file by file."""

from __future__ import annotations

from base64 import b64encode
from collections import Counter
from collections.abc import Iterable, Iterator
from hashlib import sha256
from itertools import groupby
from pathlib import Path

from shapelint import __version__
from shapelint.finding import Finding, Status
from shapelint.report.graph import svg
from shapelint.report.graph.data import Graph
from shapelint.report.links import page_of
from shapelint.report.page.finding import article, status_of
from shapelint.report.page.html import Markup, element, prose, text
from shapelint.report.result import RunResult

_HERE = Path(__file__).parent
_KEYS = "Keys: j and k go to the next and the previous finding, / to the search."


def page(result: RunResult, findings: list[Finding]) -> str:
    """The whole page."""
    style = (_HERE / "style.css").read_text(encoding="utf-8") + svg.STYLE
    script = (_HERE / "script.js").read_text(encoding="utf-8")
    policy = f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'"
    head = [
        Markup('<meta charset="utf-8">'),
        Markup(
            f"<meta http-equiv=\"Content-Security-Policy\" content=\"{policy}; base-uri 'none'; form-action 'none'\">"
        ),
        Markup('<meta name="viewport" content="width=device-width, initial-scale=1">'),
        Markup('<meta name="color-scheme" content="light dark">'),
        element("title", f"shapelint: {_headline(result)}"),
        element("style", Markup(style)),
    ]
    body = element("body", _body(result, findings), element("script", Markup(script)))
    return f'<!doctype html>\n<html lang="en">\n{element("head", head)}\n{body}\n</html>\n'


def _hash(content: str) -> str:
    return f"sha256-{b64encode(sha256(content.encode()).digest()).decode()}"


def _body(result: RunResult, findings: list[Finding]) -> Iterator[Markup]:
    anchors = {id(finding): f"f{number}" for number, finding in enumerate(findings, 1)}
    yield element("a", "To the findings", class_="skip", href="#findings")
    yield Markup(f'<svg width="0" height="0" aria-hidden="true" class="tips">{svg.TIP}</svg>')
    theme = element("button", "Dark", type="button", id="theme", aria_pressed="false")
    yield element("header", element("h1", "shapelint"), element("p", _headline(result)), theme, class_="top")
    yield element("main", _main(result, findings, anchors))
    yield element(
        "footer", f"shapelint {__version__}" + (f", torch {result.torch}" if result.torch else ""), class_="muted"
    )


def _main(result: RunResult, findings: list[Finding], anchors: dict[int, str]) -> Iterator[Markup]:
    yield _summary(result)
    if findings:
        yield _statistics(findings)
        yield _filters(findings)
    yield element("div", _files(result, findings, anchors), id="findings", tabindex="-1")
    if result.problems:
        yield _problems(result)


def _headline(result: RunResult) -> str:
    found = len(result.findings)
    return f"{found} mistake{'s' * (found != 1)}" if found else "no mistakes found"


def _summary(result: RunResult) -> Markup:
    confirmed = result.count(Status.CONFIRMED)
    numbers = {
        "mistakes": len(result.findings),
        "confirmed by torch": confirmed,
        "unverified": len(result.findings) - confirmed,
        "refuted and dropped": len(result.refuted),
        "files": result.files,
        "that speak of torch": result.checked,
        "could not be checked": result.unchecked,
    }
    cards = (
        element("div", element("dt", name), element("dd", str(number)))
        for name, number in numbers.items()
        if number or name in ("mistakes", "files")
    )
    notes = (
        [element("p", f"The findings are unverified: {result.unproven}.")] if result.unproven and confirmed == 0 else []
    )
    return element("section", element("h2", "Summary"), element("dl", cards, class_="cards"), notes)


def _statistics(findings: Iterable[Finding]) -> Markup:
    found = Counter((finding.code, finding.name, finding.severity.value) for finding in findings)
    confirmed = Counter(finding.code for finding in findings if status_of(finding) == "confirmed")
    fixable = Counter(finding.code for finding in findings if any(fix.proven for fix in finding.fixes))
    head = element("tr", (element("th", name, scope="col") for name in _COLUMNS))
    rows = (
        element(
            "tr",
            element("th", element("a", code, href=page_of(code), rel="noreferrer"), scope="row"),
            element("td", name),
            element("td", severity),
            *(element("td", str(number), class_="count") for number in (count, confirmed[code], fixable[code])),
        )
        for (code, name, severity), count in sorted(found.items(), key=lambda item: (-item[1], item[0]))
    )
    table = element("table", element("thead", head), element("tbody", rows))
    return element("section", element("h2", "Statistics"), element("div", table, class_="scroll statistics"))


_COLUMNS = ("rule", "name", "severity", "found", "confirmed", "fixable")


def _filters(findings: list[Finding]) -> Markup:
    choices = {
        "severity": sorted({finding.severity.value for finding in findings}),
        "status": sorted({status_of(finding) for finding in findings}),
        "code": sorted({finding.code for finding in findings}),
    }
    selects = (
        element("label", f"{name} ", element("select", _options(values), id=f"by-{name}", data_by=name))
        for name, values in choices.items()
    )
    search = element("label", "search ", Markup('<input type="search" id="search" autocomplete="off">'))
    count = element("output", f"{len(findings)} of {len(findings)} shown", id="count")
    form = element("form", selects, search, count, class_="filters", role="search", aria_label="filter the findings")
    return element("section", element("h2", "Findings"), form, element("p", _KEYS, class_="muted keys"), class_="bar")


def _options(values: Iterable[str]) -> Iterator[Markup]:
    yield Markup('<option value="">all</option>')
    yield from (element("option", value, value=value) for value in values)


def _files(result: RunResult, findings: list[Finding], anchors: dict[int, str]) -> Iterator[Markup]:
    places = result.places
    by_path = {path: list(group) for path, group in groupby(findings, key=lambda finding: finding.path)}
    for one in result.results:
        here = by_path.get(one.path, [])
        if not here and not one.graphs:
            continue
        articles = [article(finding, places, anchors[id(finding)]) for finding in here]
        count = f"{len(here)} finding{'s' * (len(here) != 1)}" if here else "no findings"
        summary = element("summary", element("h2", text(one.path)), element("span", count, class_="muted"))
        flows = [_flow(graph, here, anchors) for graph in one.graphs]
        yield element("details", summary, articles, flows, class_="file", open=bool(here), data_path=one.path)


def _flow(graph: Graph, findings: list[Finding], anchors: dict[int, str]) -> Markup:
    """The picture of a data flow, folded where it shows no mistake."""
    told = [f"when {' and '.join(graph.settings)}"] if graph.settings else []
    told += [f"{graph.more} more operations are not drawn"] if graph.more else []
    summary = element("summary", "Data flow of ", element("code", graph.entry))
    note = element("p", prose("; ".join(told)), class_="muted") if told else Markup("")
    picture = Markup(svg.render(graph, findings, anchors))
    box = element(
        "div", picture, class_="scroll picture", tabindex="0", role="region", aria_label=f"data flow of {graph.entry}"
    )
    return element("details", summary, note, box, class_="flow-box", open=bool(graph.codes(findings)))


def _problems(result: RunResult) -> Markup:
    rows = (
        element("li", element("code", f"{problem.path}:{problem.told}"), f" {problem.code} ", prose(problem.message))
        for problem in result.problems
    )
    return element("section", element("h2", "Could not be checked"), element("ul", rows, class_="problems"))
