"""The file of a notebook: where in its JSON the code of each cell stands, so that nothing else is written anew.

Read are nbformat 4 (`cells`, `source`) and 3 (`worksheets`, `input`). What JSON holds twice counts the second time.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from shapelint.data import dataclass
from shapelint.regex import regex

_BLANK = regex(r"[ \t\r\n]*")
_ANYTHING = json.JSONDecoder().raw_decode


class NotebookError(Exception):
    """The file is no notebook; `line` is where that shows."""

    def __init__(self, message: str, line: int = 1) -> None:
        super().__init__(message)
        self.line = line


@dataclass(frozen=True, slots=True)
class Piece:
    """A value and the range of the JSON text that it takes; what is looked into holds pieces in turn."""

    start: int
    end: int
    value: Any


@dataclass(frozen=True, slots=True)
class Code:
    """A code cell: its number among all cells, from 1, its source as one text, and what the JSON text has of it."""

    number: int
    text: str
    place: Piece  #: a text, or a list of pieces with texts
    metadata: Mapping[str, Any]


Members = dict[str, Piece]
Reader = Callable[[str, int], tuple[Any, int]]  #: from a place in the text to the value there and its end


def code_cells(text: str) -> list[Code]:
    """The code cells of a notebook in Python, in order; raises NotebookError."""
    try:
        return _code_cells(text)
    except json.JSONDecodeError as error:
        raise NotebookError(f"it is not valid JSON: {error.msg[:1].lower()}{error.msg[1:]}", error.lineno) from None
    except (RecursionError, ValueError):
        raise NotebookError("it is not valid JSON: nested too deeply, or a number of too many digits") from None


def _code_cells(text: str) -> list[Code]:
    members, end = _notebook(text, _skip(text, 0))
    if _skip(text, end) != len(text):
        raise json.JSONDecodeError("extra data", text, _skip(text, end))
    if _language(members) not in (None, "python"):
        return []
    if "cells" not in members and "worksheets" not in members:
        raise NotebookError("it has no cells")
    found = (_code(text, number, cell.value) for number, cell in enumerate(_cells(members), 1))
    return [code for code in found if code is not None]


def _language(members: Members) -> str | None:
    """What the notebook says that its code is written in."""
    metadata = members["metadata"].value if "metadata" in members else None
    for place, name in (("language_info", "name"), ("kernelspec", "language")):
        told = metadata.get(place) if isinstance(metadata, dict) else None
        if isinstance(told, dict) and isinstance(told.get(name), str):
            return str(told[name]).lower()
    return None


def _cells(members: Members) -> Iterator[Piece]:
    """The cells of a notebook; those of format 3 lie in worksheets."""
    pages = members["worksheets"].value if "worksheets" in members else ()
    for holder in (members, *(page.value for page in pages)):
        yield from holder["cells"].value if "cells" in holder else ()


def _code(text: str, number: int, cell: Members) -> Code | None:
    kind = cell["cell_type"].value if "cell_type" in cell else None
    if not isinstance(kind, str):
        raise NotebookError(f"cell {number} has no cell_type", _line(text, cell))
    if kind != "code":
        return None
    place = cell.get("source") or cell.get("input")
    if place is None:
        raise NotebookError(f"cell {number} has no source", _line(text, cell))
    texts = [piece.value for piece in place.value] if isinstance(place.value, list) else [place.value]
    if not all(isinstance(one, str) for one in texts):
        raise NotebookError(f"the source of cell {number} is no text", _line(text, cell))
    metadata = cell["metadata"].value if "metadata" in cell else None
    return Code(number, "".join(texts), place, metadata if isinstance(metadata, dict) else {})


def _line(text: str, cell: Members) -> int:
    return text.count("\n", 0, min((piece.start for piece in cell.values()), default=0)) + 1


def _object(inner: Mapping[str, Reader], what: str, text: str, at: int) -> tuple[Members, int]:
    """The members of an object; `inner` reads those that are looked into."""
    at = _opening("{", what, text, at)
    found: Members = {}
    while text[at : at + 1] != "}":
        name, end = _ANYTHING(text, at)
        if not isinstance(name, str):
            raise json.JSONDecodeError("a name is expected", text, at)
        at = _skip(text, _expected(":", text, _skip(text, end)))
        value, end = inner.get(name, _ANYTHING)(text, at)
        found[name] = Piece(at, end, value)
        at = _next("}", text, end)
    return found, at + 1


def _array(item: Reader, what: str, text: str, at: int) -> tuple[list[Piece], int]:
    """The items of a list."""
    at = _opening("[", what, text, at)
    found: list[Piece] = []
    while text[at : at + 1] != "]":
        value, end = item(text, at)
        found.append(Piece(at, end, value))
        at = _next("]", text, end)
    return found, at + 1


def _source(text: str, at: int) -> tuple[Any, int]:
    return _array(_ANYTHING, "a source", text, at) if text[at : at + 1] == "[" else _ANYTHING(text, at)


_cell = partial(_object, {"source": _source, "input": _source}, "a cell")
_list_of_cells = partial(_array, _cell, "`cells`")
_worksheet = partial(_object, {"cells": _list_of_cells}, "a worksheet")
_worksheets = partial(_array, _worksheet, "`worksheets`")
_notebook = partial(_object, {"cells": _list_of_cells, "worksheets": _worksheets}, "a notebook")


def _opening(bracket: str, what: str, text: str, at: int) -> int:
    if text[at : at + 1] != bracket:
        _ANYTHING(text, at)  # what is no JSON at all is told as such
        kind = "an object" if bracket == "{" else "a list"
        raise NotebookError(f"{what} must be {kind}", text.count("\n", 0, at) + 1)
    return _skip(text, at + 1)


def _next(closing: str, text: str, end: int) -> int:
    """Where the next member begins, or the closing bracket stands."""
    at = _skip(text, end)
    if text[at : at + 1] == closing:
        return at
    at = _skip(text, _expected(",", text, at))
    if text[at : at + 1] == closing:
        raise json.JSONDecodeError("a comma stands before a closing bracket", text, at)
    return at


def _expected(character: str, text: str, at: int) -> int:
    if text[at : at + 1] != character:
        raise json.JSONDecodeError(f"{character!r} is expected", text, at)
    return at + 1


def _skip(text: str, at: int) -> int:
    blank = _BLANK.match(text, at)
    return blank.end() if blank else at
