"""Where the pages of the rules are, and links in a terminal."""

from __future__ import annotations

from shapelint.finding import UNUSED

HOME = "https://github.com/shapelint/shapelint"


def page_of(code: str) -> str:
    """The address of a rule's page."""
    page = "configuration.md#shp002" if code == UNUSED else f"rules/{code}.md"
    return f"{HOME}/blob/main/docs/{page}"


def link(text: str, address: str) -> str:
    """A text that leads to an address in terminals that know OSC 8; others show the text alone."""
    return f"\x1b]8;;{address}\x1b\\{text}\x1b]8;;\x1b\\"
