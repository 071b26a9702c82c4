"""The JSON report as dataclasses. docs/schema.json is generated from them (see schema.py).

Lines and columns count from 1, columns in Unicode code points; an end column is the first one that is not
part of the range. Fields are only ever added while `version` is 1.
"""

from __future__ import annotations

from dataclasses import field
from typing import Annotated, Literal

from shapelint.data import dataclass
from shapelint.finding import Confidence, Severity, Status

Line = Annotated[int, "line, from 1; in a notebook that of the cell"]
Cell = Annotated[int | None, "the number of a notebook's cell, from 1, its cells of all kinds counted; null elsewhere"]
Column = Annotated[int, "column in code points, from 1"]
EndColumn = Annotated[int, "first column after the range, from 1"]


@dataclass(frozen=True, slots=True)
class Tool:
    """What made the report."""

    name: str
    version: str
    torch: Annotated[str | None, "version of the torch that proved the findings; null when none ran"]


@dataclass(frozen=True, slots=True)
class Summary:
    """Counts of the run."""

    files: Annotated[int, "files looked at"]
    checked: Annotated[int, "files that speak of torch, which were analysed"]
    findings: Annotated[int, "mistakes reported: confirmed and unverified ones"]
    confirmed: Annotated[int, "findings that torch confirmed"]
    refuted: Annotated[int, "candidates that torch disproved, and which are not findings"]
    unverified: Annotated[int, "findings that were not run"]
    errors: Annotated[int, "entries of `errors`"]
    unchecked: Annotated[int, "paths that could not be checked; neither `files` nor `checked` counts them"]
    fixed: Annotated[int, "mistakes that fixes took away; `findings` are those that remain"]


@dataclass(frozen=True, slots=True)
class ShapeEntry:
    """The shape of a value that the finding speaks of."""

    name: Annotated[str, "the value's text in the source"]
    shape: Annotated[str, "sizes in symbols, for instance (B, T, 2*H)"]
    roles: Annotated[tuple[str, ...], "what each axis means: batch, time, feature, layers, channel or ?"]


@dataclass(frozen=True, slots=True)
class RelatedEntry:
    """A further place that explains the finding."""

    path: str
    line: Line
    column: Column
    message: str
    cell: Cell = None


@dataclass(frozen=True, slots=True)
class Verification:
    """What torch showed on dummy tensors."""

    status: Status
    property: Annotated[str, "the property that was tested, empty when there is none to test"]
    detail: Annotated[str, "what torch did, or why it did not run, in one line"]
    footprint: Annotated[
        tuple[tuple[tuple[bool, ...], ...], ...] | None,
        "footprint[row][sample][step]: does this output row depend on this step of this input sample",
    ]
    torch: Annotated[str | None, "version of torch that ran"]
    assumed: Annotated[tuple[str, ...], "what the run assumed although the code does not tell it: it confirms nothing"]


@dataclass(frozen=True, slots=True)
class EditEntry:
    """Replace a range of the source by a text."""

    line: Line
    column: Column
    end_line: Line
    end_column: EndColumn
    text: str
    cell: Cell = None


@dataclass(frozen=True, slots=True)
class FixEntry:
    """Edits that mend the finding."""

    description: str
    edits: tuple[EditEntry, ...]
    safe: Annotated[bool, "no program that ran before computes anything else afterwards"]
    proven: Annotated[bool, "torch showed that the mended program is right"]
    left: Annotated[str | None, "what is wrong, or not known to be right, in the mended program, in one line"]
    footprint: Annotated[tuple[tuple[tuple[bool, ...], ...], ...] | None, "that of the mended program"]


@dataclass(frozen=True, slots=True)
class FindingEntry:
    """One mistake."""

    code: str
    name: str
    severity: Annotated[Severity, "error: torch raises; warning: it computes something else; info: no effect"]
    confidence: Confidence
    path: str
    line: Line
    column: Column
    end_line: Line
    end_column: EndColumn
    message: str
    shapes: tuple[ShapeEntry, ...]
    related: tuple[RelatedEntry, ...]
    verification: Verification
    help: Annotated[str | None, "how to mend it in words, where no edit is safe"]
    fixes: Annotated[tuple[FixEntry, ...], "ways to mend it, the likeliest first"]
    url: Annotated[str, "the page of the rule"]
    cell: Cell = None


@dataclass(frozen=True, slots=True)
class ErrorEntry:
    """Why a file could not be checked (SHP001) or not be written (SHP003)."""

    path: str
    line: Line
    code: str
    message: str
    cell: Cell = None


@dataclass(frozen=True, slots=True)
class Document:
    """The report of one run."""

    version: Literal[1]
    tool: Tool
    summary: Summary
    findings: tuple[FindingEntry, ...]
    errors: tuple[ErrorEntry, ...]


@dataclass(frozen=True, slots=True)
class ShapeRow:
    """What `shapelint shapes` understood of one value: a tensor, a packed sequence or a layer."""

    path: str
    line: Line
    column: Column
    name: Annotated[str, "the name or expression that has the value, with [i] for a member of a tuple"]
    kind: Literal["tensor", "packed", "layer"]
    shape: Annotated[tuple[int | str, ...], "size of each axis: a number, or a text of symbols"]
    roles: Annotated[tuple[str, ...], "what each axis means: batch, time, feature, layers, channel or ?"]
    layer: Annotated[str | None, "a layer's construction, for instance LSTM(3, H, batch_first=True)"]
    entry: Annotated[str | None, "the call that leads here, where a line has different shapes by the call"]
    cell: Cell = None
    origins: Annotated[
        tuple[tuple[str, str], ...], "the letters in the shape with what they stand for: H, axis 2 of x"
    ] = field(default=(), compare=False)
