"""`shapelint shapes`: what the tool understood of the values in a file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import field
from typing import TYPE_CHECKING

import click

from shapelint.cli.options import Failure, color_option, tell_problem, write, write_code
from shapelint.config import ConfigError, load_config
from shapelint.data import dataclass
from shapelint.notebooks.places import Places
from shapelint.pipeline.processes.bounds import Bounded, BoundsError
from shapelint.pipeline.shapes import LINE_LENGTH, annotated, as_read, shapes_in, write_annotated
from shapelint.project.given import Given
from shapelint.report.text import plain
from shapelint.source import NOTEBOOK, SHAPE_MARK, Problem, Source, read_source

if TYPE_CHECKING:
    from shapelint.report.shapes.rows import Found


@click.command(short_help="Show the shape of every value, also as comments in the code.")
@click.argument("paths", metavar="PATH...", nargs=-1, required=True, type=click.Path())
@click.option("--output-format", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("--output-file", type=click.Path(dir_okay=False), help="Write the shapes to a file.")
@click.option("--annotate", is_flag=True, help="Print the code, with shapes as comments at the ends of its lines.")
@click.option(
    "--write", "writes", is_flag=True, help="Put these comments into the files, and renew those put there before."
)
@click.option(
    "--line-length",
    type=click.IntRange(min=1),
    default=LINE_LENGTH,
    show_default=True,
    help="A line that a comment would make longer gets none.",
)
@color_option
def shapes(
    paths: tuple[str, ...], output_format: str, output_file: str | None, annotate: bool, writes: bool, line_length: int
) -> int:
    """Show line, expression, shape and axis meanings of every tensor, layer and packed sequence in PATH."""
    from shapelint.pipeline.discover import discover

    if (annotate or writes) and output_format == "json":
        raise Failure("--annotate and --write give code, not json")
    if writes and output_file is not None:
        raise Failure("--write changes the files themselves; --annotate --output-file writes to another")
    try:
        config = load_config(paths[0])
    except ConfigError as error:
        raise Failure(str(error)) from None
    discovery = discover(paths, config.excludes, config.root)
    with closing(Bounded(config.file_timeout)) as bounded:
        read = _read(discovery.files, bounded, config.given)
        problems = [*discovery.problems, *read.problems]
        if annotate or writes:
            texts, unmade = _annotated(read, bounded, line_length)
            problems += unmade
    if writes:
        problems += _written(read, texts)
    if annotate:
        _show(read, texts, output_file)
    elif not writes:
        write(_listed(read, output_format), output_file)
    for problem in problems:
        tell_problem(problem)
    return 2 if problems else 0


@dataclass(slots=True)
class _Read:
    """The files that could be read, what was found in each, and why others could not."""

    sources: list[Source] = field(default_factory=list)
    found: list[Found] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def _read(files: Iterable[str], bounded: Bounded, given: Given) -> _Read:
    read = _Read()
    for source in map(read_source, files):
        if isinstance(source, Problem):
            read.problems.append(source)
            continue
        shapes, unread = _shapes_of(source, bounded, given)
        read.sources.append(source)
        read.found.append(shapes)
        read.problems += unread
    return read


def _listed(read: _Read, output_format: str) -> str:
    """All that was found, as a table or as JSON."""
    from shutil import get_terminal_size

    from shapelint.report.shapes.rows import all_rows_in, render_json, rows_in, told
    from shapelint.report.shapes.table import WIDTH, render_text

    is_json = output_format == "json"
    rows = rows_in(read.found) if is_json else all_rows_in(read.found)
    rows = told(rows, Places({source.path: source.text for source in read.sources}))
    return render_json(rows) if is_json else render_text(rows, get_terminal_size((WIDTH, 0)).columns)


def _annotated(read: _Read, bounded: Bounded, limit: int) -> tuple[dict[str, str], list[Problem]]:
    """The texts with comments by their paths; those of files with problems are left out."""
    from shapelint.report.shapes.rows import together

    found, texts = together(read.found), dict[str, str]()
    problems: list[Problem] = []
    broken = {problem.path for problem in read.problems}
    for source in read.sources:
        if source.path in broken:
            continue
        mine = {key: variants for key, variants in found.items() if key[0] == source.path}
        texts[source.path] = source.text
        if not mine and SHAPE_MARK not in source.text:
            continue
        try:
            texts[source.path], unmade = bounded.call(annotated, source, mine, limit)
            problems += unmade
        except BoundsError as why:
            problems.append(Problem(source.path, 1, f"cannot annotate the file: {why}", internal=True))
    return texts, problems


def _written(read: _Read, texts: Mapping[str, str]) -> list[Problem]:
    """Put the comments into the files; what could not be written."""
    changed = [source for source in read.sources if texts.get(source.path, source.text) != source.text]
    tried = [write_annotated(source, texts[source.path]) for source in changed]
    problems = [problem for problem in tried if problem is not None]
    count = len(changed) - len(problems)
    click.echo(f"Wrote shapes into {count} of {len(read.sources)} file{'s' * (len(read.sources) != 1)}", err=True)
    return problems


def _show(read: _Read, texts: Mapping[str, str], output_file: str | None) -> None:
    """Print the code: that of one file in its own encoding, as `--write` has it; that of several below their paths."""
    parts = [(source, as_read(source, texts[source.path])) for source in read.sources if source.path in texts]
    encoding = "utf-8"
    if len(parts) == 1:
        [(source, code)] = parts
        encoding = encoding if source.path.endswith(NOTEBOOK) else source.encoding
    else:
        code = "".join(f"# {plain(source.path)}\n{text}\n" for source, text in parts)
    write_code(code.encode(encoding, "backslashreplace"), output_file, encoding)


def _shapes_of(source: Source, bounded: Bounded, given: Given) -> tuple[Found, tuple[Problem, ...]]:
    """The shapes in one file; none in a file that does not speak of torch."""
    if "torch" not in source.text and not given.names_layer(source.text):
        return {}, ()
    try:
        return bounded.call(shapes_in, source, given)
    except BoundsError as why:
        return {}, (Problem(source.path, 1, f"cannot check the file: {why}", internal=True),)
