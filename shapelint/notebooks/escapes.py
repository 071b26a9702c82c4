"""What IPython reads in a cell and Python does not: magics, commands of the shell, questions.

Each line of it gives way to one that Python reads, so that all else stays where it is. A mark behind that line says
which line of the cell it was.
"""

from __future__ import annotations

import keyword
import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from shapelint.data import dataclass
from shapelint.grammar.tokens import CLOSE, NAME, OPEN, Token, tokens
from shapelint.notebooks.places import MARK
from shapelint.regex import regex

#: the magics of a whole cell that run it as Python, with the names of the notebook
_IN_PYTHON = frozenset("capture debug ipytest memit mprun prun shapes time timeit wandb".split())
#: what IPython takes for a magic without its sign: `pip install torch`
_WITHOUT_SIGN = frozenset("cat cd clear conda cp less ls mamba micromamba mkdir more mv pip pwd rm rmdir uv".split())
_CELL_MAGIC = regex(r"\s*%%(\w*)")
_LINE = regex(r"[^\r\n]*(?:\r\n?|\n)?")
_PUT_AWAY = regex(f"{MARK}(\\d+)")


def is_python(text: str, metadata: Mapping[str, object]) -> bool:
    """Whether a code cell runs as Python together with the other cells."""
    of_editor = metadata.get("vscode")
    language = of_editor.get("languageId", "python") if isinstance(of_editor, dict) else "python"
    magic = _CELL_MAGIC.match(text)
    return language == "python" and MARK not in text and (magic is None or magic[1] in _IN_PYTHON)


def put_away(text: str) -> str:
    """The text of a cell as Python reads it, with the same lines."""
    if not re.search(r"[%!?]", text) and _WITHOUT_SIGN.isdisjoint(re.findall(r"\w+", text)):
        return text
    lines = lines_of(text)
    for escape in _escapes(text):
        for number in range(escape.first, escape.last + 1):
            stand_in = escape.stand_in if number == escape.first else "#"
            lines[number] = f"{stand_in}{MARK}{number}{_end(lines[number])}"
    return "".join(lines)


def put_back(text: str, original: str) -> str:
    """The text of a cell after edits, with the lines that had given way; `original` is the cell before."""
    lines = lines_of(original)
    found = ((line, _PUT_AWAY.search(line)) for line in lines_of(text))
    return "".join(_without_end(lines[int(mark[1])]) + _end(line) if mark else line for line, mark in found)


def lines_of(text: str) -> list[str]:
    """The lines with their ends, as Python counts them; behind a last end there is none."""
    return [line for line in _LINE.findall(text) if line]


@dataclass(frozen=True, slots=True)
class _Escape:
    """Lines of a cell, from 0, that Python does not read, and what stands for the first of them."""

    first: int
    last: int
    stand_in: str


def _escapes(text: str) -> Iterator[_Escape]:
    starts = _starts(text)
    for statement in _statements(text):
        found = _sign(statement)
        if found is None:
            continue
        first = _line_at(starts, statement[0].offset)
        line_start = starts[first]
        before = text[line_start : found.offset]
        # IPython makes `x = !ls` a call of this
        stand_in = f"{before}get_ipython()  #" if before.rstrip().endswith("=") else f"{_indent(before)}pass  #"
        yield _Escape(first, _line_at(starts, statement[-1].offset), stand_in)


def _statements(text: str) -> Iterator[list[Token]]:
    """The tokens between the ends of lines outside of all brackets. What is escaped opens none."""
    statement: list[Token] = []
    depth = 0
    for token in tokens(text):
        is_end = token.text[:1] in ("\r", "\n")  # also one that ends the literal of an f-string
        if statement and is_end and (depth <= 0 or _is_escaped(statement)):
            yield [*statement, token]
            statement, depth = [], 0
        elif not is_end:
            statement.append(token)
            depth += (token.kind == OPEN) - (token.kind == CLOSE)
    if statement:
        yield statement


def _is_escaped(statement: Sequence[Token]) -> bool:
    """Whether a statement begins with what ends at the end of its line, whatever brackets it has."""
    return _escaped_from(statement) is not None


def _sign(statement: Sequence[Token]) -> Token | None:
    """The first token that is IPython's."""
    begins = _escaped_from(statement)
    if begins is not None:
        return begins
    said = [token for token in statement if token.text[:1] not in ("\r", "\n")]
    return said[0] if said and said[-1].text == "?" else None


def _escaped_from(statement: Sequence[Token]) -> Token | None:
    first = statement[0]
    if first.text in ("%", "!", "?", "!=", "%="):
        return first
    if first.text in _WITHOUT_SIGN and len(statement) > 1 and _is_argument(statement[1]):
        return first
    for before, token in pairwise(statement):
        if before.text == "=" and token.text in ("%", "!"):
            return token
        if before.kind == OPEN:
            return None
    return None


def _is_argument(token: Token) -> bool:
    """Whether no Python goes on so behind a name."""
    return token.text in (".", "..", "...") or (token.kind == NAME and not keyword.iskeyword(token.text))


def _starts(text: str) -> list[int]:
    starts, at = [], 0
    for line in lines_of(text):
        starts.append(at)
        at += len(line)
    return starts


def _line_at(starts: Sequence[int], offset: int) -> int:
    return bisect_right(starts, offset) - 1


def _indent(before: str) -> str:
    return before[: len(before) - len(before.lstrip())]


def _end(line: str) -> str:
    return line[len(_without_end(line)) :]


def _without_end(line: str) -> str:
    return line.rstrip("\r\n")
