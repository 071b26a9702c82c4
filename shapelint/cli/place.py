"""A place as the reports print it, `PATH:LINE[:COLUMN]`, and what is found there."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace

from shapelint.cli.options import Failure
from shapelint.config import ConfigError, load_config
from shapelint.data import dataclass
from shapelint.finding import UNUSED, Confidence
from shapelint.notebooks.places import Places
from shapelint.pipeline.check import Candidate, FileCheck, Wanted, check_source
from shapelint.regex import regex
from shapelint.source import NOTEBOOK, Problem, read_source

_PLACE = regex(r"(?P<path>.+?)(?::cell (?P<cell>\d+))?:(?P<line>\d+)(?::(?P<column>\d+))?:?")


@dataclass(frozen=True, slots=True)
class Place:
    """A line of a file, or of a cell in a notebook, and maybe a column, all from 1."""

    path: str
    line: int
    column: int | None = None
    cell: int | None = None


def parse_place(text: str) -> Place:
    """`PATH:LINE` or `PATH:LINE:COLUMN`, as the reports print it."""
    match = _PLACE.fullmatch(text)
    if match is None:
        raise Failure(f"{text!r} is not PATH:LINE or PATH:LINE:COLUMN")
    column, cell = (int(match[name]) if match[name] else None for name in ("column", "cell"))
    return Place(match["path"], int(match["line"]), column, cell)


def choose(place: Place, with_class: bool = False) -> Candidate:
    """The finding at a place: the one whose column is given, else the first of the line. It bears the place as told."""
    return choose_of(checked(place, with_class), place)


def choose_of(check: FileCheck, place: Place) -> Candidate:
    """The finding at a place of a file that was checked."""
    places = Places({check.path: check.text})
    for candidate in check.candidates:
        found = places.of(check.path, candidate.finding.span)
        is_there = (found.cell, found.span.line) == (place.cell, place.line)
        if is_there and place.column in (None, found.span.column + 1):
            return replace(candidate, finding=replace(candidate.finding, path=found.file, span=found.span))
    where = f"{place.path}:{place.line}" if place.cell is None else f"{place.path}:cell {place.cell}:{place.line}"
    if place.path.endswith(NOTEBOOK) and place.cell is None:
        raise Failure(f"{where}: a place in a notebook names the cell: {place.path}:cell 1:{place.line}")
    raise Failure(f"{where}: nothing is found here; `shapelint {place.path}` lists the findings")


def checked(place: Place, with_class: bool = False, failing: bool = False) -> FileCheck:
    """All that is found in the file of a place; raises Failure for what cannot be checked, unless that is wanted."""
    from shapelint.pipeline.processes.bounds import Bounded
    from shapelint.pipeline.processes.pool import bounded_check
    from shapelint.rules.index import by_default

    source = read_source(place.path)
    if isinstance(source, Problem):
        raise Failure(f"{place.path}: {source.message}")
    try:
        given = load_config(place.path).given
    except ConfigError as error:
        raise Failure(str(error)) from None
    codes = frozenset(by_default()) - {UNUSED}
    wanted = Wanted(codes, Confidence.LOW, prove_fixes=False, own_class=with_class, given=given)
    with closing(Bounded()) as checker:
        check = bounded_check(checker, place.path, check_source, source, wanted)
    for problem in check.problems:
        if not failing and problem.cell in (None, place.cell):
            raise Failure(f"{place.path}:{problem.line}: {problem.message}")
    return check
