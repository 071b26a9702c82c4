"""What torch demands of the arguments of its layers: each function returns, or raises the ShapeError."""

from __future__ import annotations

from shapelint.ops.axes import position
from shapelint.ops.binding import sizes_of
from shapelint.ops.refusals import RankError, SignError, SizeError
from shapelint.ops.registry import Assumptions, ShapeError, Sizes, Undetermined
from shapelint.shapes.axis import SEQUENCE
from shapelint.shapes.dim import Dim, Same
from shapelint.shapes.value import Bool, Float, Int, Str, Tensor, Unknown, Value


def known_int(value: Value) -> int | None:
    """Return the integer, where it is one that is known."""
    return value.dim.constant if isinstance(value, Int) else None


def one_or_more(value: Value) -> Sizes:
    """Sizes given as one number or as a sequence; a value that is not known is taken for one number."""
    return Sizes((value.dim,)) if isinstance(value, Unknown) else sizes_of(value)


def require_rank(name: str, tensor: Tensor, *ranks: int, code: str | None = None) -> None:
    """Demand one of these numbers of axes."""
    if tensor.rank not in ranks:
        wanted = " or ".join(f"{rank}-D" for rank in ranks)
        raise RankError(
            f"{name} expects a {wanted} tensor and gets a {tensor.rank}-D one",
            code,
            expected=ranks,
            got=tensor.rank,
        )


def require_equal(name: str, what: str, got: Dim, expected: Dim, assume: Assumptions, code: str | None = None) -> None:
    """Two sizes, of `what` the operation takes, must agree; where that cannot be told, they are equal from now on."""
    if not assume.agree(got, expected):
        raise SizeError(f"{name} takes $expected {what} and gets $got", code, expected=expected, got=got)


def require_features(name: str, input: Tensor, expected: Dim, assume: Assumptions, code: str | None = None) -> None:
    """Demand a last axis that is `expected` long."""
    if not input.axes:
        raise RankError(f"{name} needs a feature axis and gets a scalar")
    require_equal(name, "features on the last axis", input.axes[-1].dim, expected, assume, code)


def require_channels(name: str, input: Tensor, axis: int, expected: Dim, assume: Assumptions) -> None:
    """Axis `axis` must hold `expected` channels; SHP515 where the last of three axes does in its place."""
    got, last = input.axes[axis].dim, input.axes[-1].dim
    told = assume.same(got, expected)
    meant_last = input.rank == 3 and axis == 1 and assume.same(last, expected) is Same.EQUAL
    is_other = expected.constant is None or input.axes[axis].role in SEQUENCE
    if meant_last and (told is Same.DIFFERENT or (told is Same.UNKNOWN and is_other)):
        message = f"{name} reads axis 1 as $expected channels; they are on the last axis"
        raise SizeError(message, "SHP515", expected=expected, got=got)
    require_equal(name, f"channels on axis {axis}", got, expected, assume)


def require_at_least(lowest: int, **sizes: Dim) -> None:
    """No size may certainly be below `lowest`."""
    for name, size in sizes.items():
        if (Dim.of(lowest) - size).is_positive():
            raise SignError(f"{name} must be at least $expected, got $got", expected=Dim.of(lowest), got=size)


def require_probability(name: str, value: Value, code: str | None = None) -> None:
    """Demand a number in [0, 1]; a bool or a string is none."""
    if isinstance(value, Bool | Str):
        raise ShapeError(f"{name} should be a number in [0, 1], not {value.value!r}", code, argument=name)
    number = value.value if isinstance(value, Float) else known_int(value)
    if number is not None and not 0 <= number <= 1:
        raise ShapeError(f"{name} should be in [0, 1], got {number}", code, argument=name)


def known_position(dim: Value, rank: int) -> int:
    """`position` of an axis number that must be known; raises Undetermined otherwise."""
    number = known_int(dim)
    if number is None:
        raise Undetermined("an axis number that is not known")
    return position(number, rank)
