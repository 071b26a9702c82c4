"""What torch has for one, two and three of the last axes under a name each: Conv1d, Conv2d, Conv3d."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from shapelint.ops.axis_flow import axes_from
from shapelint.ops.nature import Nature
from shapelint.ops.registry import layer, op

Function = TypeVar("Function", bound=Callable[..., Any])
Builder = TypeVar("Builder", bound=Callable[[str], Callable[..., Any]])

COUNTS = (1, 2, 3)


def layers(
    name: str, *, forward: Callable[..., Any], nature: Nature, counts: tuple[int, ...] = COUNTS
) -> Callable[[Function], Function]:
    """Register a layer class for each number of axes; along these it mixes, behind a batch and channels."""

    def register(build: Function) -> Function:
        for count in counts:
            layer(
                f"torch.nn.{name}{count}d",
                forward=forward,
                rank_change=0,
                input_rank=count + 2,
                mixes=axes_from(-count),
                nature=nature,
            )(build)
        return build

    return register


def functions(name: str, *, nature: Nature, counts: tuple[int, ...] = COUNTS) -> Callable[[Builder], Builder]:
    """Register a function for each number of axes; decorates what builds the shape function of a name."""

    def register(build: Builder) -> Builder:
        for count in counts:
            op(
                f"torch.nn.functional.{name}{count}d",
                rank_change=0,
                input_rank=count + 2,
                mixes=axes_from(-count),
                nature=nature,
            )(build(f"{name}{count}d"))
        return build

    return register
