"""The comments of a file: libcst spreads them over its whitespace nodes and drops some at the file's end."""

from __future__ import annotations

import re
from bisect import bisect_right

from shapelint.syntax.facts import Comment
from shapelint.syntax.positions import Places

_COMMENT = re.compile(r"#[^\r\n]*")


def find_comments(places: Places, strings: list[tuple[int, int]]) -> tuple[Comment, ...]:
    """Every comment of the text, in order; `strings` are the offsets of all its string literals."""
    comments = []
    strings = _outermost(strings)
    offset = places.text.find("#")
    while offset >= 0:
        end = _end_of_string(strings, offset)
        if end is None:
            comment = _comment_at(places, offset)
            comments.append(comment)
            end = offset + 1 + len(comment.text)
        offset = places.text.find("#", end)
    return tuple(comments)


def _outermost(strings: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The strings in order, without those inside the braces of another one."""
    kept: list[tuple[int, int]] = []
    for start, end in sorted(strings):
        if not kept or start >= kept[-1][1]:
            kept.append((start, end))
    return kept


def _end_of_string(strings: list[tuple[int, int]], offset: int) -> int | None:
    """Where the string ends that holds this offset."""
    index = bisect_right(strings, (offset, offset)) - 1
    if index >= 0 and offset < strings[index][1]:
        return strings[index][1]
    return None


def _comment_at(places: Places, offset: int) -> Comment:
    match = _COMMENT.match(places.text, offset)
    assert match is not None, "the caller found a # here"
    line_start = max(places.text.rfind("\n", 0, offset), places.text.rfind("\r", 0, offset)) + 1
    return Comment(
        places.offset_span(offset, match.end()),
        match[0][1:],
        alone=not places.text[line_start:offset].strip(),
    )
