"""What a run ends with on standard error: its counts, in one line or a table."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from shapelint.config import Config
from shapelint.finding import Status

if TYPE_CHECKING:
    from shapelint.report.result import RunResult


def found(result: RunResult, config: Config) -> str:
    """What was found and fixed, and what could be."""
    files = _count(result.files, "file")
    text = f"Found no mistakes in {files} ({result.checked} with recurrent layers)"
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
    """How often each code was found, the most frequent first."""
    counts = Counter((finding.code, finding.name) for finding in result.findings)
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return "".join(f"{number:>5}  {code}  {name}\n" for (code, name), number in ordered)


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
