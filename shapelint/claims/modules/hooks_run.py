"""A call of a layer runs the layer's hooks."""

from __future__ import annotations

from shapelint.data import dataclass
from shapelint.finding import Claim


@dataclass(frozen=True, slots=True)
class HooksRun(Claim):
    """A call of a layer runs the layer's hooks.

    The target is the call.
    """

    property = "hooks_run"
