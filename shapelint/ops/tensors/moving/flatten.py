"""Layers that only lay out again: nn.Flatten and nn.Unflatten."""

from __future__ import annotations

from shapelint.ops.nature import Nature
from shapelint.ops.registry import Assumptions, Sizes, layer
from shapelint.ops.tensors.moving.view import flatten, unflatten
from shapelint.shapes.value import Layer, Tensor


def flatten_forward(layer: Layer, input: Tensor) -> Tensor:
    """(B, *) -> (B, product of the others)."""
    return flatten(input, layer.get("start_dim", int), layer.get("end_dim", int))


@layer("torch.nn.Flatten", forward=flatten_forward, nature=Nature.VIEW)
def flatten_layer(start_dim: int = 1, end_dim: int = -1) -> None:
    """nn.Flatten keeps the batch axis, unless it is told otherwise."""


def unflatten_forward(layer: Layer, input: Tensor, assume: Assumptions) -> Tensor:
    """(*, n, *) -> (*, *unflattened_size, *)."""
    return unflatten(input, layer.get("dim", int), layer.get("unflattened_size", Sizes), assume)


@layer("torch.nn.Unflatten", forward=unflatten_forward, nature=Nature.VIEW)
def unflatten_layer(dim: int, unflattened_size: Sizes) -> None:
    """nn.Unflatten."""
