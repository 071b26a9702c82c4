"""What `shapelint check` tells at its end: reports on standard output or in files, the rest on standard error."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from shapelint.cli.options import columns_of, follows_links, tell_problem, write, write_code
from shapelint.cli.telling import counts
from shapelint.cli.telling.outputs import Output
from shapelint.config import Config
from shapelint.report import formats
from shapelint.report.telling import Telling
from shapelint.report.text import plain

if TYPE_CHECKING:
    from shapelint.pipeline.run import Input
    from shapelint.report.result import RunResult


def tell(
    result: RunResult, config: Config, options: dict[str, Any], outputs: Sequence[Output], stdin: Input | None
) -> bool:
    """The findings on standard output or in files; problems, counts and notices on standard error.

    The mended standard input takes the place of the findings, which then go to standard error. Returns whether
    there are findings.
    """
    mended = stdin if config.fix else None
    if mended is not None:
        write_code(next((change.after for change in result.changes if not change.written), mended.raw))
    for output in outputs:
        stream = None if output.path else sys.stderr if mended else sys.stdout
        links, columns = stream is not None and follows_links(stream), columns_of(stream)
        telling = Telling(options["show_refuted"], options["footprints"], options["verbose"], links, columns)
        write(formats.render(output.format, result, telling), output.path, to_stderr=mended is not None)
    if not all(formats.is_complete(output.format) for output in outputs):
        _tell_problems(result)
        if not options["quiet"]:
            click.echo(counts.found(result, config), err=True)
    if options["verbose"]:
        _tell_skipped(result)
    if options["statistics"]:
        click.echo(counts.by_code(result), err=True, nl=False)
    if not options["quiet"]:
        _tell_what_is_unproven(result, config)
    return bool(result.findings)


def tell_changes(result: RunResult, config: Config, path: str | None) -> bool:
    """The changes as diffs, the rest on standard error; returns whether there are changes."""
    from shapelint.report import diff

    write_code(diff.render(result.changes), path)
    _tell_problems(result)
    click.echo(counts.would_fix(result, config), err=True)
    _tell_what_is_unproven(result, config)
    return bool(result.changes)


def _tell_skipped(result: RunResult) -> None:
    for skipped in result.skipped:
        click.echo(f"{plain(skipped.path)}: skipped: {skipped.why}", err=True)
    if result.again:
        click.echo(f"{result.again} of {result.checked} files are told from the cache: nothing has changed", err=True)


def _tell_problems(result: RunResult) -> None:
    places = result.places
    for unfixed in result.unfixed:
        finding = unfixed.finding
        place = plain(str(places.of(finding.path, finding.span)))
        click.echo(f"{place}: {finding.code} is not fixed: {unfixed.why}", err=True)
    for problem in result.problems:
        tell_problem(problem)


def _tell_what_is_unproven(result: RunResult, config: Config) -> None:
    from shapelint.pipeline.run import HOW_TO_INSTALL, NOT_INSTALLED

    if result.unproven is None or not result.findings:
        return
    if config.fix:
        click.echo(f"Nothing is fixed without torch's proof, and {result.unproven}", err=True)
    if result.unproven == NOT_INSTALLED:
        notice = f"The findings are unverified: {NOT_INSTALLED}. To prove them: {HOW_TO_INSTALL}"
        click.echo(notice, err=True)
    elif config.verify != "off" and not config.fix:
        click.echo(f"The findings are unverified: {result.unproven}", err=True)
