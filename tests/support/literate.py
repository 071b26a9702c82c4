"""Expectations that stand in the fixtures themselves.

`# error: SHP101` ends the line of a finding. `# shape: out (B, T, 5); h_n (2, B, 5)` ends a line after
which these names have these shapes; `out (32, 10, 128) | (B, T, hidden_size)` gives a shape for each way
that leads there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

Shape = tuple[int | str, ...]

_ERROR = re.compile(r"# error: (SHP\d{3}(?:, SHP\d{3})*)\s*$")
_SHAPE = re.compile(r"# shape: (.+)$")
_ENTRY = re.compile(r"(?P<name>[\w.]+) (?P<shapes>\(.*\))")


@dataclass(frozen=True)
class Expected:
    """What the comments of one file say."""

    errors: list[tuple[int, str]]
    shapes: dict[tuple[int, str], set[Shape]]


def read(path: Path) -> Expected:
    """The expectations in a file."""
    errors: list[tuple[int, str]] = []
    shapes: dict[tuple[int, str], set[Shape]] = {}
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if error := _ERROR.search(line):
            errors.extend((number, code) for code in error[1].split(", "))
        if shape := _SHAPE.search(line):
            for entry in shape[1].split("; "):
                found = _ENTRY.fullmatch(entry.strip())
                assert found, f"{path}:{number}: cannot read {entry!r}"
                shapes[number, found["name"]] = {_shape(text) for text in found["shapes"].split(" | ")}
    return Expected(errors, shapes)


def _shape(text: str) -> Shape:
    parts = [part.strip() for part in text.strip("()").split(",") if part.strip()]
    return tuple(int(part) if part.isdecimal() else part for part in parts)


def fits(shape: Shape, sizes: list[int], symbols: dict[str, int]) -> bool:
    """Whether measured sizes are an instance of a shape; a symbol keeps the size that it has first."""
    return len(shape) == len(sizes) and all(
        size == (symbols.setdefault(part, size) if isinstance(part, str) else part)
        for part, size in zip(shape, sizes, strict=True)
    )
