"""Operations element by element: functions of one tensor, arithmetic and comparisons with broadcasting."""

from __future__ import annotations

from dataclasses import replace

from shapelint.ops.axes import Operand, axes_of, broadcast, promoted
from shapelint.ops.nature import Nature
from shapelint.ops.registry import Assumptions, Undetermined, op
from shapelint.ops.tensors.moving.index import check_assignable
from shapelint.shapes.dim import Same
from shapelint.shapes.value import NONE, Bool, Dtype, Float, Int, Tensor, Value

_TO_FLOAT = [
    "acos",
    "acosh",
    "asin",
    "asinh",
    "atan",
    "atanh",
    "cos",
    "cosh",
    "sin",
    "sinh",
    "tan",
    "tanh",
    "exp",
    "exp2",
    "expm1",
    "log",
    "log1p",
    "log2",
    "log10",
    "sqrt",
    "rsqrt",
    "reciprocal",
    "sigmoid",
    "erf",
    "erfc",
    "erfinv",
    "logit",
    "lgamma",
    "digamma",
    "deg2rad",
    "rad2deg",
    "sinc",
    "i0",
    "arccos",
    "arccosh",
    "arcsin",
    "arcsinh",
    "arctan",
    "arctanh",
]
_SAME_DTYPE = [
    "abs",
    "absolute",
    "ceil",
    "floor",
    "round",
    "trunc",
    "sign",
    "neg",
    "negative",
    "square",
    "positive",
    "relu",
    "nan_to_num",
    "fix",
    "sgn",
    "conj_physical",
]
_NO_IN_PLACE = {"positive"}
_TO_BOOL = ["isnan", "isinf", "isfinite", "logical_not", "isposinf", "isneginf", "isreal", "signbit"]


def _methods(names: list[str]) -> list[str]:
    return [f"{prefix}.{name}" for name in names for prefix in ("torch", "torch.Tensor")]


def _in_place(names: list[str]) -> list[str]:
    return [f"torch.Tensor.{name}_" for name in names if name not in _NO_IN_PLACE]


@op(
    *_methods(_TO_FLOAT),
    "torch.nn.functional.sigmoid",
    "torch.nn.functional.tanh",
    rank_change=0,
    nature=Nature.POINTWISE,
)
def to_float(input: Tensor) -> Tensor:
    """A function whose result is a float."""
    return Tensor(input.axes)


@op(*_methods(_SAME_DTYPE), "torch.Tensor.__neg__", "torch.Tensor.__abs__", rank_change=0, nature=Nature.POINTWISE)
def same_dtype(input: Tensor) -> Tensor:
    """A function that keeps the kind of number."""
    if input.dtype is Dtype.BOOL:
        raise Undetermined("arithmetic on a bool")
    return replace(input, ref=None)


@op(*_in_place(_TO_FLOAT), *_in_place(_SAME_DTYPE), rank_change=0, nature=Nature.POINTWISE)
def in_place(input: Tensor) -> Tensor:
    """A function that writes its result over the tensor."""
    if input.dtype is not Dtype.FLOAT:
        raise Undetermined("an in-place function of a tensor that may be an integer")
    return replace(input, ref=None)


@op(*_methods(_TO_BOOL), rank_change=0, nature=Nature.POINTWISE)
def to_bool(input: Tensor) -> Tensor:
    """A question about each element."""
    return Tensor(input.axes, Dtype.BOOL)


@op("torch.Tensor.__invert__", "torch.bitwise_not", "torch.Tensor.bitwise_not", rank_change=0, nature=Nature.POINTWISE)
def invert(input: Tensor) -> Tensor:
    """Flip bits, or truth values."""
    if input.dtype is Dtype.FLOAT:
        raise Undetermined("bits of a tensor that may be a float")
    return replace(input, ref=None)


_SUMS = ["add", "sub"]
_COMPARISONS = ["lt", "le", "gt", "ge", "eq", "ne"]
_COMPARED = [*_COMPARISONS, "less", "less_equal", "greater", "greater_equal", "not_equal"]  #: with their long names
_LOGICAL = ["logical_and", "logical_or", "logical_xor"]
_BITWISE = ["and", "or", "xor"]


def _operators(names: list[str]) -> list[str]:
    return [f"torch.Tensor.__{name}__" for name in names]


def _reflected(names: list[str]) -> list[str]:
    return [f"torch.Tensor.__r{name}__" for name in names]


def _combined(left: Operand, right: Operand, assume: Assumptions) -> Tensor:
    if not isinstance(left, Tensor) and not isinstance(right, Tensor):
        raise Undetermined("arithmetic without a tensor")
    axes = broadcast(assume, axes_of(left), axes_of(right))
    return Tensor(axes, _promoted(left, right))


def _promoted(left: Operand, right: Operand) -> Dtype:
    kind = promoted(left, right)
    if kind is Dtype.BOOL:
        raise Undetermined("arithmetic on bools")
    return kind


@op(*_methods(["add", "sub", "subtract"]), rank_change=0, nature=Nature.SUM)
def add(input: Operand, other: Operand, *, alpha: Value = NONE, assume: Assumptions) -> Tensor:
    """`input + alpha * other`."""
    return _combined(input, other, assume)


@op(*_operators(_SUMS), *_reflected(_SUMS), rank_change=0, nature=Nature.SUM)
@op(*_operators(["mul", "mod", "floordiv"]), *_reflected(["mul"]), rank_change=0, nature=Nature.POINTWISE)
@op(*_methods(["mul", "multiply", "remainder", "fmod", "floor_divide"]), rank_change=0, nature=Nature.POINTWISE)
@op("torch.Tensor.__rfloordiv__", "torch.Tensor.__rmod__", rank_change=0, nature=Nature.POINTWISE)
def arithmetic(input: Operand, other: Operand, assume: Assumptions) -> Tensor:
    """An operator that keeps the kind of number."""
    return _combined(input, other, assume)


@op(*_methods(["pow"]), "torch.Tensor.__pow__", rank_change=0, nature=Nature.POINTWISE)
def power(input: Operand, exponent: Operand, assume: Assumptions) -> Tensor:
    """`input ** exponent`."""
    return _combined(input, exponent, assume)


@op("torch.Tensor.__rpow__", rank_change=0, nature=Nature.POINTWISE)
def reflected_power(input: Tensor, other: Operand, assume: Assumptions) -> Tensor:
    """`other ** input`."""
    return _combined(input, other, assume)


@op(*_operators(["truediv", "rtruediv"]), rank_change=0, nature=Nature.POINTWISE)
def true_divide(input: Tensor, other: Operand, assume: Assumptions) -> Tensor:
    """`input / other`, a float."""
    return Tensor(broadcast(assume, input.axes, axes_of(other)))


@op(*_methods(["div", "divide", "true_divide"]), rank_change=0, nature=Nature.POINTWISE)
def divide(input: Tensor, other: Operand, *, rounding_mode: str | None = None, assume: Assumptions) -> Tensor:
    """`input / other`; with a rounding mode the kind of number stays."""
    return true_divide(input, other, assume) if rounding_mode is None else _combined(input, other, assume)


@op(*_methods(["atan2", "hypot"]), rank_change=0, nature=Nature.POINTWISE)
def of_two_floats(input: Tensor, other: Tensor, assume: Assumptions) -> Tensor:
    """A function of two tensors whose result is a float."""
    if Dtype.FLOAT not in (input.dtype, other.dtype):
        raise Undetermined("a function of floats, of integers")
    return Tensor(broadcast(assume, input.axes, other.axes))


@op(*_methods(_COMPARED), *_operators(_COMPARISONS), rank_change=0, nature=Nature.COMPARISON)
def compare(input: Tensor, other: Operand, assume: Assumptions) -> Tensor:
    """A comparison of each element."""
    return Tensor(broadcast(assume, input.axes, axes_of(other)), Dtype.BOOL)


@op(*_methods(["isclose"]), rank_change=0, nature=Nature.COMPARISON)
def is_close(
    input: Tensor,
    other: Tensor,
    rtol: Value = NONE,
    atol: Value = NONE,
    equal_nan: Value = NONE,
    *,
    assume: Assumptions,
) -> Tensor:
    """Whether each element is as good as equal."""
    return Tensor(broadcast(assume, input.axes, other.axes), Dtype.BOOL)


@op("torch.isin", rank_change=0, nature=Nature.COMPARISON)
def is_in(elements: Tensor, test_elements: Value, **options: Value) -> Tensor:
    """Whether each element is among others."""
    return Tensor(elements.axes, Dtype.BOOL)


@op(*_methods(["allclose"]), nature=Nature.COMPARISON)
def all_close(
    input: Tensor,
    other: Tensor,
    rtol: Value = NONE,
    atol: Value = NONE,
    equal_nan: Value = NONE,
    *,
    assume: Assumptions,
) -> Value:
    """Whether all elements are, of shapes that broadcast."""
    broadcast(assume, input.axes, other.axes)
    raise Undetermined("a truth that is in the contents")


@op(*_methods(["equal"]), nature=Nature.COMPARISON)
def equal(input: Tensor, other: Tensor, assume: Assumptions) -> Value:
    """Whether shapes and elements are equal."""
    different = len(input.axes) != len(other.axes) or any(
        assume.same(one.dim, two.dim) is Same.DIFFERENT for one, two in zip(input.axes, other.axes, strict=True)
    )
    if different:
        return Bool(False)
    raise Undetermined("a truth that is in the contents")


@op(*_methods(_LOGICAL), rank_change=0, nature=Nature.POINTWISE)
def logical(input: Tensor, other: Tensor, assume: Assumptions) -> Tensor:
    """Truth values put together."""
    return Tensor(broadcast(assume, input.axes, other.axes), Dtype.BOOL)


@op(*_methods([f"bitwise_{name}" for name in _BITWISE]), rank_change=0, nature=Nature.POINTWISE)
@op(*_operators(_BITWISE), *_reflected(_BITWISE), rank_change=0, nature=Nature.POINTWISE)
def bitwise(input: Tensor, other: Operand, assume: Assumptions) -> Tensor:
    """Bits, or truth values, put together."""
    kind = promoted(input, other)
    if kind is Dtype.FLOAT:
        raise Undetermined("bits of a tensor that may be a float")
    return Tensor(broadcast(assume, input.axes, axes_of(other)), kind)


def _written_over(input: Tensor, other: Operand, assume: Assumptions) -> Tensor:
    check_assignable(axes_of(other), input.axes, assume)
    if input.dtype is not Dtype.FLOAT and promoted(input, other) is not input.dtype:
        raise Undetermined("a result that may not fit the tensor's dtype")
    return replace(input, axes=broadcast(assume, input.axes, axes_of(other)), ref=None)


@op("torch.Tensor.add_", "torch.Tensor.sub_", rank_change=0, nature=Nature.SUM)
def add_(input: Tensor, other: Operand, *, alpha: Value = NONE, assume: Assumptions) -> Tensor:
    """Add to the tensor; the other operand must broadcast to its shape."""
    return _written_over(input, other, assume)


@op("torch.Tensor.mul_", "torch.Tensor.__imul__", rank_change=0, nature=Nature.POINTWISE)
@op(*(f"torch.Tensor.__i{name}__" for name in _SUMS), rank_change=0, nature=Nature.SUM)
@op("torch.Tensor.copy_", rank_change=0, nature=Nature.POINTWISE)
def multiply_(input: Tensor, other: Operand, assume: Assumptions) -> Tensor:
    """Write over the tensor; the other operand must broadcast to its shape."""
    return _written_over(input, other, assume)


@op("torch.Tensor.div_", "torch.Tensor.__itruediv__", rank_change=0, nature=Nature.POINTWISE)
def divide_(input: Tensor, other: Operand, assume: Assumptions) -> Tensor:
    """Divide the tensor in place."""
    if input.dtype is not Dtype.FLOAT:
        raise Undetermined("an in-place division of a tensor that may be an integer")
    return _written_over(input, other, assume)


@op("torch.Tensor.masked_fill_", rank_change=0, nature=Nature.POINTWISE)
def masked_fill_(input: Tensor, mask: Tensor, value: Value, assume: Assumptions) -> Tensor:
    """Write `value` where the mask is true; the mask must broadcast to the tensor's shape."""
    if mask.dtype is Dtype.FLOAT:
        raise Undetermined("a mask whose dtype is not known")
    check_assignable(mask.axes, input.axes, assume)
    return replace(input, ref=None)


@op("torch.Tensor.zero_", rank_change=0, nature=Nature.ZEROS)
@op("torch.Tensor.fill_", rank_change=0, nature=Nature.CONSTANT)
@op("torch.Tensor.uniform_", "torch.Tensor.normal_", rank_change=0, nature=Nature.RANDOM)
def filled(input: Tensor, *values: Value, **options: Value) -> Tensor:
    """Write new numbers into a tensor."""
    return replace(input, ref=None)


@op("torch.Tensor.where", nature=Nature.POINTWISE)
def where_method(input: Tensor, condition: Tensor, other: Operand, assume: Assumptions) -> Tensor:
    """The method is called on what is taken where the condition holds."""
    return where(condition, input, other, assume)


@op("torch.where", nature=Nature.POINTWISE)
def where(condition: Tensor, input: Operand, other: Operand, assume: Assumptions) -> Tensor:
    """`input` where the condition holds, `other` elsewhere."""
    axes = broadcast(assume, condition.axes, axes_of(input), axes_of(other))
    return Tensor(axes, promoted(input, other))


@op("torch.clamp", "torch.Tensor.clamp", "torch.clip", "torch.Tensor.clip", rank_change=0, nature=Nature.BOUND)
def clamp(input: Tensor, min: Operand | None = None, max: Operand | None = None, *, assume: Assumptions) -> Tensor:
    """Cut each element to a range."""
    bounds = [bound for bound in (min, max) if bound is not None]
    if not bounds:
        raise Undetermined("clamp without a bound")
    return Tensor(broadcast(assume, input.axes, *map(axes_of, bounds)), promoted(input, *bounds))


@op("torch.Tensor.clamp_", rank_change=0, nature=Nature.BOUND)
def clamp_(input: Tensor, min: Int | Float | Bool | None = None, max: Int | Float | Bool | None = None) -> Tensor:
    """Cut each element to a range, in place."""
    if input.dtype is not Dtype.FLOAT or (min is None and max is None):
        raise Undetermined("clamp_ without a bound, or of integers")
    return replace(input, ref=None)


@op("torch.lerp", "torch.Tensor.lerp", nature=Nature.POINTWISE)
def lerp(input: Tensor, end: Tensor, weight: Operand, assume: Assumptions) -> Tensor:
    """`input + weight * (end - input)`."""
    return Tensor(broadcast(assume, input.axes, end.axes, axes_of(weight)), promoted(input, end))


@op("torch.addcmul", "torch.Tensor.addcmul", "torch.addcdiv", "torch.Tensor.addcdiv", nature=Nature.POINTWISE)
def addcmul(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: Value = NONE, assume: Assumptions) -> Tensor:
    """`input + value * tensor1 * tensor2` (or `/ tensor2`)."""
    if input.dtype is not Dtype.FLOAT:
        raise Undetermined("addcmul of integers")
    return Tensor(broadcast(assume, input.axes, tensor1.axes, tensor2.axes))
