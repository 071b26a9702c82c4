"""What a result depends on beside the checked files: the code of shapelint, Python and torch.

All are told by content, so that a copy elsewhere (another machine that restores the cache) counts as the same, and
without importing any of them.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from shapelint.project.reads import digest

FORMAT = "1"  #: of the files in the cache

_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


@cache
def of_check() -> str:
    """What stands for all that reads code."""
    return _joined(FORMAT, sys.version, sys.platform, of_code())


@cache
def of_torch() -> str:
    """What stands for the torch that would be run; nothing of it is loaded."""
    return _package("torch", "version.py")


def of_verdicts() -> str:
    """What stands for all that runs programs."""
    return _joined(of_check(), of_torch())


@cache
def of_code() -> str:
    """The package's own files: the same number may stand for other code in a checkout."""
    return _joined(*(f"{name} {digest(raw)}" for name, raw in _own_files(_PACKAGE)))


def _own_files(folder: str) -> Iterator[tuple[str, bytes]]:
    for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
        if entry.name.endswith(".py"):
            yield os.path.relpath(entry.path, _PACKAGE), Path(entry.path).read_bytes()
        elif entry.name != "__pycache__" and entry.is_dir():
            yield from _own_files(entry.path)


def _package(name: str, version_file: str) -> str:
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        return ""
    files = (Path(spec.origin), Path(spec.origin).with_name(version_file))
    return _joined(*(digest(file.read_bytes()) for file in files if file.is_file()))


def _joined(*parts: str) -> str:
    return digest("\0".join(parts).encode())
