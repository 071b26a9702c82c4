"""What a finding is known by in the next run, when lines were added above it and the code was laid out anew."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Mapping
from hashlib import sha256

from shapelint.finding import Finding
from shapelint.source import Source


def fingerprints(findings: Iterable[Finding], texts: Mapping[str, str]) -> list[str]:
    """One for each finding: its code, its file, the code that it is about, and its number among those alike."""
    lines = {path: Source(path, text).lines for path, text in texts.items()}
    before = Counter[tuple[str, ...]]()
    found = []
    for finding in findings:
        alike = (finding.code, finding.path.replace(os.sep, "/"), _about(finding, lines.get(finding.path, [])))
        parts = (*alike, str(before[alike]))
        before[alike] += 1
        found.append(sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32])
    return found


def _about(finding: Finding, lines: list[str]) -> str:
    """The lines that the finding points to, without blanks."""
    return "".join("".join(lines[finding.span.line - 1 : finding.span.end_line]).split())
