"""Calls of torch.nn.functional and torch.nn.utils.rnn: what torch runs, and what it refuses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import torch
from oracle import Argument, Given, number, numbers, tensor
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence

from shapelint.ops.registry import load
from shapelint.shapes.axis import Role
from shapelint.shapes.value import FALSE, TRUE, Dtype, Float, List, Packed, Str

load()
INT = Dtype.INT


@dataclass(frozen=True, slots=True)
class Call:
    """One call; `raises` where torch refuses it at any sizes, with the code that explains it."""

    args: tuple[Argument, ...]
    kwargs: Mapping[str, Argument] = field(default_factory=dict)
    raises: bool = False
    code: str | None = None


CALLS: dict[str, list[Call]] = {}


def works(names: str | Sequence[str], *args: Argument, **kwargs: Argument) -> None:
    """Torch runs this, and gives what the shape function says."""
    for name in [names] if isinstance(names, str) else names:
        CALLS.setdefault(name, []).append(Call(args, kwargs))


def refused(names: str | Sequence[str], *args: Argument, code: str | None = None, **kwargs: Argument) -> None:
    """Torch raises."""
    for name in [names] if isinstance(names, str) else names:
        CALLS.setdefault(name, []).append(Call(args, kwargs, True, code))


BTI, BT, B = tensor("B", "T", "I"), tensor("B", "T"), tensor("B")
IDS = tensor("B", "T", dtype=INT)

# linear
works("torch.nn.functional.linear", BTI, tensor("H", "I"), tensor("H"))
works("torch.nn.functional.linear", BTI, tensor("I"))
refused("torch.nn.functional.linear", BTI, tensor("H", "I", 1))
refused("torch.nn.functional.linear", tensor("B", 3), tensor("H", 4), code="SHP501")
works("torch.nn.functional.bilinear", BTI, tensor("B", "T", "H"), tensor(3, "I", "H"))
refused("torch.nn.functional.bilinear", BTI, tensor("B", "H"), tensor(3, "I", "H"))
works("torch.nn.functional.embedding", IDS, tensor(7, "H"), padding_idx=number(0))
refused("torch.nn.functional.embedding", IDS, tensor("H"))
works("torch.nn.functional.embedding_bag", IDS, tensor(7, "H"))
works("torch.nn.functional.embedding_bag", tensor("N", dtype=INT), tensor(7, "H"), tensor("B", dtype=INT))
refused("torch.nn.functional.embedding_bag", tensor("N", dtype=INT), tensor(7, "H"))

# convolution and pooling
works("torch.nn.functional.conv1d", BTI, tensor("H", "T", 3), padding=number(1))
works("torch.nn.functional.conv1d", tensor("B", 6, "T"), tensor(4, 3, 2), groups=number(2), stride=number(2))
works("torch.nn.functional.conv1d", BTI, tensor("H", "T", 3), padding=Str("same"))
refused("torch.nn.functional.conv1d", tensor("B", 5, "T"), tensor("H", 4, 3))
refused("torch.nn.functional.conv1d", BTI, tensor("H", "T"))
works("torch.nn.functional.conv2d", tensor("B", "I", "T", "N"), tensor("H", "I", 2, 3))
refused("torch.nn.functional.conv2d", tensor("B", "I", 2, "N"), tensor("H", "I", 3, 3))
works("torch.nn.functional.conv_transpose1d", BTI, tensor("T", "H", 3), stride=number(2))
refused("torch.nn.functional.conv_transpose1d", tensor("B", 5, "T"), tensor(4, "H", 3))
works(["torch.nn.functional.max_pool1d", "torch.nn.functional.avg_pool1d"], BTI, number(2))
works(["torch.nn.functional.max_pool2d", "torch.nn.functional.avg_pool2d"], BTI, numbers(2, 3), stride=number(1))
works(["torch.nn.functional.max_pool1d", "torch.nn.functional.max_pool2d"], BTI, number(2), return_indices=TRUE)
refused(["torch.nn.functional.max_pool1d", "torch.nn.functional.avg_pool1d"], tensor("B", "T", 2), number(3))
works(["torch.nn.functional.adaptive_avg_pool1d", "torch.nn.functional.adaptive_max_pool1d"], BTI, number(1))
works(["torch.nn.functional.adaptive_avg_pool2d", "torch.nn.functional.adaptive_max_pool2d"], BTI, numbers(2, 3))
refused(["torch.nn.functional.adaptive_avg_pool1d", "torch.nn.functional.adaptive_max_pool1d"], B, number(1))
works("torch.nn.functional.pad", BTI, numbers(1, 2))
works("torch.nn.functional.pad", BTI, numbers(0, 0, 1, -1), Str("constant"), Float(1.0))
works("torch.nn.functional.pad", BTI, numbers(1, 2), mode=Str("replicate"))
refused("torch.nn.functional.pad", B, numbers(0, 0, 1, 1))
refused("torch.nn.functional.pad", BTI, numbers(1, 2, 3))
refused("torch.nn.functional.pad", tensor("B", 3), numbers(-2, -2))
refused("torch.nn.functional.pad", B, numbers(1, 1), mode=Str("reflect"))

# norms
works(["torch.nn.functional.layer_norm", "torch.nn.functional.rms_norm"], BTI, numbers("I"))
refused(["torch.nn.functional.layer_norm", "torch.nn.functional.rms_norm"], tensor("B", 3), numbers(4))
works("torch.nn.functional.batch_norm", BTI, tensor("T"), tensor("T"))
refused("torch.nn.functional.batch_norm", tensor("B", 3), tensor(4), tensor(4))
works("torch.nn.functional.instance_norm", BTI)
works("torch.nn.functional.group_norm", tensor("B", 6, "T"), number(3))
refused("torch.nn.functional.group_norm", tensor("B", 6, "T"), number(4))
works("torch.nn.functional.normalize", BTI, dim=number(-1))
refused("torch.nn.functional.normalize", B)

# activations and dropout
PLAIN = [
    "torch.nn.functional.relu",
    "torch.nn.functional.relu6",
    "torch.nn.functional.selu",
    "torch.nn.functional.silu",
    "torch.nn.functional.mish",
    "torch.nn.functional.hardswish",
    "torch.nn.functional.hardsigmoid",
    "torch.nn.functional.logsigmoid",
    "torch.nn.functional.softsign",
    "torch.nn.functional.tanhshrink",
    "torch.nn.functional.elu",
    "torch.nn.functional.celu",
    "torch.nn.functional.leaky_relu",
    "torch.nn.functional.rrelu",
    "torch.nn.functional.gelu",
    "torch.nn.functional.softplus",
    "torch.nn.functional.softshrink",
    "torch.nn.functional.hardshrink",
    "torch.nn.functional.hardtanh",
    "torch.nn.functional.softmin",
    "torch.nn.functional.gumbel_softmax",
]
DROPOUTS = [
    "torch.nn.functional.dropout",
    "torch.nn.functional.dropout1d",
    "torch.nn.functional.dropout2d",
    "torch.nn.functional.dropout3d",
    "torch.nn.functional.alpha_dropout",
    "torch.nn.functional.feature_alpha_dropout",
]
works([*PLAIN, *DROPOUTS], BTI)
works("torch.nn.functional.threshold", BTI, Float(0.1), Float(2.0))
works("torch.nn.functional.gelu", BTI, approximate=Str("tanh"))
works(DROPOUTS, BTI, Float(0.3), training=FALSE)
refused(DROPOUTS, BTI, Float(1.5))
refused("torch.nn.functional.dropout1d", B)
refused(["torch.nn.functional.softmin", "torch.nn.functional.gumbel_softmax"], BTI, dim=number(3))
works(["torch.nn.functional.prelu", "torch.prelu"], BTI, tensor("T"))
works(["torch.nn.functional.prelu", "torch.prelu"], BTI, tensor(1))
refused(["torch.nn.functional.prelu", "torch.prelu"], tensor("B", 3), tensor(4))
works("torch.nn.functional.glu", tensor("B", 6, "T"), number(1))
refused("torch.nn.functional.glu", tensor("B", 5))
refused("torch.nn.functional.glu", tensor())

# attention
works("torch.nn.functional.scaled_dot_product_attention", BTI, tensor("B", "N", "I"), tensor("B", "N", "H"))
refused("torch.nn.functional.scaled_dot_product_attention", tensor("B", 3), tensor("N", 4), tensor("N", 4))
four = tensor(2, 4, 3)
works("torch.nn.functional.scaled_dot_product_attention", four, four, four, tensor(4, 4))
refused("torch.nn.functional.scaled_dot_product_attention", four, four, four, tensor(4, 5))
refused("torch.nn.functional.scaled_dot_product_attention", B, tensor("N", 4), tensor("N", 4))

# losses
POINTWISE = [
    "torch.nn.functional.mse_loss",
    "torch.nn.functional.l1_loss",
    "torch.nn.functional.smooth_l1_loss",
    "torch.nn.functional.huber_loss",
    "torch.nn.functional.kl_div",
]
EXACT = "torch.nn.functional.binary_cross_entropy_with_logits"
works([*POINTWISE, "torch.nn.functional.binary_cross_entropy_with_logits"], BTI, BTI)
works(POINTWISE, tensor("B", 1), B, reduction=Str("none"))
refused([*POINTWISE, "torch.nn.functional.binary_cross_entropy_with_logits"], tensor(3), tensor(4))
refused(["torch.nn.functional.binary_cross_entropy", EXACT], tensor(3, 1), tensor(3))
CLASSES = ["torch.nn.functional.cross_entropy", "torch.nn.functional.nll_loss"]
works(CLASSES, BTI, tensor("B", "I", dtype=INT), reduction=Str("none"))
refused(CLASSES, BTI, tensor("B", dtype=INT))
works(["torch.nn.functional.cosine_similarity", "torch.cosine_similarity"], BTI, BTI, dim=number(-1))


def real_ones(*sizes: str, of: float) -> Given:
    return Given(tensor(*sizes), lambda known: torch.full([known[size] for size in sizes], of))


def lengths(batch: str, length: int) -> Given:
    return Given(tensor(batch, dtype=INT), lambda known: torch.full([known[batch]], length))


works("torch.nn.functional.binary_cross_entropy", real_ones("B", of=0.5), real_ones("B", of=1.0))
works(
    "torch.nn.functional.ctc_loss",
    tensor("T", "B", 5),
    tensor("B", 2, dtype=INT),
    lengths("B", 4),
    lengths("B", 2),
)

# padding and packing


def full(batch: str, time: str) -> Given:
    return Given(tensor(batch, dtype=INT), lambda sizes: torch.full((sizes[batch],), sizes[time]))


works("torch.nn.utils.rnn.pack_padded_sequence", tensor("T", "B", "I"), full("B", "T"))
works("torch.nn.utils.rnn.pack_padded_sequence", BTI, full("B", "T"), TRUE, FALSE)
works("torch.nn.utils.rnn.pack_padded_sequence", tensor(3, 4), List([number(4), number(2), number(1)]), TRUE)
works("torch.nn.utils.rnn.pack_padded_sequence", tensor(5, 2, "I"), numbers(2, 3), enforce_sorted=FALSE)
works("torch.nn.utils.rnn.pack_padded_sequence", tensor(5, 3, "I"), numbers(2, 4), enforce_sorted=FALSE)
refused(
    "torch.nn.utils.rnn.pack_padded_sequence",
    tensor(5, 2, "I"),
    numbers(2, 4, 3),
    enforce_sorted=FALSE,
    code="SHP405",
)
refused("torch.nn.utils.rnn.pack_padded_sequence", BTI, full("B", "T"), code="SHP405")
refused("torch.nn.utils.rnn.pack_padded_sequence", tensor(4, 3, "I"), numbers(3, 2, 1, 1), code="SHP405")
refused("torch.nn.utils.rnn.pack_padded_sequence", tensor(5, 2, "I"), numbers(2, 3), code="SHP403")
refused("torch.nn.utils.rnn.pack_padded_sequence", tensor(5, 2, "I"), numbers(3, 0), code="SHP409")
refused("torch.nn.utils.rnn.pack_padded_sequence", BTI, tensor("B", 1, dtype=INT))
refused("torch.nn.utils.rnn.pack_padded_sequence", tensor("T"), numbers(3))


def packed(sort: bool = True) -> Given:
    axes = tensor("B", "T", "I", roles=(Role.BATCH, Role.TIME)).axes
    value = Packed(axes[0], axes[1], axes[2:], enforce_sorted=sort)

    def real(sizes: Mapping[str, int]) -> PackedSequence:
        count = torch.full((sizes["B"],), sizes["T"])
        return pack_padded_sequence(torch.rand(sizes["T"], sizes["B"], sizes["I"]), count, enforce_sorted=sort)

    return Given(value, real)


works("torch.nn.utils.rnn.pad_packed_sequence", packed())
works("torch.nn.utils.rnn.pad_packed_sequence", packed(), TRUE, total_length=number(12))
works("torch.nn.utils.rnn.PackedSequence.batch_sizes", packed())
for sort in (True, False):
    works("torch.nn.utils.rnn.PackedSequence.sorted_indices", packed(sort))
    works("torch.nn.utils.rnn.PackedSequence.unsorted_indices", packed(sort))
works("torch.nn.utils.rnn.PackedSequence.__getitem__", packed(), number(1))
works("torch.nn.utils.rnn.PackedSequence.__getitem__", packed(), number(-1))
refused("torch.nn.utils.rnn.PackedSequence.__getitem__", packed(), number(4))
refused("torch.nn.utils.rnn.PackedSequence.__getitem__", packed(), numbers(0, 1), code="SHP412")
refused(["torch.nn.functional.relu", "torch.tanh", "torch.nn.functional.dropout"], packed(), code="SHP412")
works("torch.nn.utils.rnn.PackedSequence.to", packed(), Str("cpu"))
works(
    [
        "torch.nn.utils.rnn.PackedSequence.cpu",
        "torch.nn.utils.rnn.PackedSequence.float",
        "torch.nn.utils.rnn.PackedSequence.double",
        "torch.nn.utils.rnn.PackedSequence.half",
    ],
    packed(),
)
some = List([tensor(5, "I"), tensor(3, "I"), tensor(2, "I")])
works("torch.nn.utils.rnn.pad_sequence", some)
works("torch.nn.utils.rnn.pad_sequence", some, TRUE, Float(-1.0))
works("torch.nn.utils.rnn.pad_sequence", BTI)
works("torch.nn.utils.rnn.pad_sequence", List([tensor("T", dtype=INT), tensor("T", dtype=INT)]))
works("torch.nn.utils.rnn.pack_sequence", some)
rising = List([tensor(2, "I"), tensor(5, "I"), tensor(3, "I")])
works("torch.nn.utils.rnn.pack_sequence", rising, FALSE)
refused("torch.nn.utils.rnn.pack_sequence", rising, code="SHP403")
mixed = List([tensor(5, 2), tensor(3, 4)])
refused(["torch.nn.utils.rnn.pad_sequence", "torch.nn.utils.rnn.pack_sequence"], mixed)
works(
    "torch.nn.utils.rnn.unpad_sequence",
    tensor(4, 2, "I"),
    Given(numbers(4, 2), lambda _: torch.tensor([4, 2])),
)
refused("torch.nn.utils.rnn.unpad_sequence", tensor(4, 2, "I"), Given(numbers(4, 2, 1), lambda _: torch.ones(3)))
