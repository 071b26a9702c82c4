"""Calls of what computes: entry by entry, along axes, products."""

from __future__ import annotations

from oracle import number, numbers, tensor

from cases.calls import M, V, X, both, case, initialisers, mask, methods, whole
from shapelint.ops.tensors.computing import elementwise
from shapelint.shapes.value import (
    TRUE,
    External,
    Float,
    List,
    Str,
)


def _reductions() -> None:
    over_many = both("sum nansum mean nanmean std var amax amin all any")
    of_linalg = "torch.linalg.norm torch.linalg.vector_norm"
    case(of_linalg, X)
    case(of_linalg, X, number(2), number(1))
    case(of_linalg, X, dim=numbers(0, 2), keepdim=TRUE)
    case(of_linalg, X, dim=number(5))
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
    case(both("isclose"), X, tensor("T", 1))
    case(both("isclose"), X, V, Float(0.1))
    case(both("allclose"), X, V, refuses=True)
    case(both("equal"), X, X, refuses=True)
    case(both("equal"), X, V)
    case("torch.isin", X, V)
    case("torch.isin", X, number(2))
    for name in ("isclose", "allclose", "equal"):
        case(both(name), tensor("B", 5), tensor("B", 4))
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


for _fill in (_reductions, _elementwise, _products):
    _fill()
