"""Making tensors: zeros, randn, arange, full, tensor, and their `_like` and `new_` forms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from shapelint.ops.axes import ONE, dtype_named, given
from shapelint.ops.nature import Nature
from shapelint.ops.registry import ShapeError, Sizes, Undetermined, op
from shapelint.shapes.axis import Axis
from shapelint.shapes.dim import Dim
from shapelint.shapes.inside import length_of
from shapelint.shapes.value import NONE, Bool, Dtype, Float, Int, List, Tensor, Tuple, Unknown, Value

ZERO = Dim.of(0)


def _new(sizes: Sequence[Dim], dtype: Value, default: Dtype = Dtype.FLOAT) -> Tensor:
    if any((-size).is_positive() for size in sizes):
        raise ShapeError("a size is negative")
    return Tensor(tuple(map(Axis, sizes)), dtype_named(dtype, default))


@op("torch.zeros", nature=Nature.ZEROS)
@op("torch.ones", "torch.empty", nature=Nature.CONSTANT)
@op("torch.rand", "torch.randn", nature=Nature.RANDOM)
def zeros(*size: Sizes, dtype: Value = NONE, **options: Value) -> Tensor:
    """A tensor of the sizes given; `out`, `device`, `requires_grad` and so on do not change them."""
    return _new(_named(options) or given(size), dtype)


@op("torch.full", nature=Nature.CONSTANT)
def full(size: Sizes, fill_value: Value, *, dtype: Value = NONE, **options: Value) -> Tensor:
    """A tensor of the sizes given, filled with one number."""
    return _new(size, dtype, _dtype_of(fill_value))


@op("torch.randint", nature=Nature.RANDOM)
def randint(*args: Value, dtype: Value = NONE, **options: Value) -> Tensor:
    """`randint([low,] high, size)`: integers of the sizes given."""
    size = options.get("size") or (args[-1] if args else NONE)
    if not isinstance(size, Tuple | List):
        raise Undetermined("randint without a known size")
    return _new(_listed(size.items), dtype, Dtype.INT)


@op("torch.randperm", nature=Nature.RANDOM)
def randperm(n: Dim, *, dtype: Value = NONE, **options: Value) -> Tensor:
    """The integers below n in random order."""
    return _new((n,), dtype, Dtype.INT)


@op("torch.eye", nature=Nature.CONSTANT)
def eye(n: Dim, m: Dim | None = None, *, dtype: Value = NONE, **options: Value) -> Tensor:
    """An identity matrix."""
    return _new((n, n if m is None else m), dtype)


@op("torch.linspace", "torch.logspace", nature=Nature.CONSTANT)
def linspace(start: Value, end: Value, steps: Dim, *, dtype: Value = NONE, **options: Value) -> Tensor:
    """`steps` numbers from start to end."""
    return _new((steps,), dtype)


@op(*(f"torch.{name}_window" for name in ("hann", "hamming", "blackman", "bartlett", "kaiser")), nature=Nature.CONSTANT)
def window(window_length: Dim, periodic: Value = NONE, *args: Value, dtype: Value = NONE, **options: Value) -> Tensor:
    """The weights of a window of so many entries."""
    return _new((window_length,), dtype)


@op("torch.normal", nature=Nature.RANDOM)
def normal(mean: Value, std: Value = NONE, size: Sizes | None = None, **options: Value) -> Tensor:
    """Numbers with the means and the deviations given, of one tensor or of the sizes given."""
    tensors = [value for value in (mean, std) if isinstance(value, Tensor)]
    if len(tensors) == 1 and size is None:
        return Tensor(tensors[0].axes)
    if tensors or size is None:
        raise Undetermined("means and deviations that are two tensors, or none of known shape")
    return _new(size, NONE)


@op("torch.arange", nature=Nature.CONSTANT)
def arange(start: Value, end: Value = NONE, step: Value = NONE, *, dtype: Value = NONE, **options: Value) -> Tensor:
    """The numbers from `start` up to `end`; with one bound, from 0."""
    lower, upper = (Int(ZERO), start) if end == NONE else (start, end)
    stride = Int(ONE) if step == NONE else step
    if not (isinstance(lower, Int) and isinstance(upper, Int) and isinstance(stride, Int)):
        raise Undetermined("a range of numbers that are not integers")
    return _new((_range_length(upper.dim - lower.dim, stride.dim),), dtype, Dtype.INT)


def _range_length(distance: Dim, step: Dim) -> Dim:
    if (-step).is_positive():
        distance, step = -distance, -step
    if not step.is_positive():
        raise Undetermined("a range with a step of unknown sign")
    if (-distance).is_positive():
        raise ShapeError("arange: the bounds lie the wrong way round for the step")
    return (distance + step - ONE) // step


@op("torch.zeros_like", rank_change=0, nature=Nature.ZEROS)
@op("torch.ones_like", "torch.empty_like", rank_change=0, nature=Nature.CONSTANT)
@op("torch.rand_like", "torch.randn_like", rank_change=0, nature=Nature.RANDOM)
def zeros_like(input: Tensor, *, dtype: Value = NONE, **options: Value) -> Tensor:
    """A tensor of the same shape, whose axes mean the same."""
    kind = dtype_named(dtype, input.dtype)
    return Tensor(input.axes, kind)


@op("torch.full_like", rank_change=0, nature=Nature.CONSTANT)
def full_like(input: Tensor, fill_value: Value, *, dtype: Value = NONE, **options: Value) -> Tensor:
    """A tensor of the same shape, filled with one number."""
    return Tensor(input.axes, dtype_named(dtype, input.dtype))


@op("torch.randint_like", rank_change=0, nature=Nature.RANDOM)
def randint_like(input: Tensor, *bounds: Value, dtype: Value = NONE, **options: Value) -> Tensor:
    """Random integers, of the same shape and dtype."""
    return Tensor(input.axes, dtype_named(dtype, input.dtype))


@op("torch.bernoulli", "torch.Tensor.bernoulli", rank_change=0, nature=Nature.RANDOM)
def bernoulli(input: Tensor, *args: Value, **options: Value) -> Tensor:
    """Zeros and ones drawn with the probabilities given."""
    return Tensor(input.axes, input.dtype)


@op("torch.Tensor.new_zeros", nature=Nature.ZEROS)
@op("torch.Tensor.new_ones", "torch.Tensor.new_empty", nature=Nature.CONSTANT)
def new_zeros(input: Tensor, *size: Sizes, dtype: Value = NONE, **options: Value) -> Tensor:
    """A tensor of the sizes given, of the dtype of `input`."""
    return _new(_named(options) or given(size), dtype, input.dtype)


@op("torch.Tensor.new", nature=Nature.CONSTANT)
def new(input: Tensor, *size: Dim) -> Tensor:
    """A tensor of the sizes given one by one (a sequence would be data)."""
    return _new(size, NONE, input.dtype)


@op("torch.Tensor.new_full", nature=Nature.CONSTANT)
def new_full(input: Tensor, size: Sizes, fill_value: Value, *, dtype: Value = NONE, **options: Value) -> Tensor:
    """A tensor of the sizes given, filled with one number."""
    return _new(size, dtype, input.dtype)


@op("torch.tensor", "torch.as_tensor", nature=Nature.DATA)
def tensor(data: Value, *, dtype: Value = NONE, **options: Value) -> Tensor:
    """A tensor of the numbers in nested lists."""
    if isinstance(data, Tensor):
        return Tensor(data.axes, dtype_named(dtype, data.dtype))
    return _new(_nested_sizes(data), dtype, _dtype_of(data))


@op("torch.Tensor", "torch.FloatTensor", "torch.DoubleTensor", nature=Nature.DATA)
def float_tensor(*data: Value) -> Tensor:
    """The old constructors: the numbers in nested lists, or sizes given one by one or as a torch.Size."""
    return _constructed(data, Dtype.FLOAT)


@op("torch.LongTensor", "torch.IntTensor", nature=Nature.DATA)
def int_tensor(*data: Value) -> Tensor:
    """The old constructors of integers."""
    return _constructed(data, Dtype.INT)


def _constructed(data: Sequence[Value], dtype: Dtype) -> Tensor:
    if len(data) == 1 and isinstance(data[0], Tuple) and data[0].is_size:
        data = data[0].items
    elif len(data) == 1 and isinstance(data[0], Tuple | List):
        return _new(_nested_sizes(data[0]), NONE, dtype)
    if len(data) > 1:  # one alone may be data
        data = [Int(one.dim) if isinstance(one, Unknown) and not one.fractional else one for one in data]
    return _new(_listed(data) or (ZERO,), NONE, dtype)


@op("torch.Tensor.new_tensor", nature=Nature.DATA)
def new_tensor(input: Tensor, data: Value, *, dtype: Value = NONE, **options: Value) -> Tensor:
    """A tensor of the numbers in nested lists, of the dtype of `input`."""
    if isinstance(data, Tensor):
        raise Undetermined("new_tensor of a tensor takes over that tensor's dtype")
    return _new(_nested_sizes(data), dtype, input.dtype)


def _nested_sizes(data: Value) -> tuple[Dim, ...]:
    """The sizes of nested lists of numbers; raises ShapeError for ragged ones."""
    if isinstance(data, Int | Float | Bool):
        return ()
    if isinstance(data, Tensor) and not data.axes:
        return ()
    if not isinstance(data, List | Tuple):
        raise Undetermined("data whose shape is not known")
    inner = [_nested_sizes(item) for item in data.items]
    if any(sizes != inner[0] for sizes in inner[1:]):
        raise _ragged(inner)
    return (length_of(data), *(inner[0] if inner else ()))


def _ragged(inner: Sequence[tuple[Dim, ...]]) -> Exception:
    ranks = {len(sizes) for sizes in inner}
    fixed = all(size.constant is not None for sizes in inner for size in sizes)
    if len(ranks) > 1 or fixed:
        return ShapeError("nested lists of different lengths")
    return Undetermined("nested lists whose lengths may differ")


def _dtype_of(data: Value) -> Dtype:
    if isinstance(data, Tensor):
        return data.dtype
    if isinstance(data, List | Tuple):
        kinds = {_dtype_of(item) for item in data.items} or {Dtype.FLOAT}
        return next(kind for kind in (Dtype.FLOAT, Dtype.INT, Dtype.BOOL) if kind in kinds)
    if isinstance(data, Bool):
        return Dtype.BOOL
    return Dtype.INT if isinstance(data, Int) else Dtype.FLOAT


def _named(options: Mapping[str, Value]) -> tuple[Dim, ...]:
    """The sizes that are given by name: `zeros(size=(2, 3))`."""
    size = options.get("size")
    if size is None:
        return ()
    if not isinstance(size, Tuple | List):
        raise Undetermined("sizes that are not known")
    return _listed(size.items)


def _listed(sizes: Sequence[Value]) -> tuple[Dim, ...]:
    if not all(isinstance(size, Int) for size in sizes):
        raise Undetermined("sizes that are not known")
    return tuple(size.dim for size in sizes if isinstance(size, Int))
