"""`torch.nn.init`: new numbers for a parameter, written over those that it has."""

from __future__ import annotations

from dataclasses import replace

from shapelint.ops.nature import Nature
from shapelint.ops.registry import ShapeError, op
from shapelint.shapes.value import Tensor, Value


@op(*(f"torch.nn.init.{name}_" for name in ("uniform", "normal", "trunc_normal")), nature=Nature.RANDOM)
@op("torch.nn.init.constant_", "torch.nn.init.ones_", nature=Nature.CONSTANT)
@op("torch.nn.init.zeros_", nature=Nature.ZEROS)
def initialised(tensor: Tensor, *values: Value, **options: Value) -> Tensor:
    """Write new numbers into a parameter."""
    return replace(tensor, ref=None)


@op(
    *(f"torch.nn.init.{name}_" for name in ("xavier_uniform", "xavier_normal", "kaiming_uniform", "kaiming_normal")),
    nature=Nature.RANDOM,
)
@op("torch.nn.init.orthogonal_", nature=Nature.RANDOM)
def spread(tensor: Tensor, *values: Value, **options: Value) -> Tensor:
    """Write numbers that are scaled by what goes in and out, so the tensor has both axes."""
    if tensor.rank < 2:
        raise ShapeError(f"an axis for what goes in, and one for what goes out: the tensor has {tensor.rank}")
    return replace(tensor, ref=None)
