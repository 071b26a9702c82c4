"""`shapelint check`, which is also what `shapelint` does."""

from __future__ import annotations

import sys
from collections import Counter
from typing import TYPE_CHECKING, Any

import click

from shapelint import __version__
from shapelint.cli.options import Failure, color_option, split_codes, write
from shapelint.config import (
    OUTPUT_FORMATS,
    VERIFY_MODES,
    Config,
    ConfigError,
    check_codes,
    known_codes,
    load_config,
)
from shapelint.finding import Confidence, Status

if TYPE_CHECKING:
    from shapelint.report.result import RunResult


@click.command(short_help="Check files and folders (the default command).")
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
@click.option("--output-format", type=click.Choice(OUTPUT_FORMATS), help="How findings are told.  [default: full]")
@click.option("--output-file", type=click.Path(dir_okay=False), help="Write the findings to a file.")
@click.option("--show-refuted", is_flag=True, help="Show what seemed a mistake until torch disproved it.")
@click.option(
    "--min-confidence",
    type=click.Choice([level.value for level in Confidence]),
    help="The least certain findings to show.  [default: medium]",
)
@click.option("--exit-zero", is_flag=True, help="Exit with 0 even if there are findings.")
@click.option("--statistics", is_flag=True, help="Count the findings by code.")
@click.option("-j", "--jobs", type=click.IntRange(min=1), help="Processes to check with.  [default: as many as pay]")
@click.option("--stdin-filename", metavar="PATH", help="The name of what `-` reads from standard input.")
@color_option
@click.version_option(__version__, prog_name="shapelint")
def check(paths: tuple[str, ...], **options: Any) -> int:
    """Check files and folders (default: the current folder); `-` reads standard input.

    Exit status: 0 nothing found, 1 findings, 2 something could not be checked.
    """
    from shapelint.run import Input, run

    stdin = None
    if "-" in paths:
        stdin = Input(options["stdin_filename"] or "<stdin>", sys.stdin.buffer.read())
    files = tuple(path for path in paths if path != "-") if paths else (".",)
    try:
        config = configure(files, options)
        result = run(files, config, options["jobs"] or 0, stdin)
    except ConfigError as error:
        raise Failure(str(error)) from None
    _report(result, config, options)
    if result.problems:
        return 2
    return 1 if result.findings and not options["exit_zero"] else 0


def configure(files: tuple[str, ...], options: dict[str, Any]) -> Config:
    """The settings of the nearest pyproject.toml, and over them those of the command line."""
    start = next(iter(files), options["stdin_filename"] or ".")
    for name in ("select", "ignore"):
        wrong = check_codes(options[name], known_codes()) if options[name] else None
        if wrong:
            raise ConfigError(f"--{name}: {wrong}")
    confidence = options["min_confidence"]
    return load_config(start).with_command_line(
        select=options["select"] or None,
        ignore=options["ignore"],
        verify=options["verify"],
        output_format=options["output_format"],
        min_confidence=Confidence(confidence) if confidence else None,
    )


def _report(result: RunResult, config: Config, options: dict[str, Any]) -> None:
    """The findings on standard output or in a file; problems, counts and notices on standard error."""
    write(render(result, config.output_format, options["show_refuted"]), options["output_file"])
    if config.output_format != "json":
        for problem in result.problems:
            click.echo(f"{problem.path}:{problem.line}: {problem.code} {problem.message}", err=True)
        click.echo(summary(result), err=True)
    if options["statistics"]:
        click.echo(statistics(result), err=True, nl=False)
    if config.verify == "auto" and result.findings and result.torch is None:
        _tell_how_to_verify()


def render(result: RunResult, output_format: str, show_refuted: bool) -> str:
    """The findings in one of the formats."""
    if output_format == "json":
        from shapelint.report import json

        return json.render(result, show_refuted)
    findings = result.findings + (result.refuted if show_refuted else [])
    findings.sort(key=lambda finding: (finding.path, finding.span, finding.code))
    if output_format == "concise":
        from shapelint.report import concise

        return concise.render(findings)
    from shapelint.report import full

    return full.render(findings, result.texts)


def summary(result: RunResult) -> str:
    """One line of counts."""
    files = _count(result.files, "file")
    text = f"Found no mistakes in {files} ({result.checked} with recurrent layers)"
    if result.files == 0:
        text = "Found no Python files: nothing was checked"
    elif result.findings:
        found = _count(len(result.findings), "mistake")
        text = f"Found {found}{_verdicts(result)} in {len({f.path for f in result.findings})} of {files}"
    if result.refuted:
        text += f"; torch refuted {_count(len(result.refuted), 'candidate')}"
    failed = len({problem.path for problem in result.problems})
    return text + (f"; {_count(failed, 'path')} could not be checked" if failed else "")


def _verdicts(result: RunResult) -> str:
    confirmed = result.count(Status.CONFIRMED)
    unverified = len(result.findings) - confirmed
    parts = [f"{confirmed} confirmed by torch"] if confirmed else []
    if unverified:
        parts.append(f"{unverified} unverified")
    return f" ({', '.join(parts)})"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def statistics(result: RunResult) -> str:
    """How often each code was found, the most frequent first."""
    counts = Counter((finding.code, finding.name) for finding in result.findings)
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return "".join(f"{number:>5}  {code}  {name}\n" for (code, name), number in ordered)


def _tell_how_to_verify() -> None:
    from shapelint.run import HOW_TO_INSTALL

    notice = f"The findings are unverified: torch is not installed. To prove them: {HOW_TO_INSTALL}"
    click.echo(notice, err=True)
