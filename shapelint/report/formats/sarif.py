"""SARIF 2.1.0, which GitHub's code scanning and most viewers read."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

from shapelint import __version__
from shapelint.finding import Confidence, Edit, Finding, Fix, Place, Severity, Status
from shapelint.report import proof
from shapelint.report.by_file import findings_by_file, problems_by_file
from shapelint.report.fingerprint import fingerprints
from shapelint.report.links import HOME, page_of
from shapelint.report.result import RunResult
from shapelint.report.telling import Telling
from shapelint.report.text import plain
from shapelint.source import Problem, Span

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS: Mapping[Severity, str] = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
_PRECISION: Mapping[Confidence, str] = {Confidence.HIGH: "very-high", Confidence.MEDIUM: "high", Confidence.LOW: "low"}
_KEY = "shapelint/v1"  #: of the fingerprints; another number where they are made otherwise


def render(result: RunResult, telling: Telling) -> str:
    """The log of one run."""
    findings = findings_by_file(result, telling.show_refuted)
    codes = sorted({finding.code for finding in findings})
    prints = fingerprints(result.told(telling.show_refuted), result.texts)
    run = {
        "tool": {"driver": _driver(codes)},
        "columnKind": "unicodeCodePoints",
        "invocations": [
            {
                "executionSuccessful": not result.problems and not result.stopped,
                "toolExecutionNotifications": [_notification(problem) for problem in problems_by_file(result)],
            }
        ],
        "results": [
            _result(finding, codes.index(finding.code), key) for finding, key in zip(findings, prints, strict=True)
        ],
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def _driver(codes: Sequence[str]) -> dict[str, Any]:
    driver = {"name": "shapelint", "semanticVersion": __version__, "informationUri": HOME}
    return {**driver, "rules": [_rule(code) for code in codes]}


def _rule(code: str) -> dict[str, Any]:
    from shapelint.rules.index import rule_of

    rule = rule_of(code)
    if rule is None:  # a rule that earlier runs had
        return {"id": code, "helpUri": page_of(code)}
    return {
        "id": code,
        "name": rule.name,
        "shortDescription": {"text": rule.summary},
        "help": {"text": rule.page, "markdown": rule.page},
        "helpUri": page_of(code),
        "defaultConfiguration": {"level": _LEVELS[rule.severity], "enabled": rule.default},
        "properties": {"precision": _PRECISION[rule.confidence], "tags": ["correctness", "pytorch"]},
    }


def _result(finding: Finding, index: int, fingerprint: str) -> dict[str, Any]:
    verdict = finding.verdict
    is_refuted = verdict is not None and verdict.status is Status.REFUTED
    return {
        "ruleId": finding.code,
        "ruleIndex": index,
        "kind": "pass" if is_refuted else "fail",
        "level": "none" if is_refuted else _LEVELS[finding.severity],
        "message": {"text": _message(finding)},
        "locations": [{"physicalLocation": _location(finding.path, finding.span)}],
        "relatedLocations": [_related(number, place, finding.path) for number, place in enumerate(finding.related)],
        "partialFingerprints": {_KEY: fingerprint},
        "fixes": [_fix(finding.path, fix) for fix in finding.fixes if fix.proven],
        "properties": {
            "confidence": finding.confidence.value,
            "verification": verdict.status.value if verdict else Status.UNVERIFIED.value,
        },
    }


def _message(finding: Finding) -> str:
    """The message, and in a sentence each what torch did and what mends it: a viewer shows nothing else at once."""
    told = [finding.message]
    if finding.verdict:
        told.append(f"proof: {proof.told(finding.verdict)}")
    if finding.help and not finding.fixes:
        told.append(f"help: {finding.help}")
    return "\n".join(map(plain, told))


def _related(number: int, place: Place, path: str) -> dict[str, Any]:
    location = _location(place.path or path, place.span)
    return {"id": number, "message": {"text": plain(place.message)}, "physicalLocation": location}


def _fix(path: str, fix: Fix) -> dict[str, Any]:
    replacements = [_replacement(edit) for edit in fix.edits]
    change = {"artifactLocation": {"uri": _uri(path)}, "replacements": replacements}
    return {"description": {"text": plain(fix.description)}, "artifactChanges": [change]}


def _replacement(edit: Edit) -> dict[str, Any]:
    return {"deletedRegion": _region(edit.span), "insertedContent": {"text": edit.text}}


def _notification(problem: Problem) -> dict[str, Any]:
    place = {"artifactLocation": {"uri": _uri(problem.path)}, "region": {"startLine": problem.line}}
    return {
        "descriptor": {"id": problem.code},
        "level": "error",
        "message": {"text": plain(problem.message)},
        "locations": [{"physicalLocation": place}],
    }


def _location(path: str, span: Span) -> dict[str, Any]:
    return {"artifactLocation": {"uri": _uri(path)}, "region": _region(span)}


def _region(span: Span) -> dict[str, int]:
    start = {"startLine": span.line, "startColumn": span.column + 1}
    return {**start, "endLine": span.end_line, "endColumn": span.end_column + 1}


def _uri(path: str) -> str:
    """A relative path stays relative, to the root that the reader of the log knows."""
    if os.path.isabs(path):
        return PurePath(path).as_uri()
    return quote(os.path.normpath(path).replace(os.sep, "/").encode("utf-8", "surrogateescape"))
