"""`shapelint witness`: a stand-alone script that shows a mistake with torch and nothing else."""

from __future__ import annotations

import re
import shlex
from contextlib import closing
from dataclasses import replace

import click

from shapelint.cli.options import Failure, color_option, write
from shapelint.config import ConfigError, load_config
from shapelint.data import dataclass
from shapelint.finding import Confidence
from shapelint.notebooks.places import Places
from shapelint.pipeline.check import Candidate, FileCheck, Wanted, check_source
from shapelint.source import NOTEBOOK, Problem, read_source

_PLACE = re.compile(r"(?P<path>.+?)(?::cell (?P<cell>\d+))?:(?P<line>\d+)(?::(?P<column>\d+))?:?")


@dataclass(frozen=True, slots=True)
class Place:
    """A line of a file, or of a cell in a notebook, and maybe a column, all from 1."""

    path: str
    line: int
    column: int | None = None
    cell: int | None = None


@click.command(short_help="Print a script that shows a mistake.")
@click.argument("place", metavar="PATH:[cell N:]LINE[:COLUMN]")
@click.option(
    "--with-class",
    is_flag=True,
    help="Print a script that imports your module and shows the mistake with your own class. shapelint never runs it.",
)
@color_option
def witness(place: str, with_class: bool) -> None:
    """Print a short script that shows the mistake at PATH:LINE[:COLUMN] and imports only torch.

    In a notebook the place is that of a cell, as the reports print it: `"model.ipynb:cell 3:7:12"`.
    """
    chosen = choose(parse_place(place), with_class)
    write(_with_class(place, chosen) if with_class else _with_torch(place, chosen))


def _with_torch(place: str, chosen: Candidate) -> str:
    from shapelint.verify.witness.witness import NotShownError, script_of

    try:
        return script_of(chosen.finding, chosen.judged)
    except NotShownError as why:
        raise Failure(f"{place}: {chosen.finding.code} cannot be shown by a script: {why}") from None


def _with_class(place: str, chosen: Candidate) -> str:
    from shapelint.verify.own.own_class import OwnClass
    from shapelint.verify.witness.class_script import class_script

    if isinstance(chosen.own, OwnClass):
        return class_script(chosen.own, chosen.finding, _path(chosen))
    why = chosen.own.reason if chosen.own else "nothing is known of it"
    alone = f"`shapelint witness {shlex.quote(place)}` prints a script that needs only torch"
    raise Failure(f"{place}: {chosen.finding.code} cannot be shown with its own class: {why}; {alone}")


def _path(chosen: Candidate) -> tuple[str, ...]:
    return chosen.judged.path if chosen.judged else ()


def parse_place(text: str) -> Place:
    """`PATH:LINE` or `PATH:LINE:COLUMN`, as the reports print it."""
    match = _PLACE.fullmatch(text)
    if match is None:
        raise Failure(f"{text!r} is not PATH:LINE or PATH:LINE:COLUMN")
    column, cell = (int(match[name]) if match[name] else None for name in ("column", "cell"))
    return Place(match["path"], int(match["line"]), column, cell)


def choose(place: Place, with_class: bool = False) -> Candidate:
    """The finding at a place: the one whose column is given, else the first of the line. It bears the place as told."""
    check = _checked(place, with_class)
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


def _checked(place: Place, with_class: bool) -> FileCheck:
    from shapelint.pipeline.bounds import Bounded
    from shapelint.pipeline.pool import bounded_check
    from shapelint.rules.base import RULES, load

    source = read_source(place.path)
    if isinstance(source, Problem):
        raise Failure(f"{place.path}: {source.message}")
    try:
        given = load_config(place.path).given
    except ConfigError as error:
        raise Failure(str(error)) from None
    load()
    wanted = Wanted(frozenset(RULES), Confidence.LOW, prove_fixes=False, own_class=with_class, given=given)
    with closing(Bounded()) as checker:
        check = bounded_check(checker, place.path, check_source, source, wanted)
    for problem in check.problems:
        if problem.cell in (None, place.cell):
            raise Failure(f"{place.path}:{problem.line}: {problem.message}")
    return check
