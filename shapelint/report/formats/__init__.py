"""The formats of the findings: a file each, named as the format is, with `render(result, show_refuted)`."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from shapelint.report.result import RunResult

NAMES = tuple(sorted(module.name for module in pkgutil.iter_modules(__path__)))


def render(name: str, result: RunResult, show_refuted: bool) -> str:
    """The findings of a run as text in a format; `show_refuted` lists the disproved candidates too."""
    module = importlib.import_module(f"{__name__}.{name}")
    return cast("Callable[[RunResult, bool], str]", module.render)(result, show_refuted)
