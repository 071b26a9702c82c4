"""The full report: each finding as a frame of source, with its shapes, what torch did, and the fix.

What has one cause in a file is one block. How the samples reach the result is drawn once for each kind of finding.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from shapelint.finding import Finding
from shapelint.notebooks.places import Places
from shapelint.report.result import RunResult
from shapelint.report.telling import Telling


def render(result: RunResult, telling: Telling) -> str:
    """All findings, each with the code that it is about."""
    return blocks(result.told(telling.show_refuted), result.places, telling)


def blocks(findings: Iterable[Finding], places: Places, telling: Telling) -> str:
    """Some findings in their order; `places` knows the source of each file that they are in."""
    groups = [(finding,) for finding in findings] if telling.whole else _of_one_cause(findings)
    if not groups:
        return ""
    from shapelint.report.block import Block  # where something is found: most files are right

    shown = (Block(places, group, telling, grid) for group, grid in _drawn(groups, telling))
    return "\n".join("\n".join(block.rows()) + "\n" for block in shown)


def _of_one_cause(findings: Iterable[Finding]) -> list[tuple[Finding, ...]]:
    """The findings of one file that one place explains, together: each group where its first finding stands."""
    groups: dict[object, list[Finding]] = {}
    for finding in findings:
        why = finding.related or finding.message
        outcome = finding.verdict and (finding.verdict.status, finding.verdict.assumed)
        groups.setdefault((finding.path, finding.code, why, outcome), []).append(finding)
    return [tuple(group) for group in groups.values()]


def _drawn(groups: Iterable[Sequence[Finding]], telling: Telling) -> Iterator[tuple[Sequence[Finding], bool]]:
    """Each group, with whether its footprint is drawn."""
    seen = set[str]()
    for group in groups:
        has_one = group[0].verdict is not None and bool(group[0].verdict.footprint)
        wanted = telling.footprints == "all" or (telling.footprints == "first" and group[0].code not in seen)
        if has_one:
            seen.add(group[0].code)
        yield group, wanted and has_one
