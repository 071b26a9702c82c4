"""What literals mean: numbers and the pieces of strings, read without evaluating anything.

`ast.literal_eval` would do, but it warns about odd escapes on the user's terminal.
"""

from __future__ import annotations

import re
import unicodedata

_SIMPLE_ESCAPES = {
    "\\": "\\",
    "'": "'",
    '"': '"',
    "a": "\a",
    "b": "\b",
    "f": "\f",
    "n": "\n",
    "r": "\r",
    "t": "\t",
    "v": "\v",
    "\n": "",
}
_ESCAPE = re.compile(r"\\([0-7]{1,3}|x[0-9a-fA-F]{2}|[\s\S])")
_TEXT_ESCAPE = re.compile(r"\\([0-7]{1,3}|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|N\{[^}]+\}|[\s\S])")


def integer(text: str) -> int:
    """The value of an integer literal; ValueError when Python refuses to convert so many digits."""
    return int(text, 0)


def floating(text: str) -> float:
    """The value of a float literal."""
    return float(text.replace("_", ""))


def string(prefix: str, body: str) -> str | bytes:
    """The value of a string literal from its prefix and the text between its quotes.

    Raises ValueError where Python would not compile it, for instance for an unknown character name.
    """
    prefix = prefix.lower()
    body = body.replace("\r\n", "\n").replace("\r", "\n")
    is_bytes = "b" in prefix
    if "\\" in body and "r" not in prefix:
        body = (_ESCAPE if is_bytes else _TEXT_ESCAPE).sub(_unescape, body)
    return body.encode("latin-1") if is_bytes else body


def _unescape(match: re.Match[str]) -> str:
    escape = match[1]
    if escape in _SIMPLE_ESCAPES:
        return _SIMPLE_ESCAPES[escape]
    if escape[0] in "01234567":
        return chr(int(escape, 8))
    if len(escape) == 1:
        return match[0]
    return _named_character(escape[2:-1]) if escape[0] == "N" else chr(_code_point(escape[1:]))


def _code_point(digits: str) -> int:
    code = int(digits, 16)
    if code > 0x10FFFF:
        raise ValueError(f"no character has the code {digits}")
    return code


def _named_character(name: str) -> str:
    try:
        return unicodedata.lookup(name)
    except KeyError:
        raise ValueError(f"no character has the name {name!r}") from None
