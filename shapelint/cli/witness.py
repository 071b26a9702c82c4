"""`shapelint witness`: a stand-alone script that shows a mistake with torch and nothing else."""

from __future__ import annotations

import re
from contextlib import closing

import click

from shapelint.cli.options import Failure, color_option, write
from shapelint.data import dataclass
from shapelint.finding import Confidence
from shapelint.pipeline.check import Candidate, Wanted, check_source
from shapelint.source import Problem, read_source

_PLACE = re.compile(r"(?P<path>.+?):(?P<line>\d+)(?::(?P<column>\d+))?:?")


@dataclass(frozen=True, slots=True)
class Place:
    """A line of a file, from 1, and maybe a column, from 1."""

    path: str
    line: int
    column: int | None = None


@click.command(short_help="Print a script that shows a mistake.")
@click.argument("place", metavar="PATH:LINE[:COLUMN]")
@click.option(
    "--with-class",
    is_flag=True,
    help="Print a script that imports your module and shows the mistake with your own class. shapelint never runs it.",
)
@color_option
def witness(place: str, with_class: bool) -> None:
    """Print a short script that shows the mistake at PATH:LINE[:COLUMN] and imports only torch."""
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
    alone = f"`shapelint witness {place}` prints a script that needs only torch"
    raise Failure(f"{place}: {chosen.finding.code} cannot be shown with its own class: {why}; {alone}")


def _path(chosen: Candidate) -> tuple[str, ...]:
    return chosen.judged.path if chosen.judged else ()


def parse_place(text: str) -> Place:
    """`PATH:LINE` or `PATH:LINE:COLUMN`, as the reports print it."""
    match = _PLACE.fullmatch(text)
    if match is None:
        raise Failure(f"{text!r} is not PATH:LINE or PATH:LINE:COLUMN")
    column = match["column"]
    return Place(match["path"], int(match["line"]), int(column) if column else None)


def choose(place: Place, with_class: bool = False) -> Candidate:
    """The finding at a place: the one whose column is given, else the first of the line."""
    here = [c for c in _candidates(place.path, with_class) if c.finding.span.line == place.line]
    if place.column is not None:
        here = [c for c in here if c.finding.span.column + 1 == place.column]
    if not here:
        where = f"{place.path}:{place.line}"
        raise Failure(f"{where}: nothing is found here; `shapelint {place.path}` lists the findings")
    return here[0]


def _candidates(path: str, with_class: bool) -> tuple[Candidate, ...]:
    from shapelint.pipeline.bounds import Bounded
    from shapelint.pipeline.pool import bounded_check
    from shapelint.rules.base import RULES, load

    source = read_source(path)
    if isinstance(source, Problem):
        raise Failure(f"{path}: {source.message}")
    load()
    wanted = Wanted(frozenset(RULES), Confidence.LOW, prove_fixes=False, own_class=with_class)
    with closing(Bounded()) as checker:
        check = bounded_check(checker, path, check_source, source, wanted)
    if check.problems:
        raise Failure(f"{path}:{check.problems[0].line}: {check.problems[0].message}")
    return check.candidates
