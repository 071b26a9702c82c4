"""The arithmetic of windows that slide over the last axes: shared by convolution and pooling."""

from __future__ import annotations

from shapelint.data import dataclass
from shapelint.ops.axes import ONE, Axes, resized
from shapelint.ops.refusals import SizeError
from shapelint.ops.registry import Assumptions, ShapeError
from shapelint.ops.require import one_or_more
from shapelint.shapes.axis import Axis
from shapelint.shapes.dim import Dim
from shapelint.shapes.value import List, NoneValue, Tuple, Unknown, Value

ZERO = Dim.of(0)
TWO = Dim.of(2)


@dataclass(frozen=True, slots=True)
class Window:
    """One axis' share of a window; `padding` is the total of both ends, None where it is not known."""

    kernel: Dim
    stride: Dim
    padding: Dim | None
    dilation: Dim
    ceil: bool = False


def moved_axes(name: str) -> int:
    """How many of the last axes a window slides over; torch's names say it: `Conv2d`, `avg_pool2d`."""
    return int(name[-2])


def per_axis(value: Value, axes: int, what: str) -> tuple[Dim, ...]:
    """One size for each axis, from one number or a sequence; raises ShapeError for another count."""
    sizes = one_or_more(value)
    if len(sizes) not in (1, axes):
        raise ShapeError(f"{what} has {len(sizes)} sizes for {axes} axes")
    return tuple(sizes) * axes if len(sizes) == 1 else tuple(sizes)


def paddings(value: Value, axes: int) -> tuple[Dim | None, ...]:
    """Add up the padding of both ends; None where it is not known (it may be 0, which no symbol is)."""
    if isinstance(value, Unknown):
        return (None,) * axes
    unknown = isinstance(value, List | Tuple) and any(isinstance(item, Unknown) for item in value.items)
    return (None,) * axes if unknown else tuple(each * TWO for each in per_axis(value, axes, "padding"))


def windows(
    kernel_size: Value,
    stride: Value,
    padding: tuple[Dim | None, ...],
    dilation: Value,
    ceil: bool = False,
) -> tuple[Window, ...]:
    """Return the windows of a call; a stride of None is the kernel's size."""
    axes = len(padding)
    kernels = per_axis(kernel_size, axes, "kernel_size")
    strides = kernels if isinstance(stride, NoneValue) else per_axis(stride, axes, "stride")
    dilations = per_axis(dilation, axes, "dilation")
    for size in (*kernels, *strides, *dilations):
        if (ONE - size).is_positive():
            raise ShapeError(f"kernel_size, stride and dilation must be at least 1, got {size}")
    return tuple(Window(*one, ceil) for one in zip(kernels, strides, padding, dilations, strict=True))


def slid(axes: Axes, each: tuple[Window, ...], assume: Assumptions) -> Axes:
    """Return the axes after the windows slid over the last of them."""
    kept, moved = axes[: len(axes) - len(each)], axes[len(axes) - len(each) :]
    return (*kept, *(_slid_axis(axis, window, assume) for axis, window in zip(moved, each, strict=True)))


def _slid_axis(axis: Axis, window: Window, assume: Assumptions) -> Axis:
    if window.padding is None:
        return resized(axis, unknown_length("window", axis.dim, window.kernel, window.stride, window.dilation))
    reach = window.dilation * (window.kernel - ONE) + ONE
    padded = assume.resolve(axis.dim + window.padding)
    if not window.ceil and (assume.resolve(reach) - padded).is_positive():
        raise SizeError("a window of $expected does not fit on $got values", expected=reach, got=padded)
    return resized(axis, _ceiled(padded, reach, axis.dim, window) if window.ceil else _steps(padded, reach, window))


def _steps(padded: Dim, reach: Dim, window: Window) -> Dim:
    return (padded - reach) // window.stride + ONE


def _ceiled(padded: Dim, reach: Dim, length: Dim, window: Window) -> Dim:
    """With ceil_mode, a last window may hang over the end, if it starts before the padding there."""
    numbers = [value.constant for value in (padded, reach, length, window.stride)]
    if None in numbers:
        return unknown_length("ceil", length, window.kernel, window.stride, padded)
    fits, needed, axis, stride = (number for number in numbers if number is not None)
    count = -((needed - fits) // stride) + 1
    if (count - 1) * stride >= axis + (fits - axis) // 2:
        count -= 1
    if count < 1:
        raise SizeError("a window of $expected does not fit on $got values", expected=reach, got=padded)
    return Dim.of(count)


def unknown_length(how: str, *sizes: Dim) -> Dim:
    """Name a size that follows from others in a way that is not known."""
    return Dim.symbol(f"{how}({', '.join(map(str, sizes))})")
