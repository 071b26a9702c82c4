"""What must be the same on both sides of an executor, so that a file's result does not depend on who checks it."""

from __future__ import annotations

import platform
from functools import cache
from importlib.metadata import PackageNotFoundError, version

from shapelint import __version__
from shapelint.cache.versions import of_code, of_torch
from shapelint.data import dataclass


@dataclass(frozen=True, slots=True)
class Versions:
    """The numbers for people, and what stands for the content of the packages: a number may stand for several."""

    shapelint: str
    python: str
    torch: str
    contents: tuple[str, str]

    @staticmethod
    def of_this(prove: bool) -> Versions:
        """Those of this process; torch is not loaded, and not asked for where it is not to `prove` anything."""
        python = f"{platform.python_implementation()} {platform.python_version()}"
        torch, content = (_torch(), of_torch()) if prove else ("", "")
        return Versions(__version__, python, torch, (of_code(), content))

    @property
    def told(self) -> str:
        """The numbers in words."""
        return f"shapelint {self.shapelint}, {self.python}" + (f", torch {self.torch}" if self.torch else "")

    def refusal(self, other: Versions) -> str | None:
        """Why a worker of these versions cannot serve a run of others; None where it can."""
        if self == other:
            return None
        told, others = self.told, other.told
        both = f"both have {told}, but of another content" if told == others else f"it has {told}, the run {others}"
        return f"{both}; install the same there"


@cache
def _torch() -> str:
    try:
        return version("torch")
    except PackageNotFoundError:
        return "none"
