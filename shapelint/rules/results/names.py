"""The names that the parts of a result are bound to."""

from __future__ import annotations

import re

from shapelint.infer.trace import Trace


def is_unused(trace: Trace, name: str) -> bool:
    """Whether a name that an assignment binds stands nowhere else in the file."""
    return name == "_" or len(re.findall(rf"\b{name}\b", trace.text)) <= 1
