"""`shapelint bug-report`: what a report of a fault needs, as Markdown to be pasted into it."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Iterator
from contextlib import closing, nullcontext
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

import click

from shapelint import __version__
from shapelint.cli.config import settings_lines
from shapelint.cli.options import Failure, color_option, write
from shapelint.config import ConfigError, load_config
from shapelint.report.text import plain

if TYPE_CHECKING:
    from shapelint.pipeline.check import FileCheck
    from shapelint.reduction.reduce import Reduced

PACKAGES = ("torch", "click", "pathspec", "pygls", "flake8")
_REDUCING_SECONDS = 30.0


@click.command(short_help="Print what a report of a fault needs.")
@click.argument("place", metavar="[PATH[:[cell N:]LINE[:COLUMN]]]", required=False)
@click.option("--verify", type=click.Choice(["auto", "off"]), default="auto", help="Whether torch's verdict must stay.")
@click.option("--output-file", type=click.Path(dir_okay=False), help="Write the report to a file.")
@color_option
def bug_report(place: str | None, verify: str, output_file: str | None) -> None:
    """Print versions and settings, as Markdown.

    With the place of a finding, also the file's code, reduced to what still gives the finding, with other names; with
    PATH alone, to what still makes the check fail. Nothing of it is run, and nothing is sent: read it before you do.
    """
    reduced = None if place is None else _reduced(place, verify)
    rows = [*_versions(), *_settings(_path(place)), *(_code(reduced) if reduced else [])]
    write("\n".join(rows) + "\n", output_file)
    if reduced is not None and reduced.kept:
        kept = plain(", ".join(reduced.kept))
        click.echo(f"These words of your code had to stay, or nothing would be found: {kept}", err=True)


def _path(place: str | None) -> str:
    from shapelint.cli.place import parse_place

    if place is None:
        return "."
    return place if os.path.exists(place) else parse_place(place).path


def _versions() -> Iterator[str]:
    yield "## Versions"
    yield ""
    yield f"* shapelint {__version__}"
    python = f"{platform.python_implementation()} {platform.python_version()}"
    yield f"* {python} on {platform.system()} {platform.machine()}"
    for name in PACKAGES:
        try:
            yield f"* {name} {version(name)}"
        except PackageNotFoundError:
            yield f"* {name} is not installed"


def _settings(path: str) -> Iterator[str]:
    """The settings that are not the defaults, as `shapelint config` shows them."""
    try:
        lines = [click.unstyle(line) for line in settings_lines(load_config(path))]
    except ConfigError as error:
        lines = [f"# {error}"]
    own = [line for line in lines if not re.search("# default$", line)]
    yield from ("", "## Settings", "")
    yield from ("```toml", *map(plain, own), "```") if len(own) > 1 else ("All settings are the defaults.",)


def _code(reduced: Reduced) -> Iterator[str]:
    told = reduced.told
    yield from ("", "## Code", "")
    yield from ("```python", *map(plain, reduced.text.rstrip("\n").split("\n")), "```", "")
    span = getattr(told, "span", None)
    line = span.line if span else getattr(told, "line", 1)
    yield f"Line {line}: {told.code} {plain(told.message)}"
    verdict = getattr(told, "verdict", None)
    if verdict is not None:
        yield f"Torch: {verdict.status.value}, {plain(verdict.detail)}"
    confidence = getattr(told, "confidence", None)
    if confidence is not None:
        yield f"Confidence: {confidence.value}"


def _reduced(place: str, verify: str) -> Reduced:
    """The small text for what is found at a place, or for what makes a check of a file fail."""
    from shapelint.pipeline.processes.bounds import Bounded, BoundsError
    from shapelint.reduction.reduce import Reducer, RestsOnOthersError
    from shapelint.verify.client import Verifier, available

    text, code = _found(place)
    asked = Verifier() if code and verify == "auto" and available() else None
    try:
        given = load_config(_path(place)).given
        with closing(Bounded(_REDUCING_SECONDS)) as bounded, asked or nullcontext():
            return Reducer(bounded, asked, given).reduced(text, code)
    except RestsOnOthersError:
        why = f"{place}: {code or 'the failure'} rests on other files, too, and is not shown by the file alone"
        raise Failure(f"{why}; `shapelint bug-report` prints the versions and settings") from None
    except (BoundsError, ConfigError) as why:
        raise Failure(f"{place}: cannot be reduced: {why}") from None


def _found(place: str) -> tuple[str, str | None]:
    """The text of the file, and the code of what is found at the place; no code where the check itself fails."""
    from shapelint.cli.place import Place, checked, choose_of, parse_place

    if not os.path.exists(place):
        at = parse_place(place)
        check = checked(at)
        return check.text, choose_of(check, at).finding.code
    check = checked(Place(place, 1), failing=True)
    if not any(problem.internal for problem in check.problems):
        raise Failure(f"{place}: the check of the file does not fail; name the place of a finding: {place}:LINE")
    return _text(place, check), None


def _text(path: str, check: FileCheck) -> str:
    from shapelint.source import Problem, read_source

    source = read_source(path)
    return check.text if isinstance(source, Problem) else source.text
