"""Calls of layers over places (images, volumes) and of the rest of torch.nn; those of sequences are in layers.py."""

from __future__ import annotations

import torch
from oracle import Given, PathAssumptions, number, numbers, tensor
from torch import nn

from cases.layers import CALLS, INT, build, refused, width, works
from shapelint.ops.registry import LAYERS
from shapelint.shapes.value import TRUE, Float, List, Str, Value
from shapelint.source import Span

__all__ = ["CALLS"]

IMAGE, VOLUME = tensor("B", "I", "H", "N"), tensor("B", "I", "H", "N", "T")
SMALL = tensor(1, "B", 3, 4, 3)  # each entry of a result is traced back to those of the input: these are few
BTI, BT, B = tensor("B", "T", "I"), tensor("B", "T"), tensor("B")

# convolution
conv = {"in_channels": number("I"), "out_channels": number("H"), "kernel_size": number(3)}
for extra in ({}, {"stride": number(2), "padding": number(1)}, {"padding": Str("same"), "dilation": number(2)}):
    works("Conv3d", {**conv, "out_channels": number(2), **extra}, tensor(1, "I", 5, 6, 5))
works("Conv3d", {**conv, "kernel_size": numbers(2, 1, 3), "stride": numbers(1, 2, 2)}, VOLUME)
refused("Conv3d", conv, BTI)
refused("Conv3d", {**conv, "in_channels": number(3)}, tensor("B", 4, "H", "N", "T"))
for extra in ({}, {"stride": number(2), "padding": number(1), "output_padding": number(1)}, {"dilation": number(2)}):
    works("ConvTranspose2d", {**conv, **extra}, IMAGE)
    works("ConvTranspose3d", {**conv, "in_channels": number("B"), "out_channels": number(2), **extra}, SMALL)
works("ConvTranspose2d", {**conv, "kernel_size": numbers(4, 2), "stride": numbers(2, 1)}, tensor("I", "H", "N"))
works("ConvTranspose2d", {**conv, "stride": number(2)}, tensor("I", 5, 5), output_size=List([number(12), number(11)]))
refused("ConvTranspose2d", {**conv, "output_padding": number(3)}, IMAGE)
refused("ConvTranspose2d ConvTranspose3d", {**conv, "in_channels": number(3)}, tensor(4, 4, "H", "N"))
refused("ConvTranspose2d", conv, tensor("B", "I"))
refused("ConvTranspose3d", {**conv, "groups": number(0)}, VOLUME)

# pooling and padding
for extra in ({}, {"stride": number(1)}, {"stride": number(2), "padding": number(1)}):
    works("MaxPool3d AvgPool3d", {"kernel_size": number(3), **extra}, VOLUME)
works("MaxPool3d", {"kernel_size": number(2), "return_indices": TRUE}, tensor("I", "H", "N", "T"))
refused("MaxPool3d AvgPool3d", {"kernel_size": number(3)}, BTI)
refused("MaxPool3d AvgPool3d", {"kernel_size": number(3)}, tensor("B", "I", "H", "N", 2))
works("AdaptiveAvgPool3d AdaptiveMaxPool3d", {"output_size": numbers(2, 1, 3)}, VOLUME)
refused("AdaptiveAvgPool3d AdaptiveMaxPool3d", {"output_size": numbers(2, 1)}, VOLUME)
works("ZeroPad2d ReflectionPad2d ReplicationPad2d CircularPad2d", {"padding": number(1)}, IMAGE)
works("ZeroPad2d ReflectionPad2d ReplicationPad2d CircularPad2d", {"padding": numbers(1, 2, 0, 3)}, IMAGE)
works("ZeroPad3d ReflectionPad3d ReplicationPad3d CircularPad3d", {"padding": number(1)}, SMALL)
works("ReplicationPad1d CircularPad1d", {"padding": numbers(1, 2)}, BTI)
works("ConstantPad2d ConstantPad3d", {"padding": number(1), "value": Float(0.5)}, SMALL)
refused("ReflectionPad2d CircularPad2d", {"padding": number(10)}, tensor("B", "I", 8, 9))
refused("ReflectionPad2d ReplicationPad2d CircularPad2d", {"padding": number(1)}, BT)
refused("ReflectionPad3d ReplicationPad3d CircularPad3d", {"padding": number(1)}, BTI)

# norms and dropout
works("BatchNorm3d", {"num_features": number("I")}, VOLUME)
refused("BatchNorm3d", {"num_features": number("I")}, IMAGE)
refused("BatchNorm3d", {"num_features": number(3)}, tensor("B", 4, "H", "N", "T"))
works("InstanceNorm2d", {"num_features": number(77)}, IMAGE)
works("InstanceNorm2d", {"num_features": number("B"), "affine": TRUE}, BTI)
works("InstanceNorm3d", {"num_features": number("I"), "affine": TRUE}, VOLUME)
refused("InstanceNorm2d", {"num_features": number(3), "affine": TRUE}, tensor("B", 4, "H", "N"))
refused("InstanceNorm2d InstanceNorm3d", {"num_features": number(3)}, BT)
works("LocalResponseNorm", {"size": number(2)}, IMAGE)
refused("LocalResponseNorm", {"size": number(2)}, BT)
works("Dropout3d", {}, VOLUME)
refused("Dropout3d", {"p": Float(1.5)}, VOLUME)

# more places, or fewer
works("Upsample", {"scale_factor": number(2)}, BTI)
works("Upsample", {"scale_factor": Float(2.0), "mode": Str("bilinear"), "align_corners": TRUE}, IMAGE)
works("Upsample", {"scale_factor": Float(0.5)}, IMAGE)
works("Upsample", {"size": numbers(5, 7)}, IMAGE)
works("Upsample", {"size": number(5), "mode": Str("trilinear")}, VOLUME)
works("UpsamplingNearest2d UpsamplingBilinear2d", {"scale_factor": number(2)}, IMAGE)
refused("Upsample", {"scale_factor": number(2), "mode": Str("bilinear")}, BTI)
refused("Upsample", {"scale_factor": number(2)}, BT)
refused("Upsample", {}, IMAGE)
refused("Upsample", {"size": numbers(5, 7)}, VOLUME)
refused("UpsamplingBilinear2d", {"scale_factor": number(2)}, BTI)
works("PixelShuffle", {"upscale_factor": number(2)}, tensor("B", 12, "H", "N"))
works("PixelShuffle", {"upscale_factor": number(3)}, tensor(9, "H", "N"))
refused("PixelShuffle", {"upscale_factor": number(2)}, tensor("B", 10, "H", "N"))
refused("PixelShuffle", {"upscale_factor": number(2)}, BT)
works("PixelUnshuffle", {"downscale_factor": number(2)}, tensor("B", "I", 6, 8))
refused("PixelUnshuffle", {"downscale_factor": number(2)}, tensor("B", "I", 5, 8))
works("ChannelShuffle", {"groups": number(3)}, tensor("B", 6, "H", "N"))
refused("ChannelShuffle", {"groups": number(4)}, tensor("B", 6, "H", "N"))
works("Unfold", {"kernel_size": number(3)}, IMAGE)
works("Unfold", {"kernel_size": numbers(2, 3), "padding": number(1), "stride": number(2)}, tensor("I", "H", "N"))
refused("Unfold", {"kernel_size": number(3)}, BT)
refused("Unfold", {"kernel_size": number(3)}, tensor("B", "I", 2, "N"))
fold = {"output_size": numbers(6, 5), "kernel_size": number(2)}
works("Fold", fold, tensor("B", 12, 20))
works("Fold", {**fold, "output_size": number(6), "stride": number(2)}, tensor(8, 9))
refused("Fold", fold, tensor("B", 10, 20))
refused("Fold", fold, tensor("B", 12, 21))
refused("Fold", fold, IMAGE)

# lazy layers
works("LazyLinear", {"out_features": number("H")}, BTI)
refused("LazyLinear", {"out_features": number("H")}, tensor())
lazy = {"out_channels": number("H"), "kernel_size": number(3)}
works("LazyConv1d LazyConvTranspose1d", {**lazy, "stride": number(2)}, BTI)
works("LazyConv2d LazyConvTranspose2d", {**lazy, "padding": number(1)}, IMAGE)
works("LazyConv3d LazyConvTranspose3d", lazy, VOLUME)
refused("LazyConv2d LazyConvTranspose2d", lazy, BT)
works("LazyBatchNorm1d", {}, BTI)
works("LazyBatchNorm2d", {}, IMAGE)
works("LazyBatchNorm3d", {}, VOLUME)
refused("LazyBatchNorm2d LazyBatchNorm3d", {}, BT)

# transformers
source, target = tensor("T", "B", 8), tensor("N", "B", 8)
works("TransformerDecoderLayer", width, target, source)
works("TransformerDecoderLayer", width, tensor("N", 8), tensor("T", 8))
works("TransformerDecoderLayer", {**width, "batch_first": TRUE}, tensor("B", "N", 8), tensor("B", "T", 8))
refused("TransformerDecoderLayer", width, target, tensor("T", "B", 6))
refused("TransformerDecoderLayer", width, tensor("T", 3, 8), tensor("N", 4, 8))
refused("TransformerDecoderLayer", {**width, "nhead": number(3)}, target, source)
refused("TransformerDecoderLayer", width, target, tensor("T", 8))


def decoder_layer() -> Given:
    values: dict[str, Value] = {**width, "batch_first": TRUE}
    layer = build(LAYERS["torch.nn.TransformerDecoderLayer"], (), values, PathAssumptions(), Span(1, 0, 1, 0))
    return Given(layer, lambda _: nn.TransformerDecoderLayer(8, 2, 16, batch_first=True))


decoder = {"decoder_layer": decoder_layer(), "num_layers": number(2)}
works("TransformerDecoder", decoder, tensor("B", "N", 8), tensor("B", "T", 8))
refused("TransformerDecoder", decoder, tensor(3, "N", 8), tensor(4, "T", 8))
whole = {
    **width,
    "num_encoder_layers": number(1),
    "num_decoder_layers": number(1),
    "dropout": Float(0.0),
}
works("Transformer", whole, source, target)
works("Transformer", {**whole, "batch_first": TRUE}, tensor("B", "T", 8), tensor("B", "N", 8))
refused("Transformer", whole, source, tensor("N", "B", 6))
refused("Transformer", whole, tensor("T", 3, 8), tensor("N", 4, 8))
refused("Transformer", {**whole, "nhead": number(3)}, source, target)

# losses
each = {"reduction": Str("none")}
for reduction in ({}, each):
    works("HingeEmbeddingLoss PoissonNLLLoss", reduction, BTI, BTI)
    works("MarginRankingLoss", reduction, BT, BT, BT)
    works("TripletMarginLoss", reduction, BTI, BTI, BTI)
    works("CosineEmbeddingLoss", reduction, BT, BT, B)
    works(
        "MultiMarginLoss",
        reduction,
        BT,
        Given(tensor("B", dtype=INT), lambda sizes: torch.zeros(sizes["B"], dtype=torch.long)),
    )
    works(
        "MultiLabelMarginLoss",
        reduction,
        BT,
        Given(tensor("B", "T", dtype=INT), lambda s: torch.zeros(s["B"], s["T"], dtype=torch.long)),
    )
refused("HingeEmbeddingLoss PoissonNLLLoss", {}, tensor(3), tensor(4))
refused("MarginRankingLoss", {}, BT, BT, B)
refused("TripletMarginLoss", {}, BTI, BTI, BT)
refused("TripletMarginLoss", {}, tensor("B", 3), tensor("B", 4), tensor("B", 3))
refused("CosineEmbeddingLoss", {}, BT, BT, tensor("B", 1))
refused("CosineEmbeddingLoss", {}, tensor("B", 3), tensor("B", 4), B)
refused("MultiMarginLoss", {}, BT, IDS := tensor("B", "T", dtype=INT))
refused("MultiLabelMarginLoss", {}, BTI, IDS)
