"""The reports of one made-up run in all formats. `python tests/report/golden.py` writes tests/report/golden anew: read the diff."""

import re
import sys
from pathlib import Path

import click

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))  # as pytest does, for what the results are made of

from results import MANY

from shapelint import __version__
from shapelint.report import formats
from shapelint.report.telling import Telling
from shapelint.rules.base import RULES, load

GOLDEN = Path(__file__).parent / "golden"


def told(name: str) -> str:
    """A report without what changes from version to version: the pages of rules, the style and script of the page."""
    text = click.unstyle(formats.render(name, MANY, Telling(show_refuted=True)))
    load()
    for code in ("SHP101", "SHP501"):
        page = RULES[code].page
        for written in (page, page.replace("\n", "\\n").replace('"', '\\"')):
            text = text.replace(written, f"PAGE OF {code}")
    for element in ("style", "script"):
        text = re.sub(rf"<{element}>.*?</{element}>", f"<{element}>...</{element}>", text, flags=re.DOTALL)
    return re.sub(r"sha256-[\w+/=]+", "HASH", text).replace(__version__, "VERSION")


if __name__ == "__main__":
    for path in GOLDEN.glob("*"):
        path.unlink()
    GOLDEN.mkdir(exist_ok=True)
    for name in formats.NAMES:
        (GOLDEN / f"{name}.txt").write_text(told(name), encoding="utf-8")
