"""What becomes of a value: fed to a head, returned, indexed again."""

from __future__ import annotations

from shapelint.finding import Confidence, Ref
from shapelint.infer.trace import Node, Trace, refs
from shapelint.rules.navigate import above, is_recurrent_call, is_returned, short_name
from shapelint.shapes.value import Tensor, Value

_PASSING = frozenset(
    (
        "relu",
        "tanh",
        "sigmoid",
        "gelu",
        "leaky_relu",
        "dropout",
        "contiguous",
        "clone",
        "to",
        "float",
        "squeeze",
        "softmax",
    )
) | {"Dropout", "ReLU", "Tanh", "Sigmoid", "GELU", "LeakyReLU", "ELU"}
_JOINING = frozenset(("cat", "concat", "concatenate", "hstack"))
_HEAD_LAYERS = frozenset(("LayerNorm", "BatchNorm1d", "Linear", "Bilinear", "linear"))
_DEPTH = 8


def is_summary(trace: Trace, node: Node) -> bool:
    """Whether a selected value is used as one row for each sample: fed to a head or a loss, or returned."""
    return summary_confidence(trace, node) is not None


def summary_confidence(trace: Trace, node: Node) -> Confidence | None:
    """How sure it is that a value is a summary: high for a head or a loss, medium where it is returned."""
    return use_confidence(trace, node.result)


def use_confidence(trace: Trace, value: Value) -> Confidence | None:
    """The same of a value: one of several that a node gives (`x.max(dim=1)`)."""
    if not isinstance(value, Tensor) or value.ref is None:
        return None
    reached = _followed(trace, value.ref, calls_above(trace, value.ref), 0)
    if any(is_head(user) for ref in reached for user in trace.uses(ref)):
        return Confidence.HIGH
    return Confidence.MEDIUM if any(is_returned(trace, ref) for ref in reached) else None


def heads_of(trace: Trace, ref: Ref) -> list[Node]:
    """The operations that take one row for each sample of a value, or of what it becomes."""
    reached = _followed(trace, ref, calls_above(trace, ref), 0)
    return [user for one in reached for user in trace.uses(one) if is_head(user)]


def is_head(user: Node) -> bool:
    """Whether an operation takes one row for each sample: a linear layer, a norm, a loss."""
    name = short_name(user)
    return name in _HEAD_LAYERS or name.endswith("Loss") or "loss" in name or "entropy" in name


def _followed(trace: Trace, ref: Ref, calls: frozenset[int], depth: int) -> list[Ref]:
    """The value, and what it becomes without losing its rows; not where more of the same call joins it."""
    found = [ref]
    for user in trace.uses(ref) if depth < _DEPTH else ():
        passed = getattr(user.result, "ref", None)
        if passed is not None and (short_name(user) in _PASSING or _joins_others(trace, user, ref, calls)):
            found += _followed(trace, passed, calls, depth + 1)
    return found


def _joins_others(trace: Trace, user: Node, ref: Ref, calls: frozenset[int]) -> bool:
    """Whether an operation puts the value beside others that no recurrent call of its own gave."""
    if short_name(user) not in _JOINING:
        return False
    others = [r for value in (*user.args, *user.kwargs.values()) for r in refs(value) if r != ref]
    return all(calls.isdisjoint(calls_above(trace, other)) for other in others)


def calls_above(trace: Trace, ref: Ref) -> frozenset[int]:
    """The recurrent calls that a value is computed from."""
    return frozenset(node.id for node in above(trace, ref) if is_recurrent_call(node))
