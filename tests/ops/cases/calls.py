"""How a call of a general operation is written down; its cases lie in a file for each room of ops/tensors.

A case lists the names it is for, then the arguments. `refuses` marks calls whose result no shape function
can tell; "B", "T", "H" and "N" are drawn, and `fits` gives sizes that replace them, or those of other names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from oracle import Argument, dim, number, tensor

from shapelint.shapes.value import (
    NONE,
    Dtype,
    External,
    SliceValue,
    Value,
)


@dataclass(frozen=True, slots=True)
class Case:
    """One call."""

    args: tuple[Argument, ...]
    kwargs: Mapping[str, Argument] = field(default_factory=dict)
    fits: Mapping[str, int] = field(default_factory=dict)
    refuses: bool = False


CASES: dict[str, list[Case]] = {}


def case(
    names: str,
    *args: Argument,
    fits: Mapping[str, int] | None = None,
    refuses: bool = False,
    **kwargs: Argument,
) -> None:
    """Add a call for each of the names."""
    for name in names.split():
        CASES.setdefault(name, []).append(Case(args, kwargs, fits or {}, refuses))


def both(names: str) -> str:
    """The function and the method of each name."""
    return " ".join(f"torch.{name} torch.Tensor.{name}" for name in names.split())


def initialisers(names: str) -> str:
    """The functions of torch.nn.init of each name."""
    return " ".join(f"torch.nn.init.{name}_" for name in names.split())


def methods(names: str) -> str:
    """The method of each name."""
    return " ".join(f"torch.Tensor.{name}" for name in names.split())


def whole(*sizes: int | str) -> Value:
    """A tensor of integers, all zero."""
    return tensor(*sizes, dtype=Dtype.INT)


def mask(*sizes: int | str) -> Value:
    """A tensor of truth values."""
    return tensor(*sizes, dtype=Dtype.BOOL)


def cut(lower: Value = NONE, upper: Value = NONE, step: Value = NONE) -> SliceValue:
    """A slice."""
    return SliceValue(lower, upper, step)


def dim_plus(name: str, more: int) -> Value:
    """A symbol plus a number."""
    return number(dim(name) + dim(more))


X = tensor("B", "T", "H")
M = tensor("B", "H")
V = tensor("H")
SCALAR = tensor()
LONG = External("torch.long")
FULL = cut()
