"""The blocks of a Markdown page: files, commands, and what the commands print."""

from __future__ import annotations

import re
from dataclasses import dataclass

#: a line that names a file, or a place in one, if there is such a line, and the block below it
BLOCK = re.compile(
    r"(?:^(?:(?P<side>Above|Below) `(?P<line>[^`\n]+)` in )?\*\*`(?P<path>\S+)`\*\*:?\n\n)?"
    r"^(?P<fence>`{3,})(?P<language>\w*)\n(?P<text>.*?)^(?P=fence)$",
    re.DOTALL | re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Block:
    """A block of a page: a file, a command, or what the command above it prints."""

    language: str
    text: str
    path: str | None
    side: str | None  #: Above or Below a line of a file that is there already
    line: str | None
    is_below: bool  #: whether nothing stands between it and the block before


def blocks(text: str) -> list[Block]:
    """The blocks of a text, in their order."""
    made, end = [], -1
    for found in BLOCK.finditer(text):
        is_below = end >= 0 and not text[end : found.start("fence")].strip()
        made.append(Block(*found.group("language", "text", "path", "side", "line"), is_below=is_below))
        end = found.end()
    return made


def without_blocks(text: str) -> str:
    """The text at the same places, with blanks for what stands in blocks: a page in one has headings, too."""
    return BLOCK.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), text)
