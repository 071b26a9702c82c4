"""Whether the file's own script contradicts what is found where nobody's arguments are known.

A script has numbers for sizes, so much of what its names tell elsewhere is not seen in it: that it shows nothing says
little. It contradicts with another operation or number of axes, another role of an axis, one sample or one step only,
a layer that is built otherwise, or another argument than the default.
"""

from __future__ import annotations

from collections.abc import Iterable

from shapelint.finding import Finding, Severity
from shapelint.shapes.axis import Axis, Role
from shapelint.shapes.value import Layer, Tensor, Unknown, Value
from shapelint.trace.node import Node
from shapelint.trace.trace import Trace


def is_contradicted(finding: Finding, trace: Trace, scripts: Iterable[Trace]) -> bool:
    """Whether scripts that reach the place show that a path's finding is not there; what raises would raise there."""
    return finding.severity is Severity.ERROR or any(_contradicts(script, trace, finding) for script in scripts)


def _contradicts(script: Trace, trace: Trace, finding: Finding) -> bool:
    return not any(_are_alike(one, other) for one in _at(trace, finding) for other in _at(script, finding))


def _at(trace: Trace, finding: Finding) -> list[Node]:
    return [node for node in trace.nodes if node.span == finding.span and node.path == finding.path]


def _are_alike(node: Node, other: Node) -> bool:
    """Whether two nodes of one place do the same to what may be the same."""
    named = ((value, other.kwargs[name]) for name, value in node.kwargs.items() if name in other.kwargs)
    given = [*zip(node.args, other.args, strict=False), *named]
    return node.op == other.op and all(_may_be_one(*pair) for pair in given)


def _may_be_one(value: Value, other: Value) -> bool:
    if isinstance(value, Tensor) and isinstance(other, Tensor):
        return value.rank == other.rank and all(map(_may_be_one_axis, value.axes, other.axes))
    if isinstance(value, Layer) and isinstance(other, Layer):
        flags = (name for name, given in value.config.items() if isinstance(given, bool))
        return value.kind == other.kind and all(value.config[name] == other.config.get(name) for name in flags)
    if isinstance(value, Unknown):
        return value.hint is None or other == value.hint or isinstance(other, Unknown)
    return type(value) is type(other) or isinstance(other, Unknown)


def _may_be_one_axis(axis: Axis, other: Axis) -> bool:
    is_single = other.dim.constant == 1 and axis.dim.constant != 1
    return not is_single and (Role.UNKNOWN in (axis.role, other.role) or axis.role is other.role)
