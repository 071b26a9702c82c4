"""Torch raises at the target's node: the one property that confirms a finding where it holds."""

from __future__ import annotations

from shapelint.data import dataclass
from shapelint.finding import Claim


@dataclass(frozen=True, slots=True)
class Raises(Claim):
    """Torch raises at the target's node: the one property that confirms a finding where it holds.

    `match` is a part of the exception's text. With `unpack` the target itself runs, and unpacking it into that many
    names raises (`out, h, c = lstm(x)`). `on_device`: the layers and the inputs are on another device than the CPU,
    and so is what the code puts there; torch's device "meta" stands in for it.
    """

    property = "raises"

    match: str | None = None
    unpack: int | None = None
    on_device: bool = False
