"""The blocks around a line of the source, told by its indentation."""

from __future__ import annotations

import re

from shapelint.reading.text import lines_of
from shapelint.regex import regex
from shapelint.trace.trace import Trace

_DEF = regex(r"\s*(?:async\s+)?def\s")


def function_around(trace: Trace, line: int) -> str:
    """The text of the innermost function that holds a line; the whole text where none does."""
    lines = lines_of(trace)
    inside = indent_of(lines[line - 1])
    above = range(line - 2, -1, -1) if inside else ()
    head = next((n for n in above if _DEF.match(lines[n]) and indent_of(lines[n]) < inside), None)
    if head is None:
        return trace.text
    after = range(line, len(lines))
    end = next((n for n in after if lines[n].strip() and indent_of(lines[n]) <= indent_of(lines[head])), len(lines))
    return "\n".join(lines[head:end])


def is_conditional(trace: Trace, line: int) -> bool:
    """Whether a line stands under a condition inside of the innermost loop or function around it."""
    lines = lines_of(trace)
    inside = indent_of(lines[line - 1])
    for above in reversed(lines[: line - 1]):
        if not above.strip() or indent_of(above) >= inside:
            continue
        inside = indent_of(above)
        word = re.match(r"\s*(\w*)", above)
        if word is not None and word[1] in ("if", "elif", "else", "except", "case"):
            return True
        if word is not None and word[1] in ("for", "while", "def", "class"):
            return False
    return False


def indent_of(line: str) -> int:
    """The number of characters before a line's text."""
    return len(line) - len(line.lstrip())
