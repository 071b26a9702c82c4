"""What the commands share: option types, colour, errors that end a command."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Any, TypeVar

import click

from shapelint.report.footprint import PLAIN

Command = TypeVar("Command", bound=Callable[..., Any])


def split_codes(_: click.Context, __: click.Parameter, given: tuple[str, ...]) -> tuple[str, ...]:
    """Codes or prefixes of codes: an option that takes commas, and may be given several times."""
    return tuple(code.strip() for codes in given for code in codes.split(",") if code.strip())


def _set_color(ctx: click.Context, _: click.Parameter, value: str) -> str:
    if value == "auto" and not os.environ.get("NO_COLOR"):
        ctx.color = None
    else:
        ctx.color = value == "always"
    return value


def color_option(function: Command) -> Command:
    """`--color auto|always|never`: click strips styles where they are not wanted."""
    return click.option(
        "--color",
        type=click.Choice(["auto", "always", "never"]),
        default="auto",
        show_default=True,
        expose_value=False,
        callback=_set_color,
        help="Colours: auto means on a terminal, unless NO_COLOR is set.",
    )(function)


class Failure(click.ClickException):
    """A command could not do its job: one line on standard error, exit status 2."""

    exit_code = 2


def write(text: str, path: str | None = None) -> None:
    """Write a report to a file (UTF-8, without styles), or to standard output in what it can show."""
    if path is not None:
        try:
            with open(path, "w", encoding="utf-8", errors="backslashreplace", newline="\n") as file:
                file.write(click.unstyle(text))
        except OSError as error:
            raise Failure(f"cannot write {path}: {error.strerror or error}") from None
        return
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    if not encoding.lower().replace("-", "").startswith("utf"):
        text = text.translate(PLAIN)
    click.echo(text.encode(encoding, "backslashreplace").decode(encoding), nl=False)
