"""The comments of a file, which Python's own tree leaves out."""

from __future__ import annotations

import re
from collections.abc import Iterator

from shapelint.grammar.tokens import STRING
from shapelint.regex import regex
from shapelint.source import SHAPE_MARK
from shapelint.syntax.facts import Comment
from shapelint.syntax.places import Places

_COMMENT_OR_STRING = regex(rf"#(?P<comment>[^\r\n]*)|{STRING}")


def comments_in(text: str) -> Iterator[re.Match[str]]:
    """Every comment of a text that parses, in order; the group `comment` is without its sign."""
    found = _COMMENT_OR_STRING.finditer(text) if "#" in text else iter(())
    return (match for match in found if match["comment"] is not None)


def find_comments(places: Places) -> tuple[Comment, ...]:
    """The author's comments of a text as facts."""
    return tuple([_comment(places, match) for match in comments_in(places.text) if not match[0].startswith(SHAPE_MARK)])


def _comment(places: Places, match: re.Match[str]) -> Comment:
    text = places.text
    line_start = max(text.rfind("\n", 0, match.start()), text.rfind("\r", 0, match.start())) + 1
    is_alone = not text[line_start : match.start()].strip()
    return Comment(places.offset_span(*match.span()), match["comment"], alone=is_alone)
