"""The command line. One file per command; nothing heavy is imported before a command needs it."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from importlib import import_module

import click

from shapelint import __version__
from shapelint.cli.check import check
from shapelint.keys import suggestion
from shapelint.pipeline.interrupt import heed_termination, signal_number
from shapelint.report.text import plain

COMMANDS = (
    "baseline",
    "bug-report",
    "check",
    "clean",
    "config",
    "graph",
    "rule",
    "server",
    "shapes",
    "witness",
)  #: each a file here, which defines the command of its name


class Commands(click.Group):
    """A group in which `check` need not be named: `shapelint [OPTIONS] [PATH]...`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of all commands."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """The command of a name, imported when it is asked for."""
        if name not in COMMANDS:
            return None
        file = name.replace("-", "_")
        command: click.Command = getattr(import_module(f"{__name__}.{file}"), file)
        return command

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Send what does not begin with a command, --help or --version to `check`."""
        if not args or args[0] not in {*COMMANDS, *ctx.help_option_names, "--version"}:
            args = ["check", *args]
        return super().parse_args(ctx, args)

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The two forms of use."""
        formatter.write_usage(ctx.command_path, "[check] [OPTIONS] [PATH]...")
        formatter.write_usage(ctx.command_path, "COMMAND [OPTIONS] ...", prefix="       ")

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The commands, then the options of `check`."""
        self.format_commands(ctx, formatter)
        check.format_options(click.Context(check, parent=ctx, info_name="check"), formatter)


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)
@click.version_option(__version__, prog_name="shapelint")
def cli() -> None:
    """Find shape and layout mistakes in PyTorch code, and prove each by running torch.

    The checked code is read, never imported or run. PATH is a file or a folder (default: the current one);
    `-` reads standard input.
    """


def main(args: list[str] | None = None) -> None:
    """Run the command line and exit with its status: 0 nothing found, 1 findings, 2 the job was not done."""
    heed_termination()
    sys.exit(run(args))


def run(args: list[str] | None = None) -> int:
    """Run the command line; returns the exit status, with every usage error told in one line."""
    try:
        return int(cli.main(args, prog_name="shapelint", standalone_mode=False) or 0)
    except click.ClickException as error:
        click.echo(f"shapelint: error: {describe(error)}", err=True)
        return 2
    except click.Abort as abort:
        click.echo("shapelint: interrupted", err=True)
        return 128 + signal_number(abort.__cause__)
    except BrokenPipeError:
        # the reader (head, less) has gone
        _give_up_streams()
        return 141
    except OSError as error:
        with suppress(OSError):
            click.echo(f"shapelint: error: {_told(error)}", err=True)
        _give_up_streams()
        return 2


def _told(error: OSError) -> str:
    """A failure of the machine in one line: no command has dealt with it."""
    try:
        os.getcwd()
    except OSError:
        return "the current folder does not exist any more"
    return f"{plain(str(error.filename or 'cannot write the output'))}: {error.strerror or error}"


def _give_up_streams() -> None:
    """Send what is left in the buffers nowhere, where Python would complain about it at shutdown."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            os.dup2(nowhere, stream.fileno())


def describe(error: click.ClickException) -> str:
    """A click error in one line, with the nearest option or command."""
    if isinstance(error, click.NoSuchOption):
        known = [name for p in error.ctx.command.params for name in p.opts] if error.ctx else []
        return f"unknown option {error.option_name!r}{suggestion(error.option_name, known)}"
    return plain(error.format_message())
