"""What a path assumes of sizes that have a likely value, and that this value contradicts.

Code that fits for `num_layers=1` alone, where the default is 2, raises for whoever leaves the argument out. The path
that fits says what it assumes; the driver follows another one with the likely values.
"""

from __future__ import annotations

from shapelint.shapes.dim import Dim
from shapelint.trace.decision import Decision, without_places
from shapelint.trace.trace import Trace


def contradicted(trace: Trace) -> dict[str, int]:
    """The likely values with which an equality that the path assumes does not hold."""
    likely = {name: Dim.of(value) for name, value in trace.defaults.items()}
    found: dict[str, int] = {}
    for left, right in _assumed(trace):
        named = (left.symbols | right.symbols) & likely.keys()
        if named and _differ(left.substitute(likely), right.substitute(likely)):
            found |= {name: trace.defaults[name] for name in sorted(named)}
    return found


def tell_contradicted(trace: Trace, values: dict[str, int]) -> None:
    """Write down what the path takes the contradicted sizes for."""
    for name in values:
        if name in trace.solved:
            size = trace.solved[name].constant
            choice: object = str(trace.solved[name]) if size is None else size
            trace.decisions.append(Decision(subject_of(name), choice, likely=False))


def subject_of(symbol: str) -> str:
    """A size's name for people; the first axis of what a loader gives is its `batch_size`."""
    return "batch_size" if "[*" in symbol else without_places(symbol)


def _assumed(trace: Trace) -> list[tuple[Dim, Dim]]:
    return [*((Dim.symbol(name), value) for name, value in trace.solved.items()), *trace.equations]


def _differ(left: Dim, right: Dim) -> bool:
    return left.constant is not None and right.constant is not None and left != right
