"""What becomes of a value: fed to a head, returned, indexed again."""

from __future__ import annotations

from shapelint.finding import Ref
from shapelint.infer.trace import Node, Trace
from shapelint.rules.navigate import is_returned
from shapelint.shapes.value import Tensor

_PASSING = ("relu", "tanh", "sigmoid", "dropout", "contiguous", "clone", "Dropout", "ReLU", "Tanh", "squeeze", "softmax")
_HEAD_LAYERS = ("LayerNorm", "BatchNorm1d", "Linear", "Bilinear")


def is_summary(trace: Trace, node: Node) -> bool:
    """Whether a selected value is used as one row for each sample: fed to a head or a loss, or returned."""
    result = node.result
    return isinstance(result, Tensor) and result.ref is not None and _reaches_head(trace, result.ref, 0)


def _reaches_head(trace: Trace, ref: Ref, depth: int) -> bool:
    if is_returned(trace, ref):
        return True
    for user in trace.uses(ref):
        name = user.op.removesuffix(".forward").rpartition(".")[2]
        if name in _HEAD_LAYERS or name == "linear" or name.endswith("Loss") or "loss" in name or "entropy" in name:
            return True
        passed = getattr(user.result, "ref", None)
        if name in _PASSING and passed is not None and depth < 8 and _reaches_head(trace, passed, depth + 1):
            return True
    return False
