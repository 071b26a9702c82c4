"""Calls of every general operation on symbolic tensors; tests/ops/test_ops.py runs them at random sizes.

A case lists the names it is for, then the arguments. `refuses` marks calls whose result no shape function
can tell; "B", "T", "H" and "N" are drawn, and `fits` gives sizes that replace them, or those of other names.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import torch
from oracle import Argument, Given, dim, number, numbers, tensor

from shapelint.ops.tensors.computing import elementwise
from shapelint.shapes.value import (
    ELLIPSIS,
    FALSE,
    NONE,
    TRUE,
    Dtype,
    External,
    Float,
    List,
    SliceValue,
    Str,
    Tuple,
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


X = tensor("B", "T", "H")
M = tensor("B", "H")
V = tensor("H")
SCALAR = tensor()
LONG = External("torch.long")
FULL = cut()


def _views() -> None:
    for name in ("torch.Tensor.view", "torch.Tensor.reshape"):
        case(name, X, number(-1), number("H"))
        case(name, X, numbers("B", -1))
        case(name, X, number("B"), number("T"), number("H"), number(1))
        case(name, tensor(dim("H") * dim(2), "B"), number(2), number("H"), number("B"))
        case(name, X, number("T"), number("B"), number("H"))
    case("torch.reshape", X, numbers(-1, "H"))
    case(methods("view_as reshape_as"), X, tensor("H", "B", "T"))
    case(both("flatten"), X)
    case(both("flatten"), X, number(1))
    case(both("flatten"), X, number(0), number(-2))
    case(both("flatten"), X, number(2), number(1))
    case(both("ravel"), X)
    case(both("unflatten"), X, number(-1), numbers(1, "H"))
    case(both("unflatten"), tensor("B", dim("H") * dim(3)), number(1), numbers(-1, 3))
    case(both("squeeze") + " torch.Tensor.squeeze_", tensor(1, "B", 1, 7), fits={"B": 2})
    case(both("squeeze") + " torch.Tensor.squeeze_", tensor(1, "B", 1), number(0))
    case(both("squeeze"), tensor("B", "U"), number(-1), fits={"U": 1})
    case(both("squeeze"), tensor("B", 1, 1), numbers(1, 2))
    case(both("unsqueeze") + " torch.Tensor.unsqueeze_", X, number(1))
    case(both("unsqueeze"), X, number(-5))
    for dims in ((1, 0, 2), (-1, 0, 1), (0, 1), (0, 0, 1)):
        case(both("permute"), X, numbers(*dims))
    case("torch.Tensor.permute", X, number(2), number(0), number(1))
    case("torch.Tensor.permute", X, dims=numbers(2, 0, 1))
    case("torch.Tensor.repeat", X, repeats=numbers(2, 1, 1))
    case("torch.Tensor.reshape", X, shape=numbers("T", "B", "H"))
    case("torch.Tensor.view", X, size=numbers("T", -1))
    swaps = both("transpose swapaxes swapdims") + " torch.Tensor.transpose_"
    case(swaps, X, number(0), number(1))
    case(swaps, X, number(-1), number(3))
    case(both("t") + " torch.Tensor.t_", M)
    case(both("t"), X)
    case("torch.Tensor.T torch.Tensor.mT", M)
    case("torch.Tensor.mT", X)
    case("torch.Tensor.mT", V)
    case(both("movedim moveaxis"), X, number(0), number(-1))
    case(both("movedim moveaxis"), X, numbers(0, 1), numbers(2, 0))
    case("torch.Tensor.contiguous", X)
    case("torch.Tensor.expand", tensor(1, "B", 1), number("T"), number(-1), number("H"))
    case("torch.Tensor.expand", V, numbers("B", "T", "H"))
    case("torch.Tensor.expand", tensor(3), number(4))
    case("torch.Tensor.expand_as", tensor("B", 1, "H"), X)
    case(both("broadcast_to"), tensor("T", 1), numbers("B", "T", "H"))
    case("torch.Tensor.repeat", M, number(1), number("T"), number(2))
    case("torch.Tensor.repeat", M, numbers("T", 1, 1))
    case("torch.Tensor.repeat", M, number(2))
    case(both("tile"), X, numbers(2))
    case(both("tile"), V, numbers("T", 1, 2))
    case(both("repeat_interleave"), M, number("T"), number(1))
    case(both("repeat_interleave"), M, number(3), dim=number(0))
    case(both("repeat_interleave"), M, number(2))
    case("torch.atleast_2d", V)
    case("torch.atleast_2d", X)
    case("torch.nn.functional.one_hot", whole("B", "T"), number("H"))
    case("torch.nn.functional.one_hot", whole("B"), refuses=True)


def _indices() -> None:
    getitem = "torch.Tensor.__getitem__"
    case(getitem, X, number(-1))
    case(getitem, X, Tuple((FULL, number(-1))))
    case(getitem, X, Tuple((ELLIPSIS, cut(upper=number(-1)))))
    case(getitem, X, Tuple((cut(lower=number(2)), NONE, cut(step=number(2)))))
    case(getitem, X, Tuple((FULL, cut(number("N"), dim_plus("N", 1)))), fits={"N": 1, "T": 4})
    case(getitem, tensor("B", dim("H") * dim(2)), Tuple((FULL, cut(upper=number("H")))))
    case(getitem, tensor("B", dim("H") * dim(2)), Tuple((FULL, cut(lower=number("H")))))
    case(getitem, X, Tuple((whole("B"), whole("B"))))
    case(getitem, X, Tuple((whole("N"), FULL, whole("N"))))
    case(getitem, X, Tuple((FULL, whole("N", 2))))
    case(getitem, tensor("B", "T", "H", 2), Tuple((FULL, whole("N"), FULL, whole("N"))))
    case(getitem, tensor("B", "T", "H", 2), Tuple((FULL, whole("N"), number(0), whole("N"))))
    case(getitem, X, List([number(0), number(0)]))
    case(getitem, X, mask("B"), refuses=True)
    case(getitem, M, Tuple((number(0), number(0), number(0))))
    case("torch.Tensor.__setitem__", X, Tuple((FULL, number(0))), tensor("B", "H"))
    case("torch.Tensor.__setitem__", X, number(0), tensor("N", "T", "H"))
    case("torch.Tensor.__setitem__", X, number(0), tensor(1, "T", "H"))
    case("torch.Tensor.__setitem__", X, number(0), Float(1.0))
    case(both("select"), X, number(1), number(-1))
    case(both("select"), tensor(3, "B"), number(0), number(3))
    case(both("narrow"), tensor("B", 6), number(1), number(2), number(3))
    case(both("narrow"), tensor("B", 6), number(1), number(4), number(3))
    case(both("index_select"), X, number(1), whole("N"))
    case(both("gather"), X, number(1), whole("B", "N", "H"))
    case(both("gather"), tensor(2, 5), number(1), whole(3, 5))
    case(both("take_along_dim"), X, whole("B", "N", "H"), dim=number(1))
    case(both("take_along_dim"), X, whole("B", "N", "H"), refuses=True)
    case(both("masked_fill") + " torch.Tensor.masked_fill_", X, mask("B", "T", 1), Float(0.0))
    case(both("masked_fill"), tensor(2, 3), mask(4, 1, 3), Float(0.0))
    case("torch.Tensor.masked_fill_", tensor(2, 3), mask(4, 1, 3), Float(0.0))
    case(both("masked_select"), X, mask("B", "T", "H"), refuses=True)
    case(both("nonzero unique"), X, refuses=True)
    case(both("bincount"), whole("B"), refuses=True)
    scatters = both("scatter scatter_add") + " torch.Tensor.scatter_ torch.Tensor.scatter_add_"
    case(scatters, M, number(1), whole("B", 1), tensor("B", 1))
    case(scatters, tensor(2, 5), number(0), whole(2, 6), tensor(2, 6))
    case(both("roll"), X, number(1), number(0))
    case(both("tril triu"), X)
    case(both("tril triu"), V)
    case(both("diagonal"), M)
    case(both("diagonal"), X, dim1=number(-2), dim2=number(-1))


def dim_plus(name: str, more: int) -> Value:
    """A symbol plus a number."""
    return number(dim(name) + dim(more))


def _joins() -> None:
    for name in ("torch.cat", "torch.concat", "torch.concatenate"):
        case(name, Tuple((X, tensor("B", "N", "H"))), number(1))
        case(name, List([X, X]), dim=number(-1))
        case(name, Tuple((M, V)))
        case(name, Tuple((tensor(2, 3), tensor(2, 4))))
        case(name, Tuple((whole("B"), tensor("B"))))
    case("torch.stack", List([X, X]), number(1))
    case("torch.stack", Tuple((X, tensor("N", "T", "H"))), dim=number(-1))
    case("torch.stack", Tuple((tensor(2), tensor(3))))
    for name in ("torch.hstack", "torch.vstack"):
        case(name, Tuple((V, V)))
        case(name, Tuple((X, X)))
    case("torch.row_stack", Tuple((M, V)))
    case(both("chunk"), tensor("B", dim("H") * dim(4)), number(4), number(1))
    case(both("chunk"), tensor("B", 7), number(3), dim=number(-1))
    case(both("chunk"), X, number(2), number(2))
    case(both("split"), tensor("B", dim("H") * dim(3)), number("H"), dim=number(1))
    case(both("split"), tensor(7, "B"), number(3))
    case(both("split"), X, number(1), number(1))
    case(both("split"), tensor("B", 7), numbers(3, 4), number(1))
    case(both("split"), tensor("B", 7), numbers(3, 3), number(1))
    case(both("split"), X, numbers("T"), dim=number(1))
    case(both("unbind"), tensor("B", 3), number(1))
    case(both("unbind"), X)


def _reductions() -> None:
    over_many = both("sum nansum mean nanmean std var amax amin all any")
    one_or_more = "torch.norm torch.Tensor.norm"
    case(over_many + " " + one_or_more, X)
    case(over_many, X, number(1))
    case(over_many + " " + one_or_more, X, dim=number(-1), keepdim=TRUE)
    case(over_many, X, dim=numbers(0, 2))
    case(over_many, X, dim=numbers(0, 0))
    case(both("sum"), mask("B", "T"), axis=number(0))
    case(both("mean"), whole("B"), refuses=True)
    case(both("mean"), whole("B"), dtype=External("torch.float32"))
    case(both("logsumexp"), X, number(1))
    over_one = both("prod argmax argmin max min median")
    case(over_one, X)
    case(over_one, X, number(1))
    case(over_one, X, dim=number(-1), keepdim=TRUE)
    case(over_one, X, number(3))
    case(both("max min maximum minimum"), X, tensor("T", 1))
    along = both("softmax log_softmax cumsum cumprod sort argsort")
    case(along + " torch.nn.functional.softmax torch.nn.functional.log_softmax", X, number(-1))
    case(along + " torch.nn.functional.softmax torch.nn.functional.log_softmax", X, dim=number(3))
    case(both("topk"), tensor("B", 6), number(3))
    case(both("topk"), tensor("B", 6), number(7), number(1))
    case(both("flip"), X, numbers(1))
    case("torch.Tensor.flip", X, number(0), number(1))
    case("torch.Tensor.flip", X, dims=numbers(0, 1))


def _elementwise() -> None:
    for name in [*elementwise._TO_FLOAT, *elementwise._SAME_DTYPE, *elementwise._TO_BOOL]:
        case(both(name), X)
    for name in [*elementwise._TO_FLOAT, *elementwise._SAME_DTYPE]:
        if name != "positive":
            case(f"torch.Tensor.{name}_", X)
    case(both("exp sqrt sigmoid abs"), whole("B"))
    case("torch.nn.functional.sigmoid torch.nn.functional.tanh", X)
    case(methods("__neg__ __abs__"), X)
    case(both("bitwise_not") + " torch.Tensor.__invert__", mask("B"))
    operators = methods("__add__ __sub__ __mul__ __mod__ __floordiv__ __pow__ __truediv__")
    reflected = methods("__radd__ __rsub__ __rmul__ __rmod__ __rfloordiv__ __rpow__ __rtruediv__")
    functions = both("add sub subtract mul multiply remainder fmod floor_divide pow div divide true_divide")
    compared = (
        both("lt le gt ge eq ne less less_equal greater greater_equal not_equal")
        + " "
        + methods("__lt__ __le__ __gt__ __ge__ __eq__ __ne__")
    )
    for names in (operators, functions, compared):
        case(names, X, tensor("T", 1))
        case(names, X, tensor("B", "T", "N"))
        case(names, X, number(2))
        case(names, tensor("B", 5), tensor("B", 4))
    case(reflected, X, number(2))
    case(reflected, X, Float(2.0))
    case(operators, tensor("B"), whole("B"))
    case(both("div"), X, number(2), rounding_mode=Str("floor"))
    case(both("atan2 hypot"), X, V)
    case(both("logical_and logical_or logical_xor"), mask("B", 1), mask("T"))
    bits = both("bitwise_and bitwise_or bitwise_xor") + " " + methods("__and__ __or__ __xor__")
    case(bits, mask("B", 1), mask("T"))
    case(methods("__rand__ __ror__ __rxor__"), mask("B"), TRUE)
    in_place = methods("add_ sub_ mul_ div_ copy_ __iadd__ __isub__ __imul__ __itruediv__")
    case(in_place, X, tensor("T", 1))
    case(in_place, tensor(3, 1), tensor(3, 4))
    case(in_place, tensor(3, 4), tensor(1, 3, 4))
    case(methods("zero_ uniform_ normal_"), X)
    case("torch.Tensor.fill_", X, Float(1.0))
    case(initialisers("uniform normal trunc_normal ones zeros xavier_uniform xavier_normal"), X)
    case(initialisers("kaiming_uniform kaiming_normal orthogonal"), X)
    case(initialisers("constant"), X, Float(1.0))
    case(initialisers("xavier_uniform orthogonal"), tensor("T"))
    case("torch.where", mask("B", "T", 1), X, Float(0.0))
    case("torch.Tensor.where", X, mask("T", "H"), tensor("B", 1, 1))
    case(both("clamp clip"), X, number(0), number(1))
    case(both("clamp clip"), X, min=tensor("H"))
    case("torch.Tensor.clamp_", X, min=Float(0.0))
    case(both("lerp"), X, V, Float(0.5))
    case(both("addcmul addcdiv"), X, V, tensor("T", 1))


def _creation() -> None:
    made = "torch.zeros torch.ones torch.empty torch.rand torch.randn"
    case(made, number("B"), number("T"))
    case(made, numbers("B", "T"), requires_grad=FALSE)
    case(made, number(2), dtype=External("torch.float64"), device=Str("cpu"))
    case(made, size=numbers("B", "T"))
    case("torch.zeros", numbers("B"), dtype=LONG)
    case("torch.full", numbers("B", 2), number(1))
    case("torch.full", numbers("B", 2), Float(1.0), dtype=LONG)
    case("torch.randint", number(5), numbers("B", "T"))
    case("torch.randint", number(0), number(5), size=numbers("B"))
    case("torch.randperm", number("B"))
    case("torch.eye", number("B"))
    case("torch.eye", number("B"), number("T"))
    case("torch.linspace torch.logspace", number(0), number(1), number("B"))
    case("torch.arange", number("B"))
    case("torch.arange", number(1), dim_plus("B", 1))
    case("torch.arange", number(0), number("B"), number(2))
    case("torch.arange", number("B"), number(0), number(-1))
    case("torch.arange", number(5), number(2))
    case("torch.arange", number("B"), dtype=External("torch.float"))
    likes = "torch.zeros_like torch.ones_like torch.empty_like torch.rand_like torch.randn_like"
    case(likes, X)
    case("torch.zeros_like", X, dtype=LONG)
    case("torch.full_like", X, Float(1.0))
    case("torch.randint_like", X, number(0), number(3))
    case(both("bernoulli"), Given(M, lambda sizes: torch.full((sizes["B"], sizes["H"]), 0.5)))
    case(methods("new_zeros new_ones new_empty"), X, number("N"), number(2))
    case(methods("new_zeros new_ones new_empty"), X, numbers("N", 2))
    case(methods("new_zeros new_ones new_empty"), X, size=numbers("N", 2))
    case("torch.Tensor.new", X, number("N"), number(2))
    case("torch.Tensor.new", X, numbers("N", 2), refuses=True)
    case("torch.Tensor.new_full", whole("B"), numbers("N"), number(1))
    rows = List([List([number(1), Float(2.0)]), List([number(3), number(4)])])
    ragged = List([List([number(1)]), List([number(3), number(4)])])
    for data in (rows, ragged, number(1), Tuple((TRUE, FALSE)), List([])):
        case("torch.tensor torch.as_tensor", data)
        case("torch.Tensor.new_tensor", X, data)
    old = "torch.Tensor torch.FloatTensor torch.DoubleTensor torch.LongTensor torch.IntTensor"
    case(old, number("B"), number(2))
    case(old, List([List([number(1), number(2)])]))
    case(old)


def _conversions() -> None:
    for argument in (Str("cpu"), LONG, External("torch.float64"), whole("N")):
        case("torch.Tensor.to", X, argument)
    case("torch.Tensor.to", X, dtype=External("torch.bool"))
    case(methods("float double half bfloat16 long int short byte bool"), X)
    case("torch.Tensor.type", X, LONG)
    case("torch.Tensor.type_as", X, whole("B"))
    case(methods("cpu detach_ requires_grad_") + " " + both("detach clone"), X)
    case("torch.Tensor.data", X)
    case("torch.nn.Parameter torch.nn.parameter.Parameter torch.autograd.Variable", X)
    case("torch.Tensor.item torch.Tensor.__float__ torch.Tensor.__int__", tensor(1, 1), refuses=True)
    case("torch.Tensor.item", tensor("B", 2))
    case(methods("tolist"), X, refuses=True)
    case("torch.Tensor.__bool__", SCALAR, refuses=True)


def _attributes() -> None:
    case(methods("shape size ndim dim ndimension numel nelement __len__") + " torch.numel", X)
    case("torch.Tensor.size", X, number(-1))
    case("torch.Tensor.size", X, number(3))
    case("torch.Tensor.__len__", SCALAR)
    case(both("is_floating_point"), whole("B"))
    unknown = "device dtype is_cuda requires_grad grad_fn layout get_device is_contiguous stride"
    case(methods(unknown), X, refuses=True)


def _products() -> None:
    matmuls = both("matmul") + " torch.Tensor.__matmul__"
    case(matmuls, X, tensor("H", "N"))
    case(matmuls, X, V)
    case(matmuls, V, tensor("B", "H", "T"))
    case(matmuls, X, tensor("B", "N", "T"))
    case(matmuls, tensor(2, 3), tensor(4, 5))
    case(both("mm"), M, tensor("H", "N"))
    case(both("mm"), X, tensor("H", "N"))
    case(both("bmm"), X, tensor("B", "H", "N"))
    case(both("bmm"), tensor(2, 3, 4), tensor(3, 4, 5))
    case(both("mv"), M, V)
    case(both("dot"), V, V)
    case(both("dot"), M, V)
    case(both("outer ger"), V, tensor("B"))
    case(both("addmm"), tensor("N"), M, tensor("H", "N"))
    case(both("addmm"), tensor(3, 5), tensor(2, 4), tensor(4, 5))
    case(both("baddbmm"), tensor("B", 1, "N"), X, tensor("B", "H", "N"))
    case("torch.einsum", Str("bth,bsh->bts"), X, tensor("B", "N", "H"))
    case("torch.einsum", Str("...h,hn"), X, tensor("H", "N"))
    case("torch.einsum", Str("ij->"), List([M]))
    case("torch.einsum", Str("bij,bjk->bik"), X, X)
    case("torch.einsum", Str("ij"), X)
    case("torch.einsum", Str("ii"), tensor("B", "B"))


def names_without_torch() -> Iterator[str]:
    """Operations that need hardware or a package that tests do not have."""
    yield from ("torch.Tensor.cuda", "torch.Tensor.pin_memory", "torch.Tensor.numpy", "torch.from_numpy")


for _fill in (
    _views,
    _indices,
    _joins,
    _reductions,
    _elementwise,
    _creation,
    _conversions,
    _attributes,
    _products,
):
    _fill()
