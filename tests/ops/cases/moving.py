"""Calls of what cuts, exchanges, joins, picks and packs axes."""

from __future__ import annotations

import torch
from oracle import Given, dim, number, numbers, tensor

from cases.calls import FULL, M, V, X, both, case, cut, dim_plus, mask, methods, whole
from shapelint.shapes.value import (
    ELLIPSIS,
    NONE,
    TRUE,
    Float,
    List,
    Str,
    Tuple,
)


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
    case(both("diag"), V)
    case(both("diag"), M)
    case(both("diag"), X)
    shares = Given(M, lambda sizes: torch.full((sizes["B"], sizes["H"]), 0.5))
    case(both("multinomial"), shares, number(3), TRUE)
    case(both("multinomial"), shares, dim_plus("H", 1))
    case(both("multinomial"), X, number(1))
    case("torch.searchsorted", V, X)
    case("torch.searchsorted", M, M)
    case("torch.searchsorted", tensor(2, "H"), tensor(3, "H"))
    case(both("diagonal"), X, dim1=number(-2), dim2=number(-1))


def _joins() -> None:
    case("torch.meshgrid", tensor("B"), tensor("T"))
    case("torch.meshgrid", List([tensor("B"), tensor("T"), tensor("H")]), indexing=Str("ij"))
    case("torch.meshgrid", tensor("B"), tensor("T"), indexing=Str("xy"))
    case("torch.meshgrid", M, tensor("T"))
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


for _fill in (_views, _indices, _joins):
    _fill()
