"""`shapelint witness`: a stand-alone script that shows a mistake with torch and nothing else."""

from __future__ import annotations

import shlex

import click

from shapelint.cli.options import Failure, color_option, write
from shapelint.cli.place import choose, parse_place
from shapelint.pipeline.check import Candidate


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
