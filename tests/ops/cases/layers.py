"""Calls of the layers of torch.nn: what torch runs, and what it refuses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import torch
from oracle import Argument, Given, PathAssumptions, number, numbers, tensor
from torch import nn

from shapelint.ops.binding import build
from shapelint.ops.registry import LAYERS, load
from shapelint.shapes.axis import Role
from shapelint.shapes.value import FALSE, NONE, TRUE, Dtype, Float, List, Str, Tuple, Value
from shapelint.source import Span

load()
NOWHERE = Span(1, 0, 1, 0)
INT = Dtype.INT


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a layer; `raises` where torch refuses it at any sizes, with the code that explains it."""

    config: Mapping[str, Argument]
    args: tuple[Argument, ...]
    kwargs: Mapping[str, Argument] = field(default_factory=dict)
    raises: bool = False
    code: str | None = None


CALLS: dict[str, list[Call]] = {}


def works(names: str, config: Mapping[str, Argument], *args: Argument, **kwargs: Argument) -> None:
    """Torch runs this, and gives what the shape function says."""
    for name in names.split():
        CALLS.setdefault(f"torch.nn.{name}", []).append(Call(config, args, kwargs))


def refused(
    names: str, config: Mapping[str, Argument], *args: Argument, code: str | None = None, **kwargs: Argument
) -> None:
    """Torch raises, in the constructor or in the call."""
    for name in names.split():
        CALLS.setdefault(f"torch.nn.{name}", []).append(Call(config, args, kwargs, True, code))


BTI, BT, B = tensor("B", "T", "I"), tensor("B", "T"), tensor("B")
IDS = tensor("B", "T", dtype=INT)
SCALAR = tensor()

# linear
works("Linear", {"in_features": number("I"), "out_features": number("H")}, BTI)
works("Linear", {"in_features": number("I"), "out_features": number("H"), "bias": FALSE}, tensor("I"))
refused("Linear", {"in_features": number(3), "out_features": number(2)}, tensor("B", 4), code="SHP501")
refused("Linear", {"in_features": number(3), "out_features": number(-2)}, tensor("B", 3))
refused("Linear", {"in_features": number(3), "out_features": number(2)}, SCALAR)
three = {"in1_features": number("I"), "in2_features": number("H"), "out_features": number(3)}
works("Bilinear", three, BTI, tensor("B", "T", "H"))
refused("Bilinear", three, BTI, tensor("B", "H"))
refused("Bilinear", {**three, "in1_features": number(3)}, tensor("B", 2), tensor("B", "H"))
works("Identity", {}, BTI)
works("Identity", {"anything": number(3)}, Tuple((BTI, B)))
table = {"num_embeddings": number(7), "embedding_dim": number("I")}
works("Embedding", {**table, "padding_idx": number(0)}, IDS)
works("Embedding", table, tensor(dtype=INT))
refused("Embedding", {**table, "num_embeddings": number(-1)}, IDS)
works("EmbeddingBag", {**table, "mode": Str("sum")}, IDS, NONE, BT)
works("EmbeddingBag", table, tensor("N", dtype=INT), tensor("B", dtype=INT))
refused("EmbeddingBag", table, tensor("N", dtype=INT))
refused("EmbeddingBag", table, IDS, tensor("B", dtype=INT))
refused("EmbeddingBag", table, tensor("B", "T", "N", dtype=INT))

# convolution
conv = {"in_channels": number("I"), "out_channels": number("H"), "kernel_size": number(3)}
for extra in (
    {},
    {"stride": number(2), "padding": number(1)},
    {"padding": Str("same"), "dilation": number(2)},
    {"padding": Str("valid")},
):
    works("Conv1d", {**conv, **extra}, tensor("B", "I", "T"))
    works("Conv2d", {**conv, **extra}, tensor("B", "I", "T", "N"))
works("Conv1d", conv, tensor("I", "T"))
works("Conv1d", {**conv, "kernel_size": Tuple((number(3),)), "stride": number("H")}, tensor("I", "T"))
works("Conv2d", {**conv, "kernel_size": numbers(2, 3), "padding": numbers(0, 2)}, tensor("B", "I", "T", "N"))
grouped = {"in_channels": number(6), "out_channels": number(4), "kernel_size": number(3)}
works("Conv1d ConvTranspose1d", {**grouped, "groups": number(2)}, tensor("B", 6, "T"))
refused("Conv1d Conv2d ConvTranspose1d", {**grouped, "groups": number(4)}, tensor("B", 6, "T"))
refused("Conv1d", grouped, tensor("B", 5, "T"))
refused("Conv1d", grouped, tensor("B", 5, 6), code="SHP515")
refused("Conv1d", {**grouped, "in_channels": number("I")}, BTI, code="SHP515")
refused("Conv1d", grouped, tensor("B", 6, 2))
refused("Conv1d", grouped, tensor(6))
refused("Conv1d", {**grouped, "kernel_size": number(0)}, tensor("B", 6, "T"))
refused("Conv1d", {**grouped, "padding": Str("same"), "stride": number(2)}, tensor("B", 6, "T"))
refused("Conv1d", {**grouped, "padding": Str("full")}, tensor("B", 6, "T"))
refused("Conv1d", {**grouped, "in_channels": number(-2)}, tensor("B", 6, "T"))
for _name in ("Conv1d", "ConvTranspose1d"):
    refused(_name, {**conv, "out_channels": number(0)}, tensor("B", "I", "T"))
refused("ConvTranspose1d", {**conv, "in_channels": number(0)}, tensor("B", 0, "T"))
for extra in (
    {},
    {"stride": number(2), "padding": number(1), "output_padding": number(1)},
    {"dilation": number(2)},
):
    works("ConvTranspose1d", {**conv, **extra}, tensor("B", "I", "T"))
works("ConvTranspose1d", {**conv, "stride": number(2)}, tensor("I", 5), output_size=List([number(12)]))
refused("ConvTranspose1d", {**conv, "output_padding": number(3)}, tensor("B", "I", "T"))
refused("ConvTranspose1d", {**conv, "padding": number(3)}, tensor("B", "I", 3))

# pooling
for extra in ({}, {"stride": number(1)}, {"stride": number(2), "padding": number(1)}):
    works("MaxPool1d AvgPool1d", {"kernel_size": number(3), **extra}, BTI)
    works("MaxPool2d AvgPool2d", {"kernel_size": numbers(3, 2), **extra}, tensor("B", "N", "T", "I"))
    for length in (5, 6, 7, 8):
        works(
            "MaxPool1d AvgPool1d",
            {"kernel_size": number(3), "ceil_mode": TRUE, **extra},
            tensor("B", "T", length),
        )
works("MaxPool1d", {"kernel_size": number(2), "dilation": number(2), "return_indices": TRUE}, BTI)
works("MaxPool2d", {"kernel_size": number(2), "return_indices": TRUE}, BTI)
refused("MaxPool1d AvgPool1d", {"kernel_size": number(3)}, B)
refused("MaxPool1d AvgPool1d", {"kernel_size": number(3)}, tensor("B", "T", 2))
refused("MaxPool1d AvgPool1d", {"kernel_size": number(2), "padding": number(2)}, BTI)
refused("MaxPool2d AvgPool2d", {"kernel_size": Tuple((number(2),) * 3)}, BTI)
works("AdaptiveAvgPool1d AdaptiveMaxPool1d", {"output_size": number(1)}, BTI)
works("AdaptiveAvgPool1d AdaptiveMaxPool1d", {"output_size": Tuple((number(3),))}, BT)
works("AdaptiveAvgPool2d AdaptiveMaxPool2d", {"output_size": Tuple((NONE, number(2)))}, BTI)
works("AdaptiveMaxPool1d AdaptiveMaxPool2d", {"output_size": number(2), "return_indices": TRUE}, BTI)
refused("AdaptiveAvgPool1d AdaptiveMaxPool1d", {"output_size": number(3)}, B)
refused("AdaptiveAvgPool1d", {"output_size": numbers(3, 2)}, BTI)
refused("AdaptiveAvgPool2d AdaptiveMaxPool2d", {"output_size": number(-1)}, BTI)

# layout
works("Flatten", {}, BTI)
works("Flatten", {"start_dim": number(0), "end_dim": number(1)}, BTI)
refused("Flatten", {"start_dim": number(3)}, BTI)
works("Unflatten", {"dim": number(1), "unflattened_size": numbers(2, 3)}, tensor("B", 6, "T"))
refused("Unflatten", {"dim": number(1), "unflattened_size": numbers(2, 3)}, tensor("B", 7, "T"))
works("ZeroPad1d ReflectionPad1d", {"padding": numbers(1, 2)}, BTI)
works("ConstantPad1d", {"padding": number(2), "value": Float(0.5)}, BTI)
refused("ReflectionPad1d", {"padding": numbers(5, 2)}, tensor("B", "T", 5))
refused("ReflectionPad1d", {"padding": numbers(1, 2)}, B)
refused("ZeroPad1d", {"padding": numbers(-5, -2)}, tensor("B", "T", 5))

# norms
works("LayerNorm RMSNorm", {"normalized_shape": number("I")}, BTI)
works("LayerNorm RMSNorm", {"normalized_shape": List([number("T"), number("I")])}, BTI)
refused("LayerNorm RMSNorm", {"normalized_shape": numbers(2, 3)}, tensor("B", 3, 3))
refused("LayerNorm RMSNorm", {"normalized_shape": numbers(2, 3)}, tensor(3))
works("BatchNorm1d", {"num_features": number("T")}, BTI)
works("BatchNorm1d", {"num_features": number("T")}, BT)
works("BatchNorm1d", {"num_features": number(77), "affine": FALSE, "track_running_stats": FALSE}, BT)
works("BatchNorm2d", {"num_features": number("T")}, tensor("B", "T", "I", "N"))
refused("BatchNorm1d BatchNorm2d", {"num_features": number("T")}, tensor("T"))
refused("BatchNorm1d", {"num_features": number(3)}, tensor("B", 4))
refused("BatchNorm1d", {"num_features": number("I")}, BTI, code="SHP515")
refused("BatchNorm2d", {"num_features": number(-1)}, BTI)
works("GroupNorm", {"num_groups": number(2), "num_channels": number(6)}, tensor("B", 6, "T"))
works("GroupNorm", {"num_groups": number(2), "num_channels": number(4), "affine": FALSE}, tensor("B", 6))
works("GroupNorm", {"num_groups": number(1), "num_channels": number(6)}, tensor(1, 6, 1))
works("GroupNorm", {"num_groups": number(6), "num_channels": number(6)}, tensor(0, 6))
refused("GroupNorm", {"num_groups": number(6), "num_channels": number(6)}, tensor(1, 6, 1))
refused("GroupNorm", {"num_groups": number(4), "num_channels": number(6)}, tensor("B", 6))
refused("GroupNorm", {"num_groups": number(2), "num_channels": number(6)}, tensor("B", 4))
refused("GroupNorm", {"num_groups": number(2), "num_channels": number(6), "affine": FALSE}, tensor("B", 5))
refused("GroupNorm", {"num_groups": number(2), "num_channels": number(6)}, tensor(6))
works("InstanceNorm1d", {"num_features": number(77)}, BTI)
works("InstanceNorm1d", {"num_features": number("B"), "affine": TRUE}, BT)
refused("InstanceNorm1d", {"num_features": number(3), "affine": TRUE}, tensor("B", 4, "T"))
refused("InstanceNorm1d", {"num_features": number(3)}, B)

# activations and dropout
works("Sigmoid Tanh LogSigmoid Softsign Tanhshrink ReLU ReLU6 SELU SiLU Mish Hardswish Hardsigmoid", {}, BTI)
works("ELU CELU LeakyReLU RReLU GELU Softplus Softshrink Hardshrink Hardtanh PReLU", {}, BTI)
works("ReLU ELU LeakyReLU RReLU Hardtanh", {"inplace": TRUE}, BTI)
works("Threshold", {"threshold": Float(0.1), "value": Float(20.0)}, BTI)
works("PReLU", {"num_parameters": number("T")}, BTI)
refused("PReLU", {"num_parameters": number(3)}, tensor("B", 4))
refused("PReLU", {"num_parameters": number(3)}, tensor(3))
works("Dropout AlphaDropout FeatureAlphaDropout Dropout1d Dropout2d", {"p": Float(0.1)}, BTI)
refused("Dropout AlphaDropout FeatureAlphaDropout Dropout1d Dropout2d", {"p": Float(1.5)}, BTI)
refused("Dropout1d", {}, B)
works("Softmax LogSoftmax Softmin", {"dim": number(-1)}, BTI)
works("Softmax LogSoftmax Softmin", {}, BTI)
refused("Softmax LogSoftmax Softmin", {"dim": number(3)}, BTI)
works("Softmax2d", {}, BTI)
refused("Softmax2d", {}, BT)
works("GLU", {}, tensor("B", 6))
works("GLU", {"dim": number(0)}, tensor(4, "B"))
refused("GLU", {}, tensor("B", 5))
refused("GLU", {"dim": number(2)}, tensor("B", 6))

# attention
heads = {"embed_dim": number(8), "num_heads": number(2)}
q, kv = tensor("T", "B", 8), tensor("N", "B", 8)
works("MultiheadAttention", heads, q, kv, kv)
works("MultiheadAttention", heads, q, kv, kv, need_weights=FALSE)
works("MultiheadAttention", heads, q, kv, kv, average_attn_weights=FALSE)
works("MultiheadAttention", heads, tensor("T", 8), tensor("N", 8), tensor("N", 8))
works("MultiheadAttention", {**heads, "batch_first": TRUE}, tensor("B", "T", 8), *[tensor("B", "N", 8)] * 2)
works("MultiheadAttention", {**heads, "add_bias_kv": TRUE, "add_zero_attn": TRUE}, q, kv, kv)
others = {"kdim": number("I"), "vdim": number("H")}
works("MultiheadAttention", {**heads, **others}, q, tensor("N", "B", "I"), tensor("N", "B", "H"))
for mask in (tensor("T", "N"), tensor(6, "T", "N")):  # of 2 heads and 3 samples
    works("MultiheadAttention", heads, tensor("T", 3, 8), *[tensor("N", 3, 8)] * 2, attn_mask=mask)
works("MultiheadAttention", heads, q, kv, kv, key_padding_mask=tensor("B", "N"))
works("MultiheadAttention", heads, tensor("T", 8), *[tensor("N", 8)] * 2, key_padding_mask=tensor("N"))
for mask in (tensor(4, 5), tensor(5, 4, 4), tensor(4)):
    refused("MultiheadAttention", heads, tensor(4, 3, 8), *[tensor(4, 3, 8)] * 2, attn_mask=mask)
for mask in (tensor(4, 3), tensor(4)):
    refused("MultiheadAttention", heads, tensor(4, 3, 8), *[tensor(4, 3, 8)] * 2, key_padding_mask=mask)
refused("MultiheadAttention", {**heads, "num_heads": number(3)}, q, kv, kv)
refused("MultiheadAttention", heads, tensor("T", "B", 6), kv, kv)
refused("MultiheadAttention", heads, tensor("T", 3, 8), tensor("N", 4, 8), tensor("N", 4, 8))
refused("MultiheadAttention", heads, q, tensor(3, "B", 8), tensor(4, "B", 8))
refused("MultiheadAttention", heads, q, tensor("N", 8), tensor("N", 8))
width = {"d_model": number(8), "nhead": number(2), "dim_feedforward": number(16)}
works("TransformerEncoderLayer", width, q)
works("TransformerEncoderLayer", {**width, "batch_first": TRUE}, tensor("B", "T", 8))
refused("TransformerEncoderLayer", width, tensor("T", "B", 6))
refused("TransformerEncoderLayer", {**width, "nhead": number(3)}, q)
refused("TransformerEncoderLayer", width, SCALAR)


def encoder_layer() -> Given:
    values: dict[str, Value] = {**width, "batch_first": TRUE}
    layer = build(LAYERS["torch.nn.TransformerEncoderLayer"], (), values, PathAssumptions(), NOWHERE)
    return Given(layer, lambda _: nn.TransformerEncoderLayer(8, 2, 16, batch_first=True))


works("TransformerEncoder", {"encoder_layer": encoder_layer(), "num_layers": number(2)}, tensor("B", "T", 8))


def probabilities(*names: str) -> Given:
    return Given(tensor(*names), lambda sizes: torch.rand([sizes[name] for name in names]))


# losses
each = {"reduction": Str("none")}
for reduction in ({}, each, {"reduction": Str("sum")}, {"reduce": FALSE}):
    works("CrossEntropyLoss NLLLoss", reduction, BTI, tensor("B", "I", dtype=INT))
    works("CrossEntropyLoss NLLLoss", reduction, BT, tensor("B", dtype=INT))
    works("MSELoss L1Loss BCEWithLogitsLoss SmoothL1Loss KLDivLoss", reduction, BTI, BTI)
    works("BCELoss", reduction, probabilities("B", "T"), probabilities("B", "T"))
works("CrossEntropyLoss", each, BTI, BTI)
works("CrossEntropyLoss", {}, tensor("T"), tensor(dtype=INT))
works("MSELoss L1Loss SmoothL1Loss KLDivLoss HuberLoss", each, tensor("B", 1), B)
refused("CrossEntropyLoss NLLLoss", {}, tensor(3, "I"), tensor(4, dtype=INT))
refused("CrossEntropyLoss NLLLoss", {}, BTI, tensor("B", dtype=INT))
refused("CrossEntropyLoss NLLLoss", {}, SCALAR, SCALAR)
refused("MSELoss L1Loss BCELoss BCEWithLogitsLoss SmoothL1Loss HuberLoss KLDivLoss", {}, tensor(3), tensor(4))
refused("BCELoss BCEWithLogitsLoss", {}, tensor(3, 1), tensor(3))
refused("MSELoss", {"reduction": Str("avg")}, BTI, BTI)
# what a recurrent layer gives: the roles tell which axis holds the classes
SCORES = tensor("B", "T", "I", roles=(Role.BATCH, Role.TIME, Role.FEATURE))
refused("CrossEntropyLoss NLLLoss", {}, SCORES, tensor("B", "T", dtype=INT), code="SHP507")
refused("CrossEntropyLoss NLLLoss", {}, SCORES, tensor("B", "N", dtype=INT), code="SHP507")
works("CrossEntropyLoss NLLLoss", each, SCORES, tensor("B", "I", dtype=INT))
moved = tensor("B", "I", "T", roles=(Role.BATCH, Role.FEATURE, Role.TIME))
works("CrossEntropyLoss NLLLoss", each, moved, tensor("B", "T", dtype=INT))
refused("BCELoss BCEWithLogitsLoss", {}, tensor("B", 1), B, code="SHP517")
refused("BCEWithLogitsLoss", {}, BT, tensor("B", "T", 1), code="SHP517")
refused("MSELoss L1Loss SmoothL1Loss HuberLoss KLDivLoss", {}, tensor("B", "T", 1), BT, code="SHP517")
# by the roles alone: a size that T never has here
channels = {**grouped, "in_channels": number(31)}
refused("Conv1d", channels, tensor("B", "T", 31, roles=(Role.BATCH, Role.TIME, Role.FEATURE)), code="SHP515")


def lengths(batch: int | str, length: int) -> Given:
    def real(sizes: Mapping[str, int]) -> torch.Tensor:
        return torch.full((sizes[batch] if isinstance(batch, str) else batch,), length)

    return Given(tensor(batch, dtype=INT), real)


works("CTCLoss", {}, tensor("T", "B", 5), tensor("B", 2, dtype=INT), lengths("B", 4), lengths("B", 2))
works("CTCLoss", each, tensor("T", "B", 5), tensor("B", 2, dtype=INT), lengths("B", 4), lengths("B", 2))
refused("CTCLoss", {}, tensor("T", 3, 5), tensor(3, 2, dtype=INT), lengths(4, 4), lengths(3, 2))
refused("CTCLoss", {}, B, tensor(3, 2, dtype=INT), lengths(3, 4), lengths(3, 2))
two = tensor("B", 2, dtype=INT)
refused("CTCLoss", {}, SCORES, two, lengths("B", 4), lengths("B", 2), code="SHP516")
works("CTCLoss", {}, tensor("T", "B", 5, roles=(Role.TIME, Role.BATCH)), two, lengths("B", 4), lengths("B", 2))
works("CosineSimilarity", {}, BTI, BTI)
works("CosineSimilarity", {"dim": number(-1)}, BTI, tensor("T", "I"))
refused("CosineSimilarity", {"dim": number(3)}, BTI, BTI)
