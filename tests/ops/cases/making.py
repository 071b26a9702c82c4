"""Calls of what makes new tensors, converts them, and tells what they are."""

from __future__ import annotations

import torch
from oracle import Given, number, numbers, tensor

from cases.calls import LONG, SCALAR, M, X, both, case, dim_plus, methods, whole
from shapelint.shapes.value import (
    FALSE,
    TRUE,
    External,
    Float,
    List,
    Str,
    Tuple,
)


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
    windows = "torch.hann_window torch.hamming_window torch.blackman_window torch.bartlett_window torch.kaiser_window"
    case(windows, number("B"))
    case(windows, number(8), FALSE)
    case("torch.normal", number(0), number(1), numbers("B", 2))
    case("torch.normal", Float(0.0), Float(1.0), size=numbers("B"))
    case("torch.normal", X, Float(1.0))
    case("torch.normal", Float(1.0), Given(M, lambda sizes: torch.full((sizes["B"], sizes["H"]), 0.5)))
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
    case("torch.nn.Buffer torch.nn.parameter.Buffer", X)
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


for _fill in (_creation, _conversions, _attributes):
    _fill()
