"""Workflow commands of GitHub Actions, which become annotations of the changed files.

`::warning file=a.py,line=3,col=5,endLine=3,endColumn=9,title=SHP101 name::message`
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from shapelint.finding import Finding, Severity
from shapelint.report import proof
from shapelint.report.by_file import findings_by_file, problems_by_file
from shapelint.report.result import RunResult
from shapelint.report.telling import Telling
from shapelint.report.text import plain
from shapelint.source import Problem

_COMMANDS: Mapping[Severity, str] = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}
_DATA = (("%", "%25"), ("\r", "%0D"), ("\n", "%0A"))
_PROPERTY = (*_DATA, (":", "%3A"), (",", "%2C"))


def render(result: RunResult, telling: Telling) -> str:
    """The commands, each on a line of its own."""
    commands = [
        *map(_finding, findings_by_file(result, telling.show_refuted)),
        *map(_problem, problems_by_file(result)),
    ]
    return "".join(f"{command}\n" for command in commands)


def _finding(finding: Finding) -> str:
    span = finding.span
    # columns are those of one line only
    columns = {"col": span.column + 1, "endColumn": span.end_column + 1} if span.line == span.end_line else {}
    place = {"file": finding.path, "line": span.line, **columns, "endLine": span.end_line}
    text = "\n".join(_told(finding))
    return _command(_COMMANDS[finding.severity], {**place, "title": f"{finding.code} {finding.name}"}, text)


def _told(finding: Finding) -> Iterator[str]:
    """The message, what torch says of it, and how to mend it."""
    yield plain(finding.message)
    if finding.verdict:
        yield f"proof: {proof.told(finding.verdict)}"
    mend = finding.fixes[0].description if finding.fixes else finding.help
    if mend:
        yield plain(f"fix: {mend}")


def _problem(problem: Problem) -> str:
    return _command(
        "error", {"file": problem.path, "line": problem.line, "title": problem.code}, plain(problem.message)
    )


def _command(name: str, properties: Mapping[str, object], text: str) -> str:
    told = ",".join(f"{key}={_escaped(plain(str(value)), _PROPERTY)}" for key, value in properties.items())
    return f"::{name} {told}::{_escaped(text, _DATA)}"


def _escaped(text: str, marks: tuple[tuple[str, str], ...]) -> str:
    for mark, written in marks:
        text = text.replace(mark, written)
    return text
