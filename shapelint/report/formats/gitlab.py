"""GitLab's code quality report: what a merge request shows beside the changed lines."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from shapelint.finding import Finding, Severity
from shapelint.report.by_file import findings_by_file, problems_by_file
from shapelint.report.fingerprint import fingerprints
from shapelint.report.result import RunResult
from shapelint.report.telling import Telling
from shapelint.report.text import plain
from shapelint.source import Problem

_SEVERITIES: Mapping[Severity, str] = {Severity.ERROR: "critical", Severity.WARNING: "major", Severity.INFO: "info"}


def render(result: RunResult, telling: Telling) -> str:
    """The list of issues; what could not be checked is one, too."""
    prints = fingerprints(result.told(telling.show_refuted), result.texts)
    issues = [
        *map(_issue, findings_by_file(result, telling.show_refuted), prints),
        *map(_problem, problems_by_file(result)),
    ]
    return json.dumps(issues, indent=2) + "\n"


def _issue(finding: Finding, fingerprint: str) -> dict[str, Any]:
    span = finding.span
    return {
        "description": plain(f"{finding.code} {finding.message}"),
        "check_name": finding.code,
        "fingerprint": fingerprint,
        "severity": _SEVERITIES[finding.severity],
        "location": {"path": _path(finding.path), "lines": {"begin": span.line, "end": span.end_line}},
    }


def _problem(problem: Problem) -> dict[str, Any]:
    alike = "\0".join((problem.code, _path(problem.path), problem.message))
    return {
        "description": plain(f"{problem.code} {problem.message}"),
        "check_name": problem.code,
        "fingerprint": sha256(alike.encode("utf-8", "surrogatepass")).hexdigest()[:32],
        "severity": "blocker",
        "location": {"path": _path(problem.path), "lines": {"begin": problem.line, "end": problem.line}},
    }


def _path(path: str) -> str:
    """As the repository names it: GitLab knows paths without `./`, with slashes."""
    return plain(os.path.normpath(path).replace(os.sep, "/"))
