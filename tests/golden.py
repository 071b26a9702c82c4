"""The reports of one made-up run in all formats. `python tests/golden.py` writes tests/golden anew: read the diff."""

from pathlib import Path

import click
from results import MANY

from shapelint import __version__
from shapelint.report import formats
from shapelint.report.telling import Telling
from shapelint.rules.base import RULES, load

GOLDEN = Path(__file__).parent / "golden"


def told(name: str) -> str:
    """A report without what changes from version to version, and without the pages of rules."""
    text = click.unstyle(formats.render(name, MANY, Telling(show_refuted=True)))
    load()
    for code in ("SHP101", "SHP501"):
        page = RULES[code].page
        for written in (page, page.replace("\n", "\\n").replace('"', '\\"')):
            text = text.replace(written, f"PAGE OF {code}")
    return text.replace(__version__, "VERSION")


if __name__ == "__main__":
    for path in GOLDEN.glob("*"):
        path.unlink()
    GOLDEN.mkdir(exist_ok=True)
    for name in formats.NAMES:
        (GOLDEN / f"{name}.txt").write_text(told(name), encoding="utf-8")
