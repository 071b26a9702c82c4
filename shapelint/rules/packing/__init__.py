"""4xx: packing and padding."""

from shapelint.rules.base import Undecided

UNDECIDED = (
    Undecided(
        "SHP417",
        "fractional-lengths",
        "pack_padded_sequence cuts the fraction off float lengths. Whether there is one depends on the numbers: "
        "whole numbers kept as floats are right, and the source shows no numbers.",
    ),
)
