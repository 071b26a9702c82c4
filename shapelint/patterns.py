"""The patterns of .gitignore, for excludes and per-file-ignores.

pathspec makes a regular expression of each pattern; matched by backtracking, one with many stars takes time without
end. Between two stars of a name, and between two `**`, the first place that fits is as good as any later one: here
it is kept, and the time grows no faster than the square of the path's length.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

_STAR, _DEEP = "[^/]*", "(?:/.+)?"  #: what pathspec makes of `*` in a name, and of `**` between names
_FEW = 2  #: stars that cost little


class PatternError(ValueError):
    """A text that is no pattern; the words are those of the library."""


def spec_of(patterns: Iterable[str]) -> GitIgnoreSpec:
    """What the patterns match together; raises PatternError."""
    from pathspec import GitIgnoreSpec

    try:
        # its other engines know no lookahead
        spec = GitIgnoreSpec.from_lines(patterns, backend="simple")
    except Exception as error:  # also re.error, OverflowError and RecursionError
        raise PatternError(" ".join(str(error).split())) from None
    for pattern in spec.patterns:
        regex = pattern.regex.pattern if pattern.regex else ""
        if regex.count(_STAR) + regex.count(_DEEP) > _FEW:
            pattern.regex = re.compile(without_backtracking(regex))
    return spec


def spec_of_lines(lines: list[str]) -> GitIgnoreSpec:
    """The same for the lines of a .gitignore: git passes over a line that is no pattern, pathspec refuses all."""
    try:
        return spec_of(lines)
    except PatternError:
        return spec_of([line for line in lines if _is_pattern(line)])


def _is_pattern(line: str) -> bool:
    try:
        spec_of([line])
    except PatternError:
        return False
    return True


def without_backtracking(regex: str) -> str:
    """A regular expression of pathspec's that matches the same, and keeps the first place found for a part."""
    names = (f"part{number}" for number in itertools.count())
    head, *blocks = regex.split(_DEEP)
    if not blocks:
        return _names_kept(head, names, "")
    *inner, last = blocks
    kept = [_kept(f"(?:/.+?)??{_names_kept(block, names, '(?=/)')}", names) for block in inner]
    return "".join((_names_kept(head, names, "(?=/)"), *kept, _DEEP, _names_kept(last, names, "")))


def _names_kept(block: str, names: Iterator[str], end: str) -> str:
    """The part between two `**`; the last star of it may be tried at several places, until `end` follows."""
    first, *pieces = block.split(_STAR)
    if not pieces:
        return first + end
    kept = [_kept(f"[^/]*?{piece}", names) for piece in pieces[:-1]]
    return "".join((first, *kept, _STAR, pieces[-1], end))


def _kept(regex: str, names: Iterator[str]) -> str:
    """An atomic group, as Python before 3.11 can write it."""
    name = next(names)
    return f"(?=(?P<{name}>{regex}))(?P={name})"
