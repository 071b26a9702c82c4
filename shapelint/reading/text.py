"""What the text of a whole file says: cut and searched once for all paths and findings of the file."""

from __future__ import annotations

import re
from collections import Counter
from functools import lru_cache

from shapelint.trace.trace import Trace

_FILES = 4  #: texts whose answers are kept: a file is checked, mended and checked again


def lines_of(trace: Trace) -> tuple[str, ...]:
    """The lines of the analysed file, as spans count them."""
    return _lines(trace.text)


def lines_with(trace: Trace, word: str) -> tuple[str, ...]:
    """The lines of the analysed file that hold a word."""
    return _lines_with(trace.text, word)


def holds(trace: Trace, pattern: re.Pattern[str]) -> bool:
    """Whether a pattern is found anywhere in the analysed file."""
    return _holds(pattern, trace.text)


def count_of(trace: Trace, word: str) -> int:
    """How often a word stands in the analysed file, comments and texts included."""
    return _words(trace.text)[word]


@lru_cache(maxsize=_FILES)
def _lines(text: str) -> tuple[str, ...]:
    return tuple(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"))


@lru_cache(maxsize=_FILES)
def _lines_with(text: str, word: str) -> tuple[str, ...]:
    return tuple(line for line in _lines(text) if word in line)


@lru_cache(maxsize=8 * _FILES)
def _holds(pattern: re.Pattern[str], text: str) -> bool:
    return pattern.search(text) is not None


@lru_cache(maxsize=_FILES)
def _words(text: str) -> Counter[str]:
    return Counter(re.findall(r"\w+", text))
