"""What is there to be iterated over: ranges, and what `zip`, `enumerate`, `reversed` and generators give."""

from __future__ import annotations

from shapelint.infer.protocol import iterates, rounds
from shapelint.infer.run.run import Run
from shapelint.infer.values.objects import Iteration, Range
from shapelint.infer.values.rounds import MAX_BUILT, MAX_EXACT, Rounds, are_alike, later_round
from shapelint.shapes.dim import Dim
from shapelint.shapes.value import Int, Tuple, Unknown, Value
from shapelint.syntax import facts


@iterates(Range)
def _numbers(run: Run, value: Range, node: facts.Expression) -> Rounds:
    span = value.stop - value.start
    count = span if value.step == 1 else -span if value.step == -1 else span // Dim.of(value.step)
    known = run.resolve(count).constant
    if known is not None and known <= (MAX_BUILT if run.recorder.is_constructing else MAX_EXACT // 2):
        return Rounds(tuple(Int(value.start + Dim.of(i * value.step)) for i in range(max(known, 0))))
    later = value.start + later_round(run, node).dim * Dim.of(value.step)
    return Rounds((Int(value.start), Int(later)), count)


@iterates(Iteration)
def _rounds(run: Run, value: Iteration, node: facts.Expression) -> Rounds:
    inner = [rounds(run, source, node) for source in value.sources]
    if value.kind == "generator":
        return inner[0]
    if value.kind == "reversed":
        return Rounds(inner[0].values[::-1], inner[0].count)
    if value.kind == "enumerate":
        return _enumerated(run, value.start, inner[0], node)
    counts = [each.count for each in inner if each.count is not None]
    values = [_sample(each) if counts else each.values for each in inner]
    rows = tuple(Tuple(row) for row in zip(*values, strict=False))
    return Rounds(rows, counts[0] if counts else None)


def _sample(each: Rounds) -> tuple[Value, ...]:
    """The first round and a later one, which goes with a later one of what is a sample; of what differs the first."""
    later = each.values[1:]
    return each.values[:1] + (later[-1:] if each.count is not None or are_alike(later) else ())


def _enumerated(run: Run, start: Value, inner: Rounds, node: facts.Expression) -> Rounds:
    numbers = [Dim.of(i) for i in range(len(inner.values))]
    if inner.count is not None and len(numbers) > 1:
        numbers[-1] = later_round(run, node).dim
    pairs = zip(_counted(run, start, numbers, node), inner.values, strict=True)
    return Rounds(tuple(Tuple(pair) for pair in pairs), inner.count)


def _counted(run: Run, start: Value, numbers: list[Dim], node: facts.Expression) -> list[Value]:
    """The numbers of an `enumerate` that begins to count at `start`."""
    if isinstance(start, Int | Unknown):
        return [Int(start.dim + number) for number in numbers]
    return [Unknown(run.key_of(node), "enumerate() from an unknown number") for _ in numbers]
