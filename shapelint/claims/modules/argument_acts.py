"""A layer is built otherwise without an argument."""

from __future__ import annotations

from shapelint.data import dataclass
from shapelint.finding import Claim


@dataclass(frozen=True, slots=True)
class ArgumentActs(Claim):
    """A layer is built otherwise without an argument.

    The target is the node that constructs the layer.
    """

    property = "argument_acts"

    argument: str
