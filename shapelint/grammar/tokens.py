"""The tokens of a text, in one pass whose time is linear in its length whatever the text is.

Only what says how deep code nests is told apart. What is no Python gives some tokens, too: the parser refuses it later.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from shapelint.data import dataclass
from shapelint.regex import regex

OPEN, CLOSE, NAME, OPERAND, OPERATOR, END = "open", "close", "name", "operand", "operator", "end"
START, LITERAL = "start", "literal"  #: of an f-string, whose end is an operand


class Token(NamedTuple):
    """A piece of code. The fields of an f-string are brackets."""

    kind: str | None
    text: str
    offset: int


# A string without an end goes as far as it can: a search that fails would start again at every quote.
_LONG = r"[^\\{q}]*(?:(?:\\[\s\S]|{q}(?!{q}{q}))[^\\{q}]*)*(?:{q}{q}{q})?"
_SHORT = r"[^\\{q}\r\n]*(?:\\[\s\S][^\\{q}\r\n]*)*{q}?"
STRING = "|".join(
    start + rest.format(q=quote)
    for quote in ("'", '"')
    for start, rest in ((quote * 3, _LONG), (rf"{quote}(?!{quote}{quote})", _SHORT))
)  #: a pattern of strings, without the letters before their quotes
_CODE = regex(
    rf"(?P<start>(?:[fFtT][rR]?|[rR][fFtT])(?:'''|\"\"\"|'|\"))"
    rf"|(?P<operand>[bBrRuU]{{0,2}}(?:{STRING})|\d[\w.]*|\.\d\w*|\.\.\.)"
    r"|(?P<name>\w+)|(?P<open>[(\[{])|(?P<close>[)\]}])|(?P<end>\r\n?|\n|;)"
    r"|(?P<operator>\*\*=?|//=?|<<=?|>>=?|->|[-+*/%@&|^<>=!:]=|[^\s\\#])"
    r"|(?:[^\S\r\n]|\\\r\n|\\[\s\S]?|#[^\r\n]*)+"
)
_LITERAL = regex(r"(?:[^\\{}'\"\r\n]|\\N\{[^{}'\"\r\n]*\}|\\(?:\r\n|[^{}])|\\(?=[{}])|\{\{|\}\})+")


@dataclass(slots=True)
class _Text:
    """A literal part of an f-string, and where the code of a field in it stands."""

    quote: str
    is_spec: bool = False  #: behind a field's colon, up to its brace
    depth: int = 0  #: brackets that are open in a field, its own among them; 0 in the literal part


def tokens(text: str) -> Iterator[Token]:
    """All tokens, blanks and comments left out."""
    at, inside = 0, list[_Text]()
    while at < len(text):
        if inside and not inside[-1].depth:
            token = _in_literal(text, at, inside)
        else:
            match = _CODE.match(text, at)
            assert match is not None  # the alternatives take every character
            token = Token(match.lastgroup, match[0], at)
            if inside or token.kind == START:
                token = _in_field(token, inside)
        at += len(token.text)
        if token.kind:
            yield token


def _in_literal(text: str, at: int, inside: list[_Text]) -> Token:
    """The next part of an f-string's literal: text, or the bracket of a field, or the end as an operand."""
    part = inside[-1]
    literal = _LITERAL.match(text, at)
    if literal:
        return Token(LITERAL, literal[0], at)
    if text[at] == "{":
        part.depth = 1
        return Token(OPEN, "{", at)
    if text[at] == "}" and part.is_spec:
        inside.pop()
        inside[-1].depth = 0
        return Token(CLOSE, "}", at)
    is_end = text.startswith(part.quote, at)
    if is_end or (text[at] in "\r\n" and len(part.quote) == 1):
        del inside[_first_of(inside) :]
        return Token(OPERAND, part.quote if is_end else text[at], at)
    return Token(None, text[at], at)


def _in_field(token: Token, inside: list[_Text]) -> Token:
    """The same token once it is known what it means for f-strings."""
    if token.kind == START:
        inside.append(_Text(token.text.lstrip("fFtTrR")))
        return token
    part = inside[-1]
    if token.kind == OPEN:
        part.depth += 1
    elif token.kind == CLOSE:
        part.depth -= 1
    elif token.text == ":" and part.depth == 1:
        inside.append(_Text(part.quote, is_spec=True))
        return token._replace(kind=None)
    return token


def _first_of(inside: list[_Text]) -> int:
    """The place of the innermost f-string among its parts."""
    return max(place for place, part in enumerate(inside) if not part.is_spec)
