"""The code cells of a notebook as one module, and the module's text put back into the notebook."""

from __future__ import annotations

import json
from collections.abc import Mapping

from shapelint.notebooks.document import Code, Piece, code_cells
from shapelint.notebooks.escapes import is_python, lines_of, put_away, put_back
from shapelint.notebooks.places import CELL, first_line


def code_of(notebook: str) -> str:
    """The code of a notebook; raises NotebookError."""
    return "".join(
        f"{first_line(cell.number)}\n{put_away(cell.text)}\n"
        for cell in code_cells(notebook)
        if is_python(cell.text, cell.metadata)
    )


def with_code(notebook: str, code: str) -> str:
    """The notebook with other code in its cells; a cell whose code is the same stays as it is, and so does the rest.

    Raises LookupError where the code has other cells than the notebook.
    """
    cells = [cell for cell in code_cells(notebook) if is_python(cell.text, cell.metadata)]
    texts = texts_of(code)
    if list(texts) != [cell.number for cell in cells]:
        raise LookupError("the code has other cells")
    pieces: list[str] = []
    done = 0
    for cell in cells:
        text = texts[cell.number]
        if text != put_away(cell.text):
            pieces += [notebook[done : cell.place.start], _written(notebook, cell, put_back(text, cell.text))]
            done = cell.place.end
    return "".join([*pieces, notebook[done:]])


def texts_of(code: str) -> Mapping[int, str]:
    """The texts of the cells by their numbers."""
    before, *rest = CELL.split(code)
    if before:
        raise LookupError("code stands in front of the first cell")
    return {int(number): text[1:-1] for number, text in zip(rest[::2], rest[1::2], strict=True)}


def _written(notebook: str, cell: Code, text: str) -> str:
    """The source of a cell in JSON, as a text or a list, whichever it was. Lines that stay are written as they were."""
    items = cell.place.value
    if not isinstance(items, list):
        return json.dumps(text, ensure_ascii=notebook.isascii())
    opening, closing = notebook[cell.place.start : items[0].start], notebook[items[-1].end : cell.place.end]
    between = notebook[items[0].end : items[1].start] if len(items) > 1 else f",{opening[1:] or ' '}"
    known = {item.value: _json_of(notebook, item) for item in items}
    lines = (known.get(line) or json.dumps(line, ensure_ascii=notebook.isascii()) for line in lines_of(text))
    return f"{opening}{between.join(lines)}{closing}"


def _json_of(notebook: str, piece: Piece) -> str:
    return notebook[piece.start : piece.end]
