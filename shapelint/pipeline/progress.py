"""How far a run is."""

from __future__ import annotations

from shapelint.data import dataclass


@dataclass(slots=True)
class Progress:
    """Counts of the files that a run has to check; another thread may look at them at any time.

    A file is checked first, and then `told` when torch has spoken on its findings.
    """

    files: int = 0
    checked: int = 0
    told: int = 0
