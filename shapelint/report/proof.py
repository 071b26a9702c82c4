"""What torch said of a finding, in one line."""

from __future__ import annotations

from shapelint.finding import Status, Verdict
from shapelint.report.text import plain


def told(verdict: Verdict) -> str:
    """Whether torch ran, and what it did."""
    detail = plain(verdict.detail)
    if verdict.assumed:
        return f"none: torch {verdict.torch} ran on what the code does not tell: {detail}"
    if verdict.status is Status.UNVERIFIED:
        return f"not run: {detail}"
    ran = f"ran torch {verdict.torch}: {detail}" if verdict.torch else detail
    return ran if verdict.status is Status.CONFIRMED else f"refuted: {ran}"
