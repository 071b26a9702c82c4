"""A page to look at: one file, with the code, the footprints, the data flows and the scripts."""

from __future__ import annotations

from shapelint.report.page.page import page
from shapelint.report.result import RunResult
from shapelint.report.telling import Telling

PICTURES = True


def render(result: RunResult, telling: Telling) -> str:
    """The whole page."""
    return page(result, result.told(telling.show_refuted))
