"""Code that is written for a newer Python than the one that runs: what is new in it, in older words of the same length.

Everything stays where it is: type parameters become blanks (PEP 695), `type X = int` becomes `type;X = int`,
`except A, B:` (PEP 758) becomes `except A| B:`, template strings (PEP 750) become f-strings, and a field of an f-string
loses what 3.12 brought (PEP 701): the quotes of the string itself, and backslashes.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from shapelint.grammar.tokens import CLOSE, END, NAME, OPEN, OPERAND, START, Token, tokens


def in_older_words(text: str) -> str:
    """The text as an older Python reads it, of the same length; what it has no words for stays."""
    found = list(tokens(text))
    characters = list(text)
    for number, token in enumerate(found):
        if token.kind == NAME and token.text in ("def", "class", "type"):
            _definition(characters, found, number)
        elif token.text == "except" and (number == 0 or found[number - 1].kind == END):
            _handler(characters, found, number)
    _strings(characters, found)
    return "".join(characters)


def _definition(characters: list[str], found: Sequence[Token], number: int) -> None:
    """Blank the type parameters of a definition, and begin a type alias as a statement of its own."""
    word, name, sign = (*found[number : number + 3], *[None] * 3)[:3]
    if word is None or name is None or sign is None or name.kind != NAME or sign.text not in ("[", "="):
        return
    if word.text == "type" and (number == 0 or found[number - 1].kind == END or found[number - 1].text == ":"):
        characters[word.offset + len("type")] = ";"
    elif word.text == "type" or sign.text == "=":
        return
    if sign.text == "[":
        _blank(characters, sign.offset, _closing(found, number + 2))


def _handler(characters: list[str], found: Sequence[Token], number: int) -> None:
    """Join exceptions without brackets by a sign that may stand there; who reads the code asks for the names alone."""
    depth = 0
    for at in range(number, len(found)):
        token = found[at]
        depth += (token.kind == OPEN) - (token.kind == CLOSE)
        if not depth and token.text == ",":
            characters[token.offset] = "|"
        elif token.kind == END or (not depth and token.text == ":"):
            return


def _closing(found: Sequence[Token], opening: int) -> int:
    """The offset behind the bracket that closes one."""
    depth = 0
    for token in found[opening:]:
        depth += (token.kind == OPEN) - (token.kind == CLOSE)
        if not depth:
            return token.offset + 1
    return found[opening].offset


def _blank(characters: list[str], start: int, end: int) -> None:
    """Replace code by blanks; its lines go on in the next ones."""
    for at in range(start, end):
        if characters[at] not in "\r\n":
            characters[at] = " "
    for before, at in pairwise(range(start, end)):
        if characters[at] in "\r\n" and characters[before] == " ":
            characters[before] = "\\"


def _strings(characters: list[str], found: Sequence[Token]) -> None:
    open_ones: list[Token] = []  # the f-strings around a token, the inner one last
    for token in found:
        if token.kind == START:
            _requote(characters, token.offset, token.text, open_ones)
            open_ones.append(token)
        elif open_ones and token.text == _quote(open_ones[-1].text):
            start = open_ones.pop()
            if "".join(characters[start.offset : start.offset + len(start.text)]) != start.text:
                _requote(characters, token.offset, token.text, open_ones)
        elif open_ones and token.kind == OPERAND:
            _requote(characters, token.offset, token.text, open_ones)


def _requote(characters: list[str], offset: int, text: str, around: Sequence[Token]) -> None:
    """Give a piece of code other quotes than the strings around it have, and no backslash."""
    used = {_quote(one.text)[0] for one in around}
    free = next((quote for quote in "'\"" if quote not in used), None)
    for at, character in enumerate(text, offset):
        if around and character == "\\":
            characters[at] = "/"
        elif character in used and free is not None and free not in text:
            characters[at] = free
        elif character in "tT" and at - offset < 2 and text.endswith(("'", '"')) and text.strip("frtFRT") in _QUOTES:
            characters[at] = "f"


def _quote(start: str) -> str:
    return start.lstrip("fFtTrR")


_QUOTES = frozenset(("'", '"', "'''", '"""'))
