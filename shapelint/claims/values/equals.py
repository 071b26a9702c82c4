"""The target is the reference."""

from __future__ import annotations

from shapelint.data import dataclass
from shapelint.finding import Claim, Ref


@dataclass(frozen=True, slots=True)
class Equals(Claim):
    """The target is the reference.

    A `Ref`, or `("last_state", call)` for `h_n[-1]`, or `("both_directions", call)` for `torch.cat((h_n[-2],
    h_n[-1]), -1)`, where `call` is the `Ref` of the recurrent layer's call.
    """

    property = "equals"

    reference: Ref | tuple[str, Ref]
