"""Words that tell nothing of an author: Python's, and those of the operations that are known."""

from __future__ import annotations

import builtins
import keyword
import sys

from shapelint.infer.known.table import EXTERNALS
from shapelint.ops import registry

_CONVENTIONS = ("self", "cls", "forward")


def packages() -> frozenset[str]:
    """The libraries that known operations and functions are of."""
    return frozenset(name.partition(".")[0] for name in _dotted()) | sys.stdlib_module_names


def public_words() -> frozenset[str]:
    """The parts of known dotted names, the parameters behind them, and Python's own words."""
    parts = {part for name in _dotted() for part in name.split(".")}
    known = [*registry.OPS.values(), *(layer.build for layer in registry.LAYERS.values())]
    parameters = {name for op in known for name in op.signature.parameters}
    return frozenset({*parts, *parameters, *dir(builtins), *keyword.kwlist, *packages(), *_CONVENTIONS})


def _dotted() -> list[str]:
    registry.load()
    return [*registry.OPS, *registry.LAYERS, *EXTERNALS]
