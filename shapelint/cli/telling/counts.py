"""What a run ends with on standard error: its counts, in one line or a table."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from shapelint.config import Config
from shapelint.finding import Finding, Status

if TYPE_CHECKING:
    from shapelint.report.result import RunResult


def found(result: RunResult, config: Config) -> str:
    """What was found and fixed, and what could be."""
    files = _count(result.files, "file")
    text = f"Found no mistakes in {files} ({result.checked} with PyTorch code)"
    if result.files == 0:
        text = "Nothing was checked" if result.unchecked else "Found no Python files: nothing was checked"
    elif result.fixed:
        text = f"Fixed {_count(result.fixed, 'mistake')} ({len(result.findings)} remaining)"
    elif result.findings:
        number = _count(len(result.findings), "mistake")
        text = f"Found {number}{_verdicts(result)} in {len({f.path for f in result.findings})} of {files}"
    if result.refuted:
        text += f"; torch refuted {_count(len(result.refuted), 'candidate')}"
    return "; ".join([text, *_fixable(result, config), *_failures(result)])


def would_fix(result: RunResult, config: Config) -> str:
    """What --diff shows."""
    text = f"Would fix {_count(result.fixed, 'mistake') if result.fixed else 'nothing'}"
    return "; ".join([text, *_fixable(result, config), *_failures(result)])


def by_code(result: RunResult) -> str:
    """How often each code was found and torch confirmed it, as a table, the most frequent first."""
    findings = result.findings
    found = Counter((finding.code, finding.name, finding.severity.value) for finding in findings)
    confirmed = Counter(finding.code for finding in findings if _is_confirmed(finding))
    fixable = Counter(finding.code for finding in findings if any(fix.proven for fix in finding.fixes))
    ordered = sorted(found.items(), key=lambda item: (-item[1], item[0]))
    rows = [(number, confirmed[code], fixable[code], code, kind, name) for (code, name, kind), number in ordered]
    total = (len(findings), confirmed.total(), fixable.total(), "total", "", "")
    table = [("found", "confirmed", "fixable", "code", "severity", "name"), *rows, total]
    return "".join(f"{a:>5}  {b:>9}  {c:>7}  {d:6}  {e:8}  {f}".rstrip() + "\n" for a, b, c, d, e, f in table)


def _is_confirmed(finding: Finding) -> bool:
    return finding.verdict is not None and finding.verdict.status is Status.CONFIRMED


def _fixable(result: RunResult, config: Config) -> list[str]:
    """How many of the findings options would fix."""
    if not result.findings:
        return []
    from shapelint.pipeline.fix import applicable

    proven = [fix for finding in result.findings if (fix := applicable(finding, unsafe=True))]
    usable = sum(fix.safe or config.unsafe_fixes for fix in proven)
    more = len(proven) - usable
    if config.fix:
        return [f"{more} more fixable with --unsafe-fixes"] if more else []
    if usable:
        return [f"{usable} fixable with --fix" + (f" ({more} more with --unsafe-fixes)" if more else "")]
    return [f"{more} fixable with --fix --unsafe-fixes"] if more else []


def _failures(result: RunResult) -> list[str]:
    """How many paths could not be checked or written."""
    failed = ((result.unchecked, "checked"), (result.unwritten, "written"))
    told = [f"{_count(paths, 'path')} could not be {done}" for paths, done in failed if paths]
    if result.broken_cells:
        told.append(f"{_count(result.broken_cells, 'cell')} could not be checked")
    if result.stopped:
        told.append(f"interrupted, {_count(result.stopped.unchecked, 'file')} left unchecked")
    return told


def _verdicts(result: RunResult) -> str:
    confirmed = result.count(Status.CONFIRMED)
    unverified = len(result.findings) - confirmed
    parts = [f"{confirmed} confirmed by torch"] if confirmed else []
    if unverified:
        parts.append(f"{unverified} unverified")
    return f" ({', '.join(parts)})"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
