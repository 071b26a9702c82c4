"""How torch tests `depends_on`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shapelint.verify.worker.footprint import InconclusiveError, Watched
from shapelint.verify.worker.outcome import Outcome, listed


def check(document: Mapping[str, Any]) -> Outcome:
    """Every entry of the source along an axis, or the source at all, must reach the target."""
    watched = Watched(document["steps"], document["options"]["source"], document["target"])
    axis = document["options"].get("axis")
    if axis is not None:
        return _every_entry(watched, axis)
    if _is_reached(watched):
        return Outcome(True, "the value depends on it")
    first = watched.target.flatten()[0].item()
    same = bool((watched.target == first).all())
    return Outcome(False, f"the value does not depend on it{f': it is {first:g} everywhere' * same}")


def _is_reached(watched: Watched) -> bool:
    if watched.root.is_floating_point():
        return bool(watched.reached(lambda target: target).any())
    return bool(watched.changed((slice(None),) * watched.root.dim()).any())


def _every_entry(watched: Watched, axis: int) -> Outcome:
    if not watched.root.is_floating_point():
        raise InconclusiveError("the source does not hold real numbers")
    entries = watched.reached(lambda target: target).movedim(axis, 0).flatten(1).any(1)
    ignored = (~entries).nonzero().flatten().tolist()
    if not ignored:
        return Outcome(True, "the value depends on every entry")
    plural = "y" if len(ignored) == 1 else "ies"
    return Outcome(False, f"the value does not depend on entr{plural} {listed(ignored)} of {len(entries)}")
