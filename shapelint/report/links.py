"""Where the pages of the rules are, and links in a terminal."""

from __future__ import annotations

HOME = "https://github.com/shapelint/shapelint"


def page_of(code: str) -> str:
    """The address of a rule's page."""
    return f"{HOME}/blob/main/docs/rules/{code}.md"


def link(text: str, address: str) -> str:
    """A text that leads to an address in terminals that know OSC 8; others show the text alone."""
    return f"\x1b]8;;{address}\x1b\\{text}\x1b]8;;\x1b\\"
