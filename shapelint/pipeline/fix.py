"""Fixing one file: proven fixes are applied to its text, round by round, until none is left.

A round takes the fixes that do not meet, in the order of the text, and applies them together. Its outcome is
kept if it can still be checked, if nothing is found in it that was not found before, and if torch shows that
every fix mends its finding also beside the others. If not, the first half of the fixes is tried, and so on; one that
fails alone is not tried again. So each round leaves fewer findings, or fewer fixes, and the last one leaves no fix;
and one bad fix among many costs a few rounds, not one for each of the good ones.

Every rule that is on by default watches the rounds, also those that are not selected and on lines with a `# noqa`:
what is not told must not become wrong either.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from shapelint.data import dataclass
from shapelint.finding import UNUSED, Edit, Finding, Fix
from shapelint.notebooks.places import line_told
from shapelint.pipeline.check import Wanted, check_bytes, check_source
from shapelint.pipeline.verdicts import Judge, proven
from shapelint.pipeline.write import replace_content, unwritten
from shapelint.report.result import Change, FileResult, Unfixed
from shapelint.source import Problem, Source, Span, decode_source, encode_source
from shapelint.suppress.comments import Suppressions
from shapelint.verify.edits import apply_edits, map_span

if TYPE_CHECKING:
    from shapelint.pipeline.processes.task import Task
    from shapelint.verify.client import Verifier


def applicable(finding: Finding, unsafe: bool) -> Fix | None:
    """The fix that may be applied to a finding: its first, if it is proven, and safe unless `unsafe` is asked for.

    That of a comment needs no proof: no program reads it.
    """
    fix = finding.fixes[0] if finding.fixes else None
    return fix if fix is not None and (fix.proven or finding.code == UNUSED) and (fix.safe or unsafe) else None


def mender(wanted: Wanted, unsafe: bool, verifier: Verifier) -> Mender:
    """A mender whose judge knows the rules that are on by default, too, and minds no comment."""
    from shapelint.rules.index import by_default

    codes = wanted.codes.union(code for code, on in by_default().items() if on)
    return Mender(wanted, unsafe, Judge(replace(wanted, codes=codes, noqa=False, ignores=False), verifier))


def save(before: FileResult, after: FileResult) -> FileResult:
    """Put a change into its file. Where that fails, the result is the one before, with a problem that says why."""
    change = after.change
    if change is None:
        return after
    try:
        replace_content(change.path, change.before, change.after)
    except OSError as error:
        return replace(before, problems=(unwritten(change.path, error),))
    return replace(after, change=replace(change, written=True))


def leave(result: FileResult, unsafe: bool, why: str) -> FileResult:
    """The result with the reason why none of its fixes is applied."""
    due = [finding for finding in result.findings if applicable(finding, unsafe)]
    return replace(result, unfixed=tuple(Unfixed(finding, why) for finding in due))


def look_again(task: Task, result: FileResult, verifier: Verifier) -> FileResult:
    """The result with what is found now, as if the file had not been seen: others that it imports were fixed since."""
    if not result.findings and result.change is None:
        return result
    raw = result.change.after if result.change else task.raw
    now = proven(check_bytes(task.path, raw, task.wanted), verifier)
    return replace(result, findings=now.findings, refuted=now.refuted, graphs=now.graphs)


@dataclass(frozen=True, slots=True)
class Mender:
    """Fixes files. `wanted` is what is told of them; `unsafe` allows fixes that change results."""

    wanted: Wanted
    unsafe: bool
    judge: Judge

    def mend(self, raw: bytes, result: FileResult) -> FileResult:
        """The result of a file with content `raw`, after its fixes; as it is if there is nothing to apply."""
        if not any(applicable(finding, self.unsafe) for finding in result.findings):
            return result
        source = decode_source(result.path, raw)
        if isinstance(source, Problem) or _bytes_of(source, raw) != raw:
            return leave(result, self.unsafe, "the encoding does not give the bytes back")
        first = self.judge.check(source)
        last, unfixed = self._to_the_end(source, raw, first)
        last, tidied = self._tidied(source, last)
        unfixed = [replace(one, finding=_moved(one.finding, _edits(tidied))) for one in unfixed]
        if last.text == first.text:
            return replace(result, unfixed=tuple(unfixed))
        findings, refuted = self._told(last.text, last.findings), self._told(last.text, last.refuted)
        fixed = len(self._told(first.text, first.findings)) - len(findings) + len(tidied)
        change = Change(result.path, raw, encode_source(replace(source, text=last.text), raw))
        told = FileResult(result.path, last.text, findings, refuted, last.problems, graphs=last.graphs)
        return replace(told, fixed=fixed, unfixed=tuple(unfixed), change=change)

    def _told(self, text: str, findings: Iterable[Finding]) -> tuple[Finding, ...]:
        """Those of the findings in a text that the user asked for."""
        suppressions = Suppressions(text, self.wanted.noqa, self.wanted.ignores)
        return tuple(
            finding
            for finding in findings
            if finding.code in self.wanted.codes and not suppressions.silences(finding.code, finding.span.line)
        )

    def _tidied(self, source: Source, state: FileResult) -> tuple[FileResult, list[Finding]]:
        """What is found without the comments that silence nothing once all fixes are applied, and these comments."""
        checked = check_source(replace(source, text=state.text), replace(self.wanted, prove=False), self.judge.analyse)
        idle = [one.finding for one in checked.candidates if one.finding.code == UNUSED]
        if not idle:
            return state, []
        return self.judge.check(replace(source, text=apply_edits(state.text, _edits(idle)))), idle

    def _to_the_end(self, source: Source, raw: bytes, state: FileResult) -> tuple[FileResult, list[Unfixed]]:
        unfixed: list[Unfixed] = []
        suspects = 0  # so many fixes, the first that are due, do not go together
        while due := self._next_round(state, unfixed):
            chosen = due[: max(suspects // 2, 1)] if suspects else due
            after = self._after(source, raw, state, chosen)
            if not isinstance(after, str):
                unfixed = [replace(u, finding=_moved(u.finding, _edits(chosen))) for u in unfixed]
                state, suspects = after, max(suspects - len(chosen), 0)
            elif len(chosen) > 1:
                suspects = len(chosen)
            else:
                unfixed.append(Unfixed(chosen[0], after))
                suspects = 0
        return state, unfixed

    def _next_round(self, state: FileResult, unfixed: Sequence[Unfixed]) -> list[Finding]:
        """The findings whose fixes are due and do not meet."""
        tried = {_key(u.finding) for u in unfixed}
        chosen: list[Finding] = []
        for finding in self._told(state.text, state.findings):
            fix = applicable(finding, self.unsafe)
            if fix and _key(finding) not in tried and not _meet(fix.edits, _edits(chosen)):
                chosen.append(finding)
        return chosen

    def _after(self, source: Source, raw: bytes, state: FileResult, chosen: Sequence[Finding]) -> FileResult | str:
        """What is found once the fixes of the chosen findings are applied, or why they must not be."""
        before, edits = replace(source, text=state.text), _edits(chosen)
        mended = replace(source, text=apply_edits(state.text, edits))
        after = self.judge.check(mended)
        arisen = [problem for problem in after.problems if problem not in state.problems]
        if arisen:
            return f"the file could not be checked any more: {arisen[0].message}"
        staying = {_key(_moved(finding, edits)) for finding in state.findings if finding not in chosen}
        arrived = next((finding for finding in after.findings if _key(finding) not in staying), None)
        if arrived:
            return f"it leads to {arrived.code} on line {line_told(source.path, mended.text, arrived.span.line)}"
        if _bytes_of(mended, raw) is None:
            return f"the encoding {source.encoding} has no bytes for it"
        if len(chosen) > 1 and not self.judge.all_mended(chosen, before, mended):
            return "it does not mend the finding beside other fixes"
        return after


def _key(finding: Finding) -> tuple[str, Span]:
    return finding.code, finding.span


def _moved(finding: Finding, edits: Sequence[Edit]) -> Finding:
    return replace(finding, span=map_span(finding.span, edits))


def _edits(chosen: Iterable[Finding]) -> list[Edit]:
    return [edit for finding in chosen for edit in finding.fixes[0].edits]


def _meet(edits: Sequence[Edit], others: Sequence[Edit]) -> bool:
    """Whether two fixes change the same text, or text without anything between."""
    return any(_touch(one.span, other.span) for one in edits for other in others)


def _touch(one: Span, other: Span) -> bool:
    return (one.line, one.column) <= (other.end_line, other.end_column) and (other.line, other.column) <= (
        one.end_line,
        one.end_column,
    )


def _bytes_of(source: Source, raw: bytes) -> bytes | None:
    """What the file with content `raw` holds with this text; None where its encoding has no bytes for it."""
    try:
        return encode_source(source, raw)
    except (UnicodeError, LookupError):
        return None
