"""8xx: how a module holds and calls its layers."""

from shapelint.rules.base import Undecided

UNDECIDED = (
    Undecided(
        "SHP805",
        "one-tensor-for-both-states",
        "`(h0, h0)` as the state of an LSTM is right where both are meant to be the same, such as zeros: torch reads "
        "them and changes neither.",
    ),
    Undecided(
        "SHP806",
        "weights-not-in-one-chunk",
        "Whether the weights of a layer lie in one chunk of memory shows on a GPU only, after what wraps or replaces "
        "them there.",
    ),
)
