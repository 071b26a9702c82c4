"""What is written from the registry by `python -m shapelint.ops.docs`: docs/operations.md, the names that are known."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from shapelint.ops.registry import LAYERS, OPS, load

FILE = Path(__file__).resolve().parents[2] / "docs" / "operations.md"
NOTICE = "<!-- Written by `python -m shapelint.ops.docs` from the operations; edit them there. -->\n"
_HEAD = """
# Operations

The layers, functions, methods and attributes of torch whose shapes, refusals and axis flow shapelint knows, by the
file that holds them. Each is compared with torch over random sizes (`tests/ops/`). What is not listed gives an
unknown value, of which nothing is told. `python benchmarks/coverage.py DIRECTORY --operations` counts which share of
some code's calls they are: 98.2 % (79,932) of 81,433 calls by name in the 49 packages of the corpus, without what
makes neither a tensor nor a layer (devices, files, optimizers, processes).
"""


def text() -> str:
    """The page: a section for each file."""
    load()
    named = _by_file()
    sections = [
        f"## {_title(module)}\n\n{', '.join(f'`{name}`' for name in named[module])}\n" for module in sorted(named)
    ]
    counts = f"\n{len(LAYERS)} layers, and {len(OPS)} functions, methods and attributes.\n"
    return NOTICE + _HEAD + counts + "\n" + "\n".join(sections)


def _by_file() -> Mapping[str, list[str]]:
    """The names that each file registers, in the order of the alphabet."""
    found: dict[str, set[str]] = {}
    for module, name in _registered():
        found.setdefault(module, set()).add(name)
    return {module: sorted(names) for module, names in found.items()}


def _registered() -> Iterator[tuple[str, str]]:
    for name, operation in OPS.items():
        yield operation.function.__module__, name
    for name, made in LAYERS.items():
        yield made.forward.function.__module__, name


def _title(module: str) -> str:
    """What a file says of itself, without the details."""
    said = inspect.getdoc(sys.modules[module]) or module
    return said.partition("\n")[0].partition(":")[0].rstrip(".")


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
