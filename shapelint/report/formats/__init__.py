"""The formats of the findings: a file each, named as the format is, with `render(result, telling)`.

One that also holds what could not be checked, and the counts, says `COMPLETE = True`, and one that shows data flows and
scripts says `PICTURES = True`: only then are they made.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, cast

from shapelint import rooms
from shapelint.report.telling import Telling

if TYPE_CHECKING:
    from shapelint.report.result import RunResult

NAMES = tuple(sorted(rooms.paths(__name__)))


def render(name: str, result: RunResult, telling: Telling) -> str:
    """The findings of a run as text in a format."""
    return cast("Callable[[RunResult, Telling], str]", rooms.module(__name__, name).render)(result, telling)


def has_pictures(name: str) -> bool:
    """Whether a report in a format shows data flows, and scripts."""
    return bool(getattr(rooms.module(__name__, name), "PICTURES", False))


def is_complete(name: str) -> bool:
    """Whether a report in a format tells all, so that nothing else needs to be told beside it."""
    return bool(getattr(rooms.module(__name__, name), "COMPLETE", False))
