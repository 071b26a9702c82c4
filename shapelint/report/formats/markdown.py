"""Markdown, for the summary of a job and for comments: a table of the findings, the proofs below it."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.finding import Finding, Status
from shapelint.regex import regex
from shapelint.report.links import page_of
from shapelint.report.result import RunResult
from shapelint.report.telling import Telling
from shapelint.report.text import plain

_MARKS = regex(r"([\\`*_{}\[\]<>()#+!|~&])")
_CODE = regex(r"\\`(.+?)\\`")
_MOST = 50  #: findings of the table: a summary has a bounded length
_BADGES = {Status.CONFIRMED: "confirmed by torch", Status.REFUTED: "refuted by torch", Status.UNVERIFIED: "unverified"}


def render(result: RunResult, telling: Telling) -> str:
    """The whole page."""
    return "\n".join(_rows(result, result.told(telling.show_refuted))) + "\n"


def _rows(result: RunResult, findings: list[Finding]) -> Iterator[str]:
    yield "### shapelint"
    yield ""
    yield _headline(result)
    if findings:
        yield ""
        yield "| place | rule | what | proof |"
        yield "|---|---|---|---|"
        places = result.places
        yield from (_row(one, str(places.of(one.path, one.span))) for one in findings[:_MOST])
    if len(findings) > _MOST:
        yield ""
        yield f"... and {len(findings) - _MOST} more."
    if result.problems:
        yield ""
        yield "Not checked:"
        yield ""
        for problem in result.problems:
            yield f"- {_text(f'{problem.path}:{problem.told}')}: {problem.code} {_text(problem.message)}"


def _headline(result: RunResult) -> str:
    found, confirmed = len(result.findings), result.count(Status.CONFIRMED)
    files = f"{result.files} file{'s' * (result.files != 1)}, {result.checked} with PyTorch code"
    if not found:
        return f"No mistakes found in {files}."
    return f"**{found} mistake{'s' * (found != 1)}** ({confirmed} confirmed by torch) in {files}."


def _row(finding: Finding, place: str) -> str:
    rule = f"[{finding.code}]({page_of(finding.code)}) {finding.name}"
    mend = finding.fixes[0].description if finding.fixes else finding.help
    what = _text(finding.message) + (f"<br>fix: {_text(mend)}" if mend else "")
    badge = _BADGES[finding.verdict.status if finding.verdict else Status.UNVERIFIED]
    return f"| {_text(place)} | {rule} | {what} | {badge} |"


def _text(text: str) -> str:
    """Text of the checked code, with nothing in it that Markdown or HTML would take for its own."""
    escaped = _MARKS.sub(r"\\\1", plain(text))
    for mark, entity in (("<", "&lt;"), (">", "&gt;"), ("&", "&amp;")):
        escaped = escaped.replace(f"\\{mark}", entity)
    return _CODE.sub(r"<code>\1</code>", escaped)
