"""Calls of every general operation on symbolic tensors; tests/ops/test_ops.py runs them at random sizes."""

from __future__ import annotations

from collections.abc import Iterator

from cases import computing, making, moving  # noqa: F401  # each adds its own to CASES
from cases.calls import CASES, Case

__all__ = ["CASES", "Case", "names_without_torch"]


def names_without_torch() -> Iterator[str]:
    """Operations that need hardware or a package that tests do not have."""
    yield from ("torch.Tensor.cuda", "torch.Tensor.pin_memory", "torch.Tensor.numpy", "torch.from_numpy")
