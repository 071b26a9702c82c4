"""What the settings say of a project: where else its modules lie, and which names are a layer of torch's.

It holds for the process, since imports are followed deep inside of a check.
"""

from __future__ import annotations

import re

from shapelint.data import dataclass
from shapelint.prefilter import may_use_torch
from shapelint.project.reads import forget


@dataclass(frozen=True, slots=True)
class Given:
    """`src` are folders, absolute; `layers` pairs of a dotted name and the layer of torch that it is read as."""

    src: tuple[str, ...] = ()
    layers: tuple[tuple[str, str], ...] = ()

    def layer(self, name: str) -> str | None:
        """The layer of torch that a dotted name is read as; a folder without `__init__.py` is no part of the name."""
        ends = f".{name}" if "." in name else name
        return next((layer for known, layer in self.layers if known == name or known.endswith(ends)), None)

    def may_use_torch(self, raw: bytes) -> bool:
        """Whether a file may use torch, under any import or by such a layer: whether it is worth a check."""
        return may_use_torch(raw) or bool(self.layers and self.names_layer(raw.decode("utf-8", "replace")))

    def names_layer(self, text: str) -> bool:
        """Whether a text names such a layer, by the last part of its name."""
        return any(re.search(rf"\b{re.escape(name.rpartition('.')[2])}\b", text) for name, _ in self.layers)


_given = Given()


def given() -> Given:
    """What holds now."""
    return _given


def take_given(now: Given) -> None:
    """Let settings hold from now on; what was read under others is read anew."""
    global _given
    if now != _given:
        forget()
        _given = now
