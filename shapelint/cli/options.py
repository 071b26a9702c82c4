"""What the commands share: option types, colour, errors that end a command."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO, TypeVar

import click

from shapelint.report.footprint import PLAIN
from shapelint.report.text import plain, shown
from shapelint.source import MAX_BYTES, Problem

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


def tell_problem(problem: Problem) -> None:
    """Why a file could not be checked or written, in one line on standard error."""
    click.echo(f"{plain(problem.path)}:{problem.told}: {problem.code} {plain(problem.message)}", err=True)


def read_stdin() -> bytes:
    """All of standard input; raises Failure where it is closed, or goes on without end."""
    if sys.stdin is None:
        raise Failure("standard input is closed, and `-` reads it")
    raw = sys.stdin.buffer.read(MAX_BYTES + 1)
    if len(raw) > MAX_BYTES:
        raise Failure(f"standard input is larger than {MAX_BYTES // 1_000_000} MB")
    return raw


def follows_links(stream: TextIO | None) -> bool:
    """Whether what is written to a stream goes to a terminal that is known to follow links (OSC 8)."""
    given = os.environ.get("FORCE_HYPERLINK")
    if given:
        return given != "0"
    if stream is None or not stream.isatty() or os.environ.get("NO_COLOR"):
        return False
    vte = os.environ.get("VTE_VERSION", "")
    known = os.environ.get("TERM_PROGRAM") in _FOLLOWING or os.environ.get("TERM", "").startswith(_FOLLOWING_TERMS)
    return known or "WT_SESSION" in os.environ or (vte.isdecimal() and int(vte) >= _VTE)


def columns_of(stream: TextIO | None) -> int | None:
    """The width of the terminal that a stream goes to, the usual one where it tells none; None without a terminal."""
    if stream is None or not stream.isatty():
        return None
    try:
        columns = os.get_terminal_size(stream.fileno()).columns
    except OSError:  # what takes itself for a terminal, as the shell of IDLE
        return None
    return max(columns or _USUAL, _NARROWEST)


_USUAL, _NARROWEST = 80, 40
_FOLLOWING = ("ghostty", "iTerm.app", "Hyper", "vscode", "WezTerm", "zed")
_FOLLOWING_TERMS = ("alacritty", "foot", "xterm-ghostty", "xterm-kitty")
_VTE = 5000  #: the first version of GNOME's terminal that does: 0.50


def write(report: str | bytes, path: str | None = None, to_stderr: bool = False) -> None:
    """Write a report to a file (UTF-8, without styles), or to a standard stream in what it can show.

    Bytes are written as they are.
    """
    if path is not None:
        _write_file(report, path)
        return
    if isinstance(report, str):
        stream = sys.stderr if to_stderr else sys.stdout
        if stream is None:
            raise Failure("standard output is closed; --output-file writes to a file")
        encoding = getattr(stream, "encoding", None) or "utf-8"
        if not encoding.lower().replace("-", "").startswith("utf"):
            report = report.translate(PLAIN)
        report = report.encode(encoding, "backslashreplace").decode(encoding)
    click.echo(report, nl=False, err=to_stderr)


def write_code(code: bytes, path: str | None = None, encoding: str = "utf-8") -> None:
    """Write code, or a diff of it, byte for byte; on a terminal what would command it is shown as U+FFFD instead."""
    if path is None and sys.stdout is not None and sys.stdout.isatty():
        write(shown(code.decode(encoding, "replace")))
    else:
        write(code, path)


def _write_file(report: str | bytes, path: str) -> None:
    raw = report if isinstance(report, bytes) else click.unstyle(report).encode("utf-8", "backslashreplace")
    try:
        Path(path).write_bytes(raw)
    except OSError as error:
        raise Failure(f"cannot write {path or repr(path)}: {error.strerror or error}") from None
