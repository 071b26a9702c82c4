"""`shapelint graph`: a model's data flow as a picture."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import closing

import click

from shapelint.cli.options import Failure, color_option, tell_problem, write
from shapelint.finding import Confidence, Finding
from shapelint.pipeline.check import FileCheck, Wanted, check_source
from shapelint.pipeline.processes.bounds import Bounded
from shapelint.pipeline.processes.pool import bounded_check
from shapelint.report.graph import dot, mermaid, svg
from shapelint.report.graph.data import Graph
from shapelint.source import Problem, read_source

WRITERS = {"svg": svg.render, "dot": dot.render, "mermaid": mermaid.render}


@click.command(short_help="Draw a model's data flow.")
@click.argument("place", metavar="PATH[:CLASS]")
@click.option("--format", "format_", type=click.Choice(sorted(WRITERS)), default="svg", show_default=True)
@click.option("--output-file", type=click.Path(dir_okay=False), help="Write the picture to a file.")
@click.option("--verify", type=click.Choice(["auto", "off"]), default="auto", help="Mark what torch does not disprove.")
@color_option
def graph(place: str, format_: str, output_file: str | None, verify: str) -> None:
    """Draw the data flow of a model: layers as boxes, shapes on the arrows, mistakes marked.

    CLASS may be left out where the file has one model; CLASS.METHOD draws another method than forward.
    """
    path, name = _parsed(place)
    check = _checked(path)
    chosen = _chosen(check.graphs, path, name)
    write(WRITERS[format_](chosen, _findings(check, verify)), output_file)


def _parsed(place: str) -> tuple[str, str]:
    """The path and the class, where one is named: a path may hold a colon, too."""
    path, colon, name = place.rpartition(":")
    return (place, "") if not colon or os.path.exists(place) else (path, name)


def _checked(path: str) -> FileCheck:
    """What is found in a file, with its pictures, in a process of its own."""
    from shapelint.rules.index import by_default

    source = read_source(path)
    if isinstance(source, Problem):
        raise Failure(f"{path}: {source.message}")
    codes = frozenset(code for code, is_on in by_default().items() if is_on)
    wanted = Wanted(codes, Confidence.MEDIUM, prove_fixes=False, pictures=True)
    with closing(Bounded()) as bounded:
        check = bounded_check(bounded, path, check_source, source, wanted)
    for problem in check.problems:
        if problem.cell is None:
            raise Failure(f"{path}:{problem.told}: {problem.message}")
        tell_problem(problem)
    return check


def _chosen(graphs: Sequence[Graph], path: str, name: str) -> Graph:
    by_name = {graph.entry.removesuffix(".forward"): graph for graph in graphs}
    if not by_name:
        raise Failure(f"{path}: no data flow of torch's is found in it")
    if name and name.removesuffix(".forward") in by_name:
        return by_name[name.removesuffix(".forward")]
    if not name and len(by_name) == 1:
        return graphs[0]
    wrong = f"there is no {name!r}" if name else "several are in it"
    raise Failure(f"{path}: {wrong}; name one of them: {', '.join(f'{path}:{known}' for known in by_name)}")


def _findings(check: FileCheck, verify: str) -> list[Finding]:
    from shapelint.pipeline.verdicts import proven
    from shapelint.verify.client import Verifier, available

    found = [candidate.finding for candidate in check.candidates]
    if not found or verify == "off" or not available():
        return found
    with Verifier() as verifier:
        return list(proven(check, verifier).findings)
