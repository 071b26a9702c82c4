"""What a check of a property answers, and what several checks compare and tell with."""

from __future__ import annotations

from collections.abc import Iterable

import torch

from shapelint.data import dataclass
from shapelint.verify.worker.footprint import Grid

_MAX_TEXT = 300
TOLERANCE = 1e-9


@dataclass(frozen=True, slots=True)
class Outcome:
    """Whether the property holds, what was seen in one sentence, and the footprint where one was made."""

    holds: bool
    detail: str
    footprint: Grid | None = None


def agree(left: torch.Tensor, right: torch.Tensor) -> bool:
    """Whether two tensors hold the same numbers."""
    return bool(torch.allclose(left, right, rtol=TOLERANCE, atol=TOLERANCE, equal_nan=True))


def told(error: Exception) -> str:
    """An exception in one line, in torch's own words."""
    text = " ".join(f"{type(error).__name__}: {error}".split())
    return text if len(text) <= _MAX_TEXT else text[: _MAX_TEXT - 3] + "..."


def shape_of(tensor: torch.Tensor) -> str:
    """A shape as torch prints it."""
    return str(tuple(tensor.shape))


def listed(items: Iterable[object]) -> str:
    """Words in a sentence: `a, b and c`."""
    *first, last = map(str, items)
    return f"{', '.join(first)} and {last}" if first else last
