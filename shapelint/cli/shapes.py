"""`shapelint shapes`: what the tool understood of the values in a file."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import click

from shapelint.cli.options import Failure, color_option, tell_problem, write
from shapelint.config import ConfigError, load_config
from shapelint.notebooks.places import Places
from shapelint.pipeline.processes.bounds import Bounded, BoundsError
from shapelint.pipeline.shapes import shapes_in
from shapelint.project.given import Given
from shapelint.source import Problem, Source, read_source

if TYPE_CHECKING:
    from shapelint.report.shapes import Found


@click.command(short_help="Show the shape of every value.")
@click.argument("paths", metavar="PATH...", nargs=-1, required=True, type=click.Path())
@click.option("--output-format", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("--output-file", type=click.Path(dir_okay=False), help="Write the shapes to a file.")
@color_option
def shapes(paths: tuple[str, ...], output_format: str, output_file: str | None) -> int:
    """Show line, expression, shape and axis meanings of every tensor, layer and packed sequence in PATH."""
    from shapelint.pipeline.discover import discover
    from shapelint.report.shapes import render_json, render_text, rows_in, told

    try:
        config = load_config(paths[0])
    except ConfigError as error:
        raise Failure(str(error)) from None
    discovery = discover(paths, config.excludes, config.root)
    found: list[Found] = []
    texts: dict[str, str] = {}
    problems = list(discovery.problems)
    with closing(Bounded(config.file_timeout)) as bounded:
        for source in map(read_source, discovery.files):
            if isinstance(source, Problem):
                problems.append(source)
                continue
            shapes, unread = _shapes_of(source, bounded, config.given)
            found.append(shapes)
            problems += unread
            texts[source.path] = source.text
    rows = told(rows_in(found), Places(texts))
    write(render_json(rows) if output_format == "json" else render_text(rows), output_file)
    for problem in problems:
        tell_problem(problem)
    return 2 if problems else 0


def _shapes_of(source: Source, bounded: Bounded, given: Given) -> tuple[Found, tuple[Problem, ...]]:
    """The shapes in one file; none in a file that does not speak of torch."""
    if "torch" not in source.text and not given.names_layer(source.text):
        return {}, ()
    try:
        return bounded.call(shapes_in, source, given)
    except BoundsError as why:
        return {}, (Problem(source.path, 1, f"cannot check the file: {why}", internal=True),)
