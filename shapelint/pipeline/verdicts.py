"""Torch's word on the findings of one file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from shapelint.data import dataclass
from shapelint.effort import phase
from shapelint.finding import Finding, Fix, Status, Verdict
from shapelint.pipeline.check import Analyse, Candidate, FileCheck, Wanted, analyse_source, check_source
from shapelint.project.reads import Reads
from shapelint.report.result import FileResult
from shapelint.source import Source

if TYPE_CHECKING:
    from shapelint.verify.client import Verifier


@dataclass(frozen=True, slots=True)
class Judgement:
    """The result of a check, and what it rests on beside the file's text.

    `torch` is the version that was run for it; `sure` is False where torch may say something else the next time.
    """

    result: FileResult
    reads: Reads
    torch: str | None = None
    sure: bool = True


def judgement(check: FileCheck, verifier: Verifier | None, why: str) -> Judgement:
    """What torch says of a file, or `why` it is not asked."""
    if verifier is None:
        return Judgement(unproven(check, why), check.reads)
    asked, doubts = verifier.asked, verifier.doubts
    result = proven(check, verifier)
    torch = verifier.torch if verifier.asked > asked else None
    return Judgement(result, check.reads, torch, sure=verifier.doubts == doubts)


@phase("proof")
def proven(check: FileCheck, verifier: Verifier) -> FileResult:
    """The findings of one file with torch's verdicts, what it disproved set apart."""
    judged = ((candidate, _judged(candidate, verifier)) for candidate in check.candidates)
    findings = [finding for candidate, finding in judged if not (candidate.needs_proof and _is_unproven(finding))]
    refuted = tuple(finding for finding in findings if _status(finding) is Status.REFUTED)
    kept = tuple(finding for finding in findings if _status(finding) is not Status.REFUTED)
    return FileResult(check.path, check.text, kept, refuted, check.problems, graphs=check.graphs)


def _is_unproven(finding: Finding) -> bool:
    """Whether torch could not be asked about a mistake, or did not get to it."""
    return _status(finding) is Status.UNVERIFIED


def unproven(check: FileCheck, why: str) -> FileResult:
    """The findings of one file when torch is not asked."""
    verdict = Verdict(Status.UNVERIFIED, "", why)
    findings = tuple(replace(candidate.finding, verdict=verdict) for candidate in check.candidates)
    return FileResult(check.path, check.text, findings, problems=check.problems, graphs=check.graphs)


def _judged(candidate: Candidate, verifier: Verifier) -> Finding:
    from shapelint.verify.prove import prove, prove_fix

    if candidate.judged is None:
        return candidate.finding
    finding = prove(candidate.judged, verifier)
    # a fix of what is no mistake, or cannot be run, is not worth the time
    if _status(finding) is not Status.CONFIRMED or not candidate.mended:
        return finding
    pairs = zip(finding.fixes, candidate.mended, strict=True)
    return replace(finding, fixes=tuple(prove_fix(fix, programs, verifier) for fix, programs in pairs))


def _status(finding: Finding) -> Status | None:
    return finding.verdict.status if finding.verdict else None


_TEXTS = 3  #: analyses that a judge remembers: of the text before a round, after it, and of the round tried before


@dataclass(frozen=True, slots=True)
class Judge:
    """Checks texts one after the other, with torch's verdicts; no text is analysed again soon after."""

    wanted: Wanted
    verifier: Verifier
    analyse: Analyse = field(default_factory=lambda: lru_cache(maxsize=_TEXTS)(analyse_source))

    def check(self, source: Source) -> FileResult:
        """What is found in a text."""
        return proven(check_source(source, self.wanted, self.analyse), self.verifier)

    def all_mended(self, found: Sequence[Finding], before: Source, after: Source) -> bool:
        """Whether torch shows that what was found in a text is mended where the first fix of each is applied."""
        from shapelint.rules.findings import findings
        from shapelint.verify.prove import mended_programs, prove_fix

        hits = findings(self.analyse(before).traces, frozenset(finding.code for finding in found))
        places = {(finding.code, finding.span): (finding, trace) for finding, trace in hits}
        traces = self.analyse(after).traces
        together = Fix("all at once", tuple(edit for finding in found for edit in finding.fixes[0].edits))
        for finding, trace in (places[finding.code, finding.span] for finding in found):
            programs = mended_programs(finding, together, trace, lambda _: traces)
            if not prove_fix(together, programs, self.verifier).proven:
                return False
        return True
