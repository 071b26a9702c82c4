"""The script that shows what is wrong with `independence`."""

from __future__ import annotations

from shapelint.verify.witness.writers.states.depends_on import write

__all__ = ["write"]
