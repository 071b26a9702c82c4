"""Dotted names of torch: which path an import form means."""

from __future__ import annotations

import math

from shapelint.ops import registry
from shapelint.shapes.dim import Dim
from shapelint.shapes.value import Bool, External, Float, Int, Value

#: modules whose members are kept as External; all other imports are unknown values
KNOWN_ROOTS = frozenset(
    (
        "torch math einops functools collections typing dataclasses copy enum itertools argparse types contextlib six"
        " lightning pytorch_lightning"
    ).split()
)
#: classes that a tensor is an instance of; before torch 0.4 its type was Variable, and code still asks for that
TENSORS = frozenset({"torch.Tensor", "torch.autograd.Variable", "torch.FloatTensor"})
#: the numbers of `math`, which torch has as well
_NUMBERS = {f"{home}.{name}": Float(getattr(math, name)) for home in ("math", "torch") for name in ("pi", "e", "inf")}
SIX = "six.moves."  #: where Python 2 code finds Python 3 builtins


def is_registered(path: str) -> bool:
    """Whether shapelint knows a torch class or function of this name."""
    return path in registry.LAYERS or path in registry.OPS


def canonical(path: str) -> str:
    """The registered name of a torch class or function, whichever way it was imported.

    `torch.nn.modules.rnn.LSTM` is `torch.nn.LSTM`; `torch.functional.einsum` is `torch.einsum`, and
    `torch.torch` torch.
    """
    if is_registered(path):
        return path
    if f"{path}.".startswith("torch.torch."):
        return canonical(path.removeprefix("torch."))
    name = path.rpartition(".")[2]
    if name == "LightningModule":
        return "torch.nn.Module"  # as far as shapes are concerned
    if path.startswith("torch.nn.modules.") and name[:1].isupper():
        return f"torch.nn.{name}"
    for home in ("torch.functional.", "torch._C._VariableFunctions.", "torch._C._nn.", "torch.special."):
        if path.startswith(home):
            return f"torch.{name}"
    return path


def named(path: str) -> Value:
    """What a dotted name of a known module stands for: a number, or what its name tells."""
    return _NUMBERS.get(path) or External(canonical(path))


def layer_parameters(path: str) -> list[tuple[str, Value | None]]:
    """The parameters of a layer's constructor that decide shapes, with defaults; none that is 0 there."""
    return [
        (name, _as_value(parameter.default))
        for name, parameter in registry.LAYERS[path].build.signature.parameters.items()
        if name not in ("assume", "device", "dtype") and parameter.default != Dim.of(0)
    ]


def _as_value(default: object) -> Value | None:
    if isinstance(default, Value):
        return default
    if isinstance(default, bool):
        return Bool(default)
    return Int(default) if isinstance(default, Dim) else None


def is_module_class(path: str) -> bool:
    """Whether calling the dotted name makes a layer or a container."""
    return path in registry.LAYERS or path in (
        "torch.nn.Sequential",
        "torch.nn.ModuleList",
        "torch.nn.ModuleDict",
    )
