"""5xx: what surrounds the layer: embeddings, losses, attention, softmax, convolutions, heads."""

from shapelint.rules.base import Undecided

UNDECIDED = (
    Undecided(
        "SHP521",
        "batch-norm-mixes-samples",
        "BatchNorm1d after a recurrent layer makes each sample depend on its batch, but only in training mode, and "
        "that is what it is for. The replays run in eval mode, where it does not.",
    ),
)
