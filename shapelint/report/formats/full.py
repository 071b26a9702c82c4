"""The full report: each finding as a frame of source, with its shapes, what torch did, and the fix.

What has one cause in a file is one block. How the samples reach the result is drawn below all of them, once for each
kind of finding: a finding stays a few lines long.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from shapelint.finding import Finding
from shapelint.notebooks.places import Places
from shapelint.report.result import RunResult
from shapelint.report.telling import Telling


def render(result: RunResult, telling: Telling) -> str:
    """All findings, each with the code that it is about, and their footprints."""
    groups = _groups(result.told(telling.show_refuted), telling)
    if not groups:
        return ""
    first = [group[0] for group in groups]
    return "\n".join((*_blocks(groups, result.places, telling), *_drawings(first, result.places, telling)))


def blocks(findings: Iterable[Finding], places: Places, telling: Telling) -> str:
    """Some findings in their order; `places` knows the source of each file that they are in."""
    return "\n".join(_blocks(_groups(findings, telling), places, telling))


def _blocks(groups: Iterable[tuple[Finding, ...]], places: Places, telling: Telling) -> Iterator[str]:
    from shapelint.report.block import Block  # where something is found: most files are right

    for group in groups:
        yield "\n".join(Block(places, group, telling).rows()) + "\n"


def _groups(findings: Iterable[Finding], telling: Telling) -> list[tuple[Finding, ...]]:
    """The findings of one file that one place explains, together: each group where its first finding stands."""
    if telling.whole:
        return [(finding,) for finding in findings]
    groups: dict[object, list[Finding]] = {}
    for finding in findings:
        why = finding.related or finding.message
        outcome = finding.verdict and (finding.verdict.status, finding.verdict.assumed)
        groups.setdefault((finding.path, finding.code, why, outcome), []).append(finding)
    return [tuple(group) for group in groups.values()]


def _drawings(findings: Iterable[Finding], places: Places, telling: Telling) -> Iterator[str]:
    """The footprints that are wanted, each below the code and the place of its finding."""
    from shapelint.report.footprint import drawing

    seen = set[str]()
    for finding in findings:
        is_wanted = telling.footprints == "all" or (telling.footprints == "first" and finding.code not in seen)
        if is_wanted and (rows := drawing(finding, places.of(finding.path, finding.span), telling.columns)):
            seen.add(finding.code)
            yield "\n".join(rows) + "\n"
