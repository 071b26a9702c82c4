"""`shapelint check`, which is also what `shapelint` does."""

from __future__ import annotations

import os
import sys
import time
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from shapelint import __version__
from shapelint.cli.options import Failure, color_option, read_stdin, split_codes, tell_problem, write
from shapelint.cli.telling import profile, report
from shapelint.cli.telling.outputs import Ordered, Outputs
from shapelint.cli.telling.progress import shown
from shapelint.config import Config, ConfigError, check_codes, known_codes, load_config
from shapelint.effort import phase, spent
from shapelint.finding import Confidence
from shapelint.keys import VERIFY_MODES
from shapelint.pipeline.progress import Progress
from shapelint.report import formats
from shapelint.report.telling import FOOTPRINTS
from shapelint.report.text import plain

if TYPE_CHECKING:
    from concurrent.futures import Executor

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
@click.option("--add-noqa", is_flag=True, help="Write a `# noqa` comment behind each finding, and fix nothing.")
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
@click.option("--baseline", type=click.Path(dir_okay=False), help="Leave out the mistakes that this file knows.")
@click.option("--exit-zero", is_flag=True, help="Exit with 0 even if there are findings.")
@click.option("--statistics", is_flag=True, help="Count the findings by code.")
@click.option("-q", "--quiet", is_flag=True, help="Tell findings and failures only: no counts, no progress.")
@click.option("-v", "--verbose", is_flag=True, help="Tell what was skipped and why, and findings without abridgement.")
@click.option("--show-files", is_flag=True, help="List the files that would be checked, and check none.")
@click.option("--profile", is_flag=True, help="Tell on standard error where the time went, over all processes.")
@click.option("-j", "--jobs", type=click.IntRange(min=1), help="Processes to check with.  [default: as many as pay]")
@click.option(
    "--executor", type=click.Choice(("dask",)), help="Check on a cluster instead of this machine, see docs/scale.md."
)
@click.option("--scheduler", metavar="ADDRESS", help="Where the cluster's scheduler is: tcp://HOST:8786.")
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
    from shapelint.pipeline.run import Input

    spent()  # what came before is not of this run
    began, stdin = time.perf_counter(), None
    if "-" in paths:
        stdin = Input(options["stdin_filename"] or "<stdin>", read_stdin(), on_disk=False)
    files = tuple(path for path in paths if path != "-") if paths else (".",)
    outputs = Outputs.of(ctx, options)
    outputs.refuse_places(files)
    diff_file = outputs.only_file() if options["diff"] else None
    try:
        config = configure(files, options)
        told = [] if options["diff"] else outputs.told(config)
        config = replace(config, pictures=any(formats.has_pictures(output.format) for output in told))
        if options["show_files"]:
            return _show_files(files, config)
        result = _checked(files, config, options, stdin)
    except ConfigError as error:
        raise Failure(str(error)) from None
    if config.baseline_path:
        result = _without_known(result, config.baseline_path, files)
    if options["add_noqa"]:
        return _add_noqa(result)
    if result.trouble:
        click.echo(f"shapelint: {plain(result.trouble)}; nothing is kept for the next run", err=True)
    with phase("report"):
        if options["diff"]:
            found = report.tell_changes(result, config, diff_file)
        else:
            found = report.tell(result, config, options, told, stdin)
    if options["profile"]:
        click.echo(profile.told(spent(), time.perf_counter() - began), err=True)
    return _status(result, found, options)


def _checked(files: tuple[str, ...], config: Config, options: dict[str, Any], stdin: Input | None) -> RunResult:
    from shapelint.pipeline.run import run

    progress = Progress()
    with shown(progress, None if options["quiet"] else sys.stderr), _executor(options) as executor:
        return run(files, config, options["jobs"] or 0, stdin, not options["diff"], progress, executor)


def _executor(options: dict[str, Any]) -> AbstractContextManager[Executor | None]:
    if not (options["executor"] or options["scheduler"]):
        return nullcontext()
    from shapelint.cli.executor import executor_of

    return executor_of(options)


def _without_known(result: RunResult, file: str, paths: tuple[str, ...]) -> RunResult:
    from shapelint.pipeline.baseline import read

    try:
        result, stale = read(file).applied(result, paths)
    except ConfigError as error:
        raise Failure(str(error)) from None
    for entry in stale:
        told = f"{os.path.relpath(file)}: {entry.path}: {entry.code} is not found any more: {entry.text}"
        click.echo(plain(told), err=True)
    return result


def _add_noqa(result: RunResult) -> int:
    from shapelint.pipeline.add_noqa import add_noqa

    added, result = add_noqa(result)
    for problem in result.problems:
        tell_problem(problem)
    files = len({finding.path for finding in result.findings})
    click.echo(f"Added {added} comment{'s' * (added != 1)} in {files} file{'s' * (files != 1)}", err=True)
    return 2 if result.problems else 0


def _status(result: RunResult, found: bool, options: dict[str, Any]) -> int:
    if result.stopped:
        return 128 + result.stopped.signal
    # without proofs nothing tells whether there would be changes
    undone = result.problems or (options["diff"] and result.unproven and result.findings)
    return 2 if undone else int(found and not options["exit_zero"])


def _show_files(paths: tuple[str, ...], config: Config) -> int:
    """The files that a check of these paths would read, a line each."""
    from shapelint.pipeline.discover import discover

    discovery = discover(paths, config.excludes, config.root)
    write("".join(f"{plain(path)}\n" for path in discovery.files))
    for problem in discovery.problems:
        tell_problem(problem)
    return 2 if discovery.problems else 0


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
        fix=False if options["add_noqa"] else options["diff"] or options["fix"],
        unsafe_fixes=options["unsafe_fixes"],
        file_timeout=options["file_timeout"],
        baseline=os.path.abspath(options["baseline"]) if options["baseline"] else None,
    )
