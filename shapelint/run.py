"""A run: discover, read and check all files, prove the findings; results in the order of the paths."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from shapelint.check import Candidate, FileCheck, Wanted
from shapelint.config import Config, ConfigError, Selector
from shapelint.discover import discover
from shapelint.finding import Finding, Status, Verdict
from shapelint.prefilter import may_hold_recurrent
from shapelint.report.result import FileResult, RunResult
from shapelint.source import Problem

if TYPE_CHECKING:
    from shapelint.verify.client import Verifier

HOW_TO_INSTALL = "python -m pip install 'shapelint[verify]'"


@dataclass(frozen=True, slots=True)
class Input:
    """A file's name and content."""

    path: str
    raw: bytes


def run(paths: Sequence[str], config: Config, jobs: int = 0, stdin: Input | None = None) -> RunResult:
    """Check files and folders, and a text that did not come from a file.

    Raises ConfigError when torch is required and cannot be imported; never for what is in a file.
    """
    can_prove = _can_prove(config.verify) if config.verify == "require" else None
    discovery = discover(paths, config.excludes, config.root)
    inputs, problems = _read(discovery.files)
    if stdin:
        inputs.append(stdin)
    unread = [FileResult(problem.path, problems=(problem,)) for problem in (*discovery.problems, *problems)]
    candidates = [given for given in inputs if may_hold_recurrent(given.raw)]
    total = len(inputs) + len(problems)
    if not candidates:
        return _result(total, 0, unread, None)
    if can_prove is None:
        can_prove = _can_prove(config.verify)
    results, torch = _check(candidates, config, jobs, can_prove)
    return _result(total, len(candidates), [*unread, *results], torch)


def _result(files: int, checked: int, results: Iterable[FileResult], torch: str | None) -> RunResult:
    told = (result for result in results if result.findings or result.refuted or result.problems)
    return RunResult(files, checked, tuple(sorted(told, key=lambda result: result.path)), torch)


def _read(paths: Iterable[str]) -> tuple[list[Input], list[Problem]]:
    inputs: list[Input] = []
    problems: list[Problem] = []
    for path in paths:
        try:
            inputs.append(Input(path, Path(path).read_bytes()))
        except OSError as error:
            problems.append(Problem(path, 1, f"cannot read the file: {error.strerror or error}"))
    return inputs, problems


def _can_prove(mode: str) -> bool:
    """Whether torch proves the findings of this run; raises ConfigError when it must and cannot."""
    if mode == "off":
        return False
    from shapelint.verify.client import available

    if available():
        return True
    if mode == "require":
        raise ConfigError(f"--verify=require, but torch cannot be imported; install it: {HOW_TO_INSTALL}")
    return False


def _check(candidates: Sequence[Input], config: Config, jobs: int, prove: bool) -> tuple[list[FileResult], str | None]:
    """Check the candidate files; also the version of the torch that ran."""
    from shapelint.pool import Task, check_all

    selector = Selector(config, _rules_by_default())
    tasks = [
        Task(given.path, given.raw, Wanted(selector.codes(given.path), config.min_confidence, prove))
        for given in candidates
    ]
    if not prove:
        why = "verification is off" if config.verify == "off" else "torch is not installed"
        checks = check_all(tasks, jobs, started=lambda: None)
        return [_unproven(check, why) for check in checks], None
    from shapelint.verify.client import Verifier

    with Verifier() as verifier:
        # torch's import in the worker overlaps the analysis here
        checks = check_all(tasks, jobs, started=verifier.start)
        return [proven(check, verifier) for check in checks], verifier.torch


def _rules_by_default() -> dict[str, bool]:
    from shapelint.rules.base import RULES, load

    load()
    return {code: rule.default for code, rule in RULES.items()}


def _unproven(check: FileCheck, why: str) -> FileResult:
    verdict = Verdict(Status.UNVERIFIED, "", why)
    findings = (replace(candidate.finding, verdict=verdict) for candidate in check.candidates)
    return FileResult(check.path, check.text, tuple(findings), (), check.problems)


def proven(check: FileCheck, verifier: Verifier) -> FileResult:
    """The findings of one file with torch's verdicts, what it disproved set apart."""
    findings = [_judged(candidate, verifier) for candidate in check.candidates]
    refuted = tuple(finding for finding in findings if _status(finding) is Status.REFUTED)
    kept = tuple(finding for finding in findings if _status(finding) is not Status.REFUTED)
    return FileResult(check.path, check.text, kept, refuted, check.problems)


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
