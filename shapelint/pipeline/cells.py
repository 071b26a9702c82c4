"""A notebook in which a cell is no Python: it is told, and the others are checked without it."""

from __future__ import annotations

import textwrap
from dataclasses import replace

from shapelint.notebooks.places import Cells
from shapelint.regex import regex
from shapelint.source import Problem, Source

_PROMPT = regex(r"\s*(?:>>> |In \[\d+\]: )")


def without_broken_cells(source: Source) -> tuple[Source, tuple[Problem, ...]]:
    """The text with empty lines in place of the cells that do not parse, and what is wrong with each of these."""
    cells, lines = Cells.of(source.path, source.text), source.lines
    ends = (*(first - 1 for first in cells.first[1:]), len(lines))
    problems: list[Problem] = []
    for number, first, end in zip(cells.numbers, cells.first, ends, strict=True):
        text = "\n".join(lines[first:end])
        problem = _problem(source, text)
        if problem is not None:
            lines[first:end] = [""] * (end - first)
            if not _is_read_otherwise(source, text):
                problems.append(replace(problem, cell=number))
    return replace(source, text="\n".join(lines)), tuple(problems)


def _problem(source: Source, text: str) -> Problem | None:
    from shapelint.syntax.parse import parse

    module = parse(replace(source, text=text))
    return module if isinstance(module, Problem) else None


def _is_read_otherwise(source: Source, text: str) -> bool:
    """Whether IPython takes off what keeps Python from reading a cell: its indentation, or copied prompts."""
    return _PROMPT.match(text) is not None or _problem(source, textwrap.dedent(text)) is None
