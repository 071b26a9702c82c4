"""Brackets nested beyond what Python compiles, found before the parser sees them.

libcst needs time quadratic in the depth, and a stack linear in it.
"""

from __future__ import annotations

import re

BRACKET_LIMIT = 200  #: CPython's own limit

_NOT_BRACKETS = bytes(set(range(256)) - set(b"()[]{}"))
_TOKEN = re.compile(
    r"(?P<string>'''(?:[^\\]|\\[\s\S])*?'''|\"\"\"(?:[^\\]|\\[\s\S])*?\"\"\""
    r"|'(?:[^\\'\r\n]|\\[\s\S])*'|\"(?:[^\\\"\r\n]|\\[\s\S])*\"|#[^\r\n]*)"
    r"|(?P<open>[(\[{])|(?P<close>[)\]}])"
)


def too_deep(text: str) -> int | None:
    """The offset of the first bracket inside `BRACKET_LIMIT` others."""
    return _exact_search(text) if _may_be_too_deep(text) else None


def _may_be_too_deep(text: str) -> bool:
    """A test at the speed of bytes.replace, which counts brackets in strings and comments too."""
    brackets = text.encode("utf-8", "surrogatepass").translate(None, _NOT_BRACKETS)
    for _ in range(BRACKET_LIMIT // 3):  # a round takes up to three levels: "{[()]}"
        inner = brackets.replace(b"()", b"").replace(b"[]", b"").replace(b"{}", b"")
        if inner == brackets:
            return len(brackets) > BRACKET_LIMIT
        brackets = inner
    return bool(brackets)


def _exact_search(text: str) -> int | None:
    depth = 0
    for match in _TOKEN.finditer(text):
        if match["open"]:
            depth += 1
            if depth > BRACKET_LIMIT:
                return match.start()
        elif match["close"]:
            depth = max(depth - 1, 0)
    return None
