"""Calls of the functions over places (images, volumes) and of the losses of margins."""

from __future__ import annotations

from oracle import number, numbers, tensor

from cases.functions import CALLS, refused, works
from shapelint.shapes.value import TRUE, Float, Str

__all__ = ["CALLS"]

F = "torch.nn.functional."
IMAGE, VOLUME = tensor("B", "I", "H", "N"), tensor("B", "I", "H", "N", "T")
BTI, BT, B = tensor("B", "T", "I"), tensor("B", "T"), tensor("B")

works(F + "conv3d", VOLUME, tensor("T", "I", 2, 1, 3), padding=number(1))
refused(F + "conv3d", VOLUME, tensor("T", "I", 2, 1))
refused(F + "conv3d", tensor("B", 3, "H", "N", "T"), tensor("T", 4, 2, 1, 3))
works(F + "conv_transpose2d", IMAGE, tensor("I", "T", 3, 2), stride=number(2), output_padding=number(1))
works(F + "conv_transpose3d", VOLUME, tensor("I", "T", 3, 2, 2), padding=number(1))
refused([F + "conv_transpose2d", F + "conv_transpose3d"], BT, tensor("I", "T", 3))
works([F + "max_pool3d", F + "avg_pool3d"], VOLUME, number(2), stride=numbers(1, 2, 1))
works(F + "max_pool3d", VOLUME, number(2), return_indices=TRUE)
refused([F + "max_pool3d", F + "avg_pool3d"], BTI, number(2))
works([F + "adaptive_avg_pool3d", F + "adaptive_max_pool3d"], VOLUME, numbers(1, 2, 3))
refused([F + "adaptive_avg_pool3d", F + "adaptive_max_pool3d"], VOLUME, numbers(1, 2))
works(F + "local_response_norm", IMAGE, number(2))
refused(F + "local_response_norm", BT, number(2))

for name in (F + "interpolate", F + "upsample"):
    works(name, BTI, scale_factor=number(2))
    works(name, IMAGE, scale_factor=Float(0.5))
    works(name, IMAGE, numbers(5, 7), mode=Str("bilinear"))
    refused(name, BT, scale_factor=number(2))
    refused(name, BTI, scale_factor=number(2), mode=Str("bilinear"))
    refused(name, IMAGE)
    refused(name, IMAGE, numbers(5, 6, 7))
works(F + "grid_sample", IMAGE, tensor("B", 5, "T", 2), align_corners=TRUE)
works(F + "grid_sample", VOLUME, tensor("B", 5, "T", 2, 3), align_corners=TRUE)
refused(F + "grid_sample", IMAGE, tensor("B", 5, "T", 3), align_corners=TRUE)
refused(F + "grid_sample", IMAGE, tensor("B", "T", 2), align_corners=TRUE)
refused(F + "grid_sample", BTI, tensor("B", "T", 1), align_corners=TRUE)

for name in (F + "pixel_shuffle", "torch.pixel_shuffle"):
    works(name, tensor("B", 12, "H", "N"), number(2))
    refused(name, tensor("B", 10, "H", "N"), number(2))
for name in (F + "pixel_unshuffle", "torch.pixel_unshuffle"):
    works(name, tensor("B", "I", 6, 8), number(2))
    refused(name, tensor("B", "I", 5, 8), number(2))
for name in (F + "channel_shuffle", "torch.channel_shuffle"):
    works(name, tensor("B", 6, "H", "N"), number(3))
    refused(name, tensor("B", 6, "H", "N"), number(4))
works(F + "unfold", IMAGE, numbers(2, 3), padding=number(1), stride=number(2))
refused(F + "unfold", BT, number(3))
works(F + "fold", tensor("B", 12, 20), numbers(6, 5), number(2))
refused(F + "fold", tensor("B", 12, 21), numbers(6, 5), number(2))

each = {"reduction": Str("none")}
for further in ({}, each):
    works(F + "margin_ranking_loss", BT, BT, BT, **further)
    works(F + "triplet_margin_loss", BTI, BTI, BTI, **further)
    works(F + "cosine_embedding_loss", BT, BT, B, **further)
refused(F + "margin_ranking_loss", BT, BT, B)
refused(F + "triplet_margin_loss", BTI, BTI, BT)
refused(F + "cosine_embedding_loss", BT, BT, tensor("B", 1))
