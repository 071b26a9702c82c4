"""`shapelint shapes`: what the tool understood of the values in a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from shapelint.cli.options import Failure, color_option, write
from shapelint.config import ConfigError, load_config

if TYPE_CHECKING:
    from shapelint.infer.trace import Trace
    from shapelint.source import Problem


@click.command(short_help="Show the shape of every value.")
@click.argument("paths", metavar="PATH...", nargs=-1, required=True, type=click.Path())
@click.option("--output-format", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("--output-file", type=click.Path(dir_okay=False), help="Write the shapes to a file.")
@color_option
def shapes(paths: tuple[str, ...], output_format: str, output_file: str | None) -> int:
    """Show line, expression, shape and axis meanings of every tensor, layer and packed sequence in PATH."""
    from shapelint.discover import discover

    try:
        config = load_config(paths[0])
    except ConfigError as error:
        raise Failure(str(error)) from None
    discovery = discover(paths, config.excludes, config.root)
    traces: list[Trace] = []
    problems = list(discovery.problems)
    for path in discovery.files:
        found, problem = traces_of(path)
        traces += found
        problems += [problem] if problem else []
    _write(traces, output_format, output_file)
    for problem in problems:
        click.echo(f"{problem.path}:{problem.line}: {problem.code} {problem.message}", err=True)
    return 2 if problems else 0


def traces_of(path: str) -> tuple[list[Trace], Problem | None]:
    """The traces of one file; none for a file that does not speak of torch."""
    from shapelint.check import analyse_source, internal_error
    from shapelint.source import Problem, read_source

    source = read_source(path)
    if isinstance(source, Problem):
        return [], source
    if "torch" not in source.text:
        return [], None
    try:
        analysis = analyse_source(source)
    except Exception as error:
        return [], internal_error(path, error)
    return analysis.traces, analysis.problem


def _write(traces: list[Trace], output_format: str, output_file: str | None) -> None:
    from shapelint.report.shapes import render_json, render_text, rows_of

    rows = rows_of(traces)
    write(render_json(rows) if output_format == "json" else render_text(rows), output_file)
