"""How torch tests `independence`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shapelint.verify.worker.checks.states.depends_on import check as depends_on
from shapelint.verify.worker.outcome import Outcome


def check(document: Mapping[str, Any]) -> Outcome:
    """Nothing of the source may reach the target."""
    found = depends_on(document)
    return Outcome(not found.holds, found.detail)
