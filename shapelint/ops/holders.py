"""What layers are kept in: Python's own sequences, and the modules of torch that register what they hold.

A trace has a node for each that a module is left with when it is built. Nothing is computed there.
"""

from __future__ import annotations

from collections.abc import Mapping

from shapelint.ops.names import MODULE_LIST
from shapelint.ops.nature import Nature
from shapelint.ops.registry import Op
from shapelint.shapes.value import NONE, Value


def _hold(members: Value) -> Value:
    """The layers in it, as one list."""
    return NONE


PLAIN = ("builtins.list", "builtins.tuple", "builtins.dict")
HOLDERS: Mapping[str, Op] = {
    name: Op(name, _hold, Nature.SAME) for name in (*PLAIN, MODULE_LIST, "torch.nn.ModuleDict", "torch.nn.Sequential")
}
