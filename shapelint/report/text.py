"""Text in a terminal: widths, tabs, control characters."""

from __future__ import annotations

import unicodedata

TAB = 4


def plain(text: str) -> str:
    """The text on one line, without characters that would command a terminal."""
    return "".join(_visible(character) for character in text)


def shown(code: str) -> str:
    """Code on its lines, without characters that would command a terminal."""
    lines = code.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(character if character in "\n\t" else _visible(character) for character in lines)


def expand(line: str) -> tuple[str, list[int]]:
    """A source line as it is shown, and the screen column at which each of its code points begins.

    The list has one entry more than the line has code points: the width of the whole.
    """
    shown: list[str] = []
    columns = [0]
    for character in line:
        piece = " " * (TAB - columns[-1] % TAB) if character == "\t" else _visible(character)
        shown.append(piece)
        columns.append(columns[-1] + sum(map(_width, piece)))
    return "".join(shown), columns


def _visible(character: str) -> str:
    if character in "\n\t":
        return " "
    # Cc: control characters, Cf: direction overrides and other invisible marks, Cs: lone surrogates
    return "\ufffd" if unicodedata.category(character) in ("Cc", "Cs") or _overrides(character) else character


def _overrides(character: str) -> bool:
    return "\u202a" <= character <= "\u202e" or "\u2066" <= character <= "\u2069"


def _width(character: str) -> int:
    """Columns of a character on the screen: wide East Asian ones and most emoji take two, marks none."""
    if unicodedata.combining(character) or unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
