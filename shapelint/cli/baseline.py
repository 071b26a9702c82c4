"""`shapelint baseline`: writes down the mistakes that are there, so that a check tells of new ones only."""

from __future__ import annotations

import os

import click

from shapelint.cli.options import Failure, color_option, tell_problem, write
from shapelint.config import ConfigError, load_config


@click.command(short_help="Write down the mistakes that are known.")
@click.argument("paths", metavar="[PATH]...", nargs=-1, type=click.Path())
@click.option("--output-file", type=click.Path(dir_okay=False), help="Where to.  [default: shapelint-baseline.json]")
@color_option
def baseline(paths: tuple[str, ...], output_file: str | None) -> int:
    """Check PATH (default: the current folder), and write what is found to a file that `--baseline` reads."""
    from shapelint.pipeline.baseline import DEFAULT, written
    from shapelint.pipeline.run import run

    paths = paths or (".",)
    try:
        config = load_config(paths[0])
        result = run(paths, config.with_command_line(fix=False))
    except ConfigError as error:
        raise Failure(str(error)) from None
    file = output_file or config.baseline_path or os.path.join(config.root, DEFAULT)
    write(written(result, file), file)
    for problem in result.problems:
        tell_problem(problem)
    number = len(result.findings)
    click.echo(f"{os.path.relpath(file)} knows {number} mistake{'s' * (number != 1)}", err=True)
    return 2 if result.problems else 0
