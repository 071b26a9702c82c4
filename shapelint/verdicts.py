"""Torch's word on the findings of one file."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from shapelint.check import Candidate, FileCheck
from shapelint.finding import Finding, Status, Verdict
from shapelint.report.result import FileResult

if TYPE_CHECKING:
    from shapelint.verify.client import Verifier


def proven(check: FileCheck, verifier: Verifier) -> FileResult:
    """The findings of one file with torch's verdicts, what it disproved set apart."""
    findings = [_judged(candidate, verifier) for candidate in check.candidates]
    refuted = tuple(finding for finding in findings if _status(finding) is Status.REFUTED)
    kept = tuple(finding for finding in findings if _status(finding) is not Status.REFUTED)
    return FileResult(check.path, check.text, kept, refuted, check.problems)


def unproven(check: FileCheck, why: str) -> FileResult:
    """The findings of one file when torch is not asked."""
    verdict = Verdict(Status.UNVERIFIED, "", why)
    findings = tuple(replace(candidate.finding, verdict=verdict) for candidate in check.candidates)
    return FileResult(check.path, check.text, findings, problems=check.problems)


def _judged(candidate: Candidate, verifier: Verifier) -> Finding:
    from shapelint.verify.prove import Judged, prove, prove_fix

    finding = prove(Judged(candidate.finding, candidate.programs), verifier)
    # a fix of what is no mistake, or cannot be run, is not worth the time
    if _status(finding) is not Status.CONFIRMED or not candidate.mended:
        return finding
    pairs = zip(finding.fixes, candidate.mended, strict=True)
    return replace(finding, fixes=tuple(prove_fix(fix, programs, verifier) for fix, programs in pairs))


def _status(finding: Finding) -> Status | None:
    return finding.verdict.status if finding.verdict else None
