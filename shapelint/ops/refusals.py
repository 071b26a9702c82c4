"""The kinds of errors that torch raises for shapes, apart from refused arguments, which a plain ShapeError tells."""

from __future__ import annotations

from shapelint.ops.registry import ShapeError


class SizeError(ShapeError):
    """Two sizes must be equal and are not."""


class BroadcastError(ShapeError):
    """Two sizes must be equal, or one of them 1."""


class RankError(ShapeError):
    """A tensor has more or fewer axes than the operation takes."""


class AxisError(ShapeError):
    """An axis, or an entry of one, that the tensor does not have."""


class SignError(ShapeError):
    """A size must not be so small, and is, if the sizes are positive that it is computed from."""


class StepError(ShapeError):
    """An index goes backwards, as one of an array of numpy may."""
