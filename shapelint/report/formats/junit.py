"""JUnit's XML, for servers that know tests only: a finding is a test that failed, in the suite of its file."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from shapelint.finding import Finding
from shapelint.regex import regex
from shapelint.report import proof
from shapelint.report.by_file import findings_by_file, problems_by_file
from shapelint.report.result import RunResult
from shapelint.report.telling import Telling
from shapelint.report.text import plain
from shapelint.source import Problem

_NO_CHARACTER = regex("[\ufffe\uffff]")  #: beside control characters and surrogates, what XML cannot hold


def render(result: RunResult, telling: Telling) -> str:
    """The suites; a run without findings is one test that passed, since some servers take no tests for a failure."""
    root = Element("testsuites", name="shapelint")
    found: list[Finding | Problem] = [
        *findings_by_file(result, telling.show_refuted),
        *problems_by_file(result),
    ]
    for path, group in groupby(sorted(found, key=_path), key=_path):
        root.append(_suite(path, [_case(one) for one in group]))
    if not found:
        root.append(_suite("shapelint", [Element("testcase", name="no mistakes", classname="shapelint")]))
    for kind in ("tests", "failures", "errors"):
        root.set(kind, str(sum(int(suite.get(kind, "0")) for suite in root)))
    indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + tostring(root, encoding="unicode") + "\n"


def _path(found: Finding | Problem) -> str:
    return found.path


def _suite(name: str, cases: list[Element]) -> Element:
    counts = {"tests": len(cases), "failures": _with(cases, "failure"), "errors": _with(cases, "error")}
    suite = Element("testsuite", {"name": _text(name), **{kind: str(number) for kind, number in counts.items()}})
    suite.extend(cases)
    return suite


def _with(cases: list[Element], outcome: str) -> int:
    return sum(case.find(outcome) is not None for case in cases)


def _case(found: Finding | Problem) -> Element:
    line = found.line if isinstance(found, Problem) else found.span.line
    column = "" if isinstance(found, Problem) else f":{found.span.column + 1}"
    path = _text(found.path)
    case = Element("testcase", name=f"{found.code} {path}:{line}{column}", classname=path, file=path, line=str(line))
    if isinstance(found, Problem):
        SubElement(case, "error", message=_text(found.message), type=found.code)
    else:
        failure = SubElement(case, "failure", message=_text(found.message), type=f"{found.code} {found.name}")
        failure.text = "\n".join(map(_text, _details(found)))
    return case


def _details(finding: Finding) -> Iterator[str]:
    yield f"{finding.path}:{finding.span.line}:{finding.span.column + 1}: {finding.severity.value}: {finding.message}"
    for shown in finding.shapes:
        yield " ".join(filter(None, (f"shape: {shown.name} {shown.shape}", ", ".join(shown.roles))))
    if finding.verdict:
        yield f"proof: {proof.told(finding.verdict)}"
    for fix in finding.fixes:
        yield f"fix: {fix.description}"
    if finding.help:
        yield f"help: {finding.help}"


def _text(text: str) -> str:
    return _NO_CHARACTER.sub("\ufffd", plain(text))
