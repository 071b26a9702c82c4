"""What fixes would change, as unified diffs in the files' own bytes: `patch -p0` takes them."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator

from shapelint.report.result import Change

_NO_NEWLINE = b"\\ No newline at end of file\n"


def render(changes: Iterable[Change]) -> bytes:
    """The diffs of all changes, one after the other."""
    return b"".join(line for change in changes for line in _lines(change))


def _lines(change: Change) -> Iterator[bytes]:
    name = change.path.encode("utf-8", "surrogateescape")
    for line in difflib.diff_bytes(
        difflib.unified_diff, _cut(change.before), _cut(change.after), name, name, lineterm=b"\n"
    ):
        yield line if line.endswith(b"\n") else line + b"\n" + _NO_NEWLINE


def _cut(content: bytes) -> list[bytes]:
    """The lines with their ends: a line feed alone ends a line of a diff."""
    parts = content.split(b"\n")
    return [part + b"\n" for part in parts[:-1]] + [part for part in parts[-1:] if part]
