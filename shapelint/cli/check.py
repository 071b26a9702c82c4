"""`shapelint check`, which is also what `shapelint` does."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from shapelint import __version__
from shapelint.cli import counts, profile
from shapelint.cli.options import Failure, color_option, follows_links, read_stdin, split_codes, tell_problem, write
from shapelint.cli.outputs import Ordered, Output, Outputs
from shapelint.config import VERIFY_MODES, Config, ConfigError, check_codes, known_codes, load_config
from shapelint.effort import phase, spent
from shapelint.finding import Confidence
from shapelint.report import formats
from shapelint.report.telling import FOOTPRINTS, Telling
from shapelint.report.text import plain

if TYPE_CHECKING:
    from shapelint.pipeline.run import Input
    from shapelint.report.result import RunResult


@click.command(cls=Ordered, short_help="Check files and folders (the default command).")
@click.argument("paths", metavar="[PATH]...", nargs=-1, type=click.Path(allow_dash=True))
@click.option(
    "--select",
    metavar="CODES",
    multiple=True,
    callback=split_codes,
    help="Codes or prefixes to check, separated by commas.",
)
@click.option("--ignore", metavar="CODES", multiple=True, callback=split_codes, help="Codes or prefixes to leave out.")
@click.option(
    "--verify",
    type=click.Choice(VERIFY_MODES),
    help="Prove findings by running torch: auto if it is installed, require, or off.  [default: auto]",
)
@click.option("--fix/--no-fix", default=None, help="Apply fixes that are safe and that torch has proven.")
@click.option("--unsafe-fixes/--no-unsafe-fixes", default=None, help="Count and apply fixes that change results, too.")
@click.option("--diff", is_flag=True, help="Show what --fix would change, and write nothing.")
@click.option(
    "--output-format",
    type=click.Choice(formats.NAMES),
    multiple=True,
    help="How findings are told; several times for several reports.  [default: full]",
)
@click.option(
    "--output-file",
    type=click.Path(dir_okay=False),
    multiple=True,
    help="Write the report of the --output-format before it to a file.",
)
@click.option(
    "--footprints",
    type=click.Choice(FOOTPRINTS),
    default="first",
    show_default=True,
    help="Draw how samples reach the result: for all findings, for the first of a kind, or none.",
)
@click.option("--show-refuted", is_flag=True, help="Show what seemed a mistake until torch disproved it.")
@click.option(
    "--min-confidence",
    type=click.Choice([level.value for level in Confidence]),
    help="The least certain findings to show.  [default: medium]",
)
@click.option("--exit-zero", is_flag=True, help="Exit with 0 even if there are findings.")
@click.option("--statistics", is_flag=True, help="Count the findings by code.")
@click.option("--profile", is_flag=True, help="Tell on standard error where the time went, over all processes.")
@click.option("-j", "--jobs", type=click.IntRange(min=1), help="Processes to check with.  [default: as many as pay]")
@click.option(
    "--file-timeout",
    metavar="SECONDS",
    type=click.FloatRange(min=0, min_open=True),
    help="The time that a file's check may take.  [default: 30]",
)
@click.option(
    "--cache-dir", envvar="SHAPELINT_CACHE_DIR", type=click.Path(file_okay=False), help="Where results are kept."
)
@click.option(
    "--no-cache", envvar="SHAPELINT_NO_CACHE", is_flag=True, help="Read no results of earlier runs, and keep none."
)
@click.option("--stdin-filename", metavar="PATH", help="The name of what `-` reads from standard input.")
@color_option
@click.version_option(__version__, prog_name="shapelint")
@click.pass_context
def check(ctx: click.Context, /, paths: tuple[str, ...], **options: Any) -> int:
    """Check files and folders (default: the current folder); `-` reads standard input.

    Exit status: 0 nothing found (or nothing that remains after --fix, nothing to change with --diff), 1 findings,
    2 something could not be checked or written, 130 stopped by Ctrl-C, 143 by SIGTERM.
    """
    from shapelint.pipeline.run import Input, run

    spent()  # what came before is not of this run
    began, stdin = time.perf_counter(), None
    if "-" in paths:
        stdin = Input(options["stdin_filename"] or "<stdin>", read_stdin(), on_disk=False)
    files = tuple(path for path in paths if path != "-") if paths else (".",)
    outputs = Outputs.of(ctx, options)
    outputs.refuse_to_overwrite(files)
    diff_file = outputs.only_file() if options["diff"] else None
    try:
        config = configure(files, options)
        told = [] if options["diff"] else outputs.told(config)
        result = run(files, config, options["jobs"] or 0, stdin, write=not options["diff"])
    except ConfigError as error:
        raise Failure(str(error)) from None
    if result.trouble:
        click.echo(f"shapelint: {plain(result.trouble)}; nothing is kept for the next run", err=True)
    with phase("report"):
        found = (
            _report_changes(result, config, diff_file)
            if options["diff"]
            else _report(result, config, options, told, stdin)
        )
    if options["profile"]:
        click.echo(profile.told(spent(), time.perf_counter() - began), err=True)
    if result.stopped:
        return 128 + result.stopped.signal
    # without proofs nothing tells whether there would be changes
    undone = result.problems or (options["diff"] and result.unproven and result.findings)
    return 2 if undone else int(found and not options["exit_zero"])


def configure(files: tuple[str, ...], options: dict[str, Any]) -> Config:
    """The settings of the nearest pyproject.toml, and over them those of the command line."""
    start = next(iter(files), options["stdin_filename"] or ".")
    for name in ("select", "ignore"):
        wrong = check_codes(options[name], known_codes()) if options[name] else None
        if wrong:
            raise ConfigError(f"--{name}: {wrong}")
    confidence = options["min_confidence"]
    config = load_config(start)
    if options["no_cache"]:
        config = replace(config, cache_dir=None)
    elif options["cache_dir"]:
        config = replace(config, cache_dir=os.path.abspath(options["cache_dir"]))
    return config.with_command_line(
        select=options["select"] or None,
        ignore=options["ignore"],
        verify=options["verify"],
        min_confidence=Confidence(confidence) if confidence else None,
        fix=options["diff"] or options["fix"],
        unsafe_fixes=options["unsafe_fixes"],
        file_timeout=options["file_timeout"],
    )


def _report(
    result: RunResult, config: Config, options: dict[str, Any], outputs: Sequence[Output], stdin: Input | None
) -> bool:
    """The findings on standard output or in files; problems, counts and notices on standard error.

    The mended standard input takes the place of the findings, which then go to standard error. Returns whether
    there are findings.
    """
    mended = stdin if config.fix else None
    if mended is not None:
        write(next((change.after for change in result.changes if not change.written), mended.raw))
    for output in outputs:
        links = output.path is None and follows_links(sys.stderr if mended else sys.stdout)
        telling = Telling(options["show_refuted"], options["footprints"], links=links)
        write(formats.render(output.format, result, telling), output.path, to_stderr=mended is not None)
    if not all(formats.is_complete(output.format) for output in outputs):
        _tell_problems(result)
        click.echo(counts.found(result, config), err=True)
    if options["statistics"]:
        click.echo(counts.by_code(result), err=True, nl=False)
    _tell_what_is_unproven(result, config)
    return bool(result.findings)


def _report_changes(result: RunResult, config: Config, path: str | None) -> bool:
    """The changes as diffs, the rest on standard error; returns whether there are changes."""
    from shapelint.report import diff

    write(diff.render(result.changes), path)
    _tell_problems(result)
    click.echo(counts.would_fix(result, config), err=True)
    _tell_what_is_unproven(result, config)
    return bool(result.changes)


def _tell_problems(result: RunResult) -> None:
    for unfixed in result.unfixed:
        finding = unfixed.finding
        place = f"{plain(finding.path)}:{finding.span.line}:{finding.span.column + 1}"
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
