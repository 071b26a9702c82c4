"""Where the time of a run went, for standard error."""

from __future__ import annotations

from shapelint.effort import PHASES, Effort


def told(effort: Effort, wall: float) -> str:
    """A line for each phase, and one for the work that was done."""
    lines = [f"{effort.seconds[name]:>9.2f} s  {name}" for name in PHASES if name in effort.seconds]
    total = sum(effort.seconds.values())
    work = ", ".join(f"{number:,} {name}" for name, number in sorted(effort.work.items()))
    return "\n".join(
        [*lines, f"{total:>9.2f} s  in all processes; the run took {wall:.2f} s", *([work] if work else [])]
    )
