"""Form feeds in front of a line: Python begins to count the indentation anew behind one, and libcst does not."""

from __future__ import annotations

import io
import re
import tokenize

_FEED = re.compile(r"[ \t\f]*\f")
_TEXT = frozenset(getattr(tokenize, name) for name in ("STRING", "FSTRING_MIDDLE") if hasattr(tokenize, name))


def without_form_feeds(text: str) -> str:
    """The text without the form feeds, and what is in front of them, that begin a line outside of strings.

    A text that Python cannot read stays as it is.
    """
    if "\f" not in text:
        return text
    lines = list(io.StringIO(text, newline=""))
    try:
        tokens = list(tokenize.generate_tokens(iter([*lines, ""]).__next__))
    except (SyntaxError, tokenize.TokenError):
        return text
    in_strings = {line for t in tokens if t.type in _TEXT for line in range(t.start[0] + 1, t.end[0] + 1)}
    return "".join(line if number in in_strings else _FEED.sub("", line, 1) for number, line in enumerate(lines, 1))
