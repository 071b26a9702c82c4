"""The finished runs of an entry point: what another plan orders alike, as far as a run asks, need not be run again.

Two choices that are turned one after the other are the same path in either order, and a rank is wished for that
another path has tried. What a run does depends on what it asks of its plan (`Orders`), and on nothing else that differs
from run to run but what functions bind in modules; so does the instance that it begins with (`entries/instances.py`).
"""

from __future__ import annotations

from collections import deque
from dataclasses import field, replace

from shapelint.data import dataclass
from shapelint.infer.entries.points import Entry
from shapelint.infer.plan import Plan
from shapelint.infer.run.run import Run

MAX_FINISHED = 64  #: runs that are kept of an entry point


@dataclass(slots=True)
class Finished:
    """The runs of the entry point whose paths are being followed; of others, which are taken again, none is kept."""

    entry: Entry | None = None
    _runs: deque[Run] = field(default_factory=lambda: deque(maxlen=MAX_FINISHED))

    def begin(self, entry: Entry | None) -> None:
        """Forget all runs, and keep those of an entry point from now on."""
        self.entry = entry
        self._runs.clear()

    def keep(self, entry: Entry, run: Run) -> None:
        """Remember a run that has come to its end."""
        if entry is self.entry:
            self._runs.append(run)

    def alike(self, entry: Entry, plan: Plan) -> Run | None:
        """A run that went as one with this plan would go; its trace is the same one."""
        for run in reversed(self._runs) if entry is self.entry else ():
            if run.trace.likely == plan.sizes and run.path.orders.are_those_of(plan):
                return replace(run, plan=plan)
        return None
