"""`# noqa` comments, by flake8's own rules.

A comment speaks for its physical line; the lines of a multi-line string or of a backslash continuation are
one. `# noqa` alone silences every code, `# noqa: SHP101,E501` those codes and what begins with them.
`# flake8: noqa` on a line of its own silences the file (with `: CODES`, these codes in the file).
"""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Iterator

from shapelint.finding import Edit
from shapelint.source import Span

_CODES = r"(?::\s?(?P<codes>(?:[A-Z]+[0-9]+(?:[,\s]+)?)+))?"
_INLINE = re.compile(r"# noqa" + _CODES, re.IGNORECASE)
_FILE = re.compile(r"\s*# flake8[:=]\s*noqa" + _CODES, re.IGNORECASE)
_EVERYTHING = ("",)  #: every code begins with the empty prefix


class Suppressions:
    """The `# noqa` comments of one file."""

    def __init__(self, text: str) -> None:
        self._file: tuple[str, ...] = ()
        self._lines: dict[int, tuple[str, ...]] = {}
        # most files hold no such comment: they are never tokenized
        if "noqa" in text.lower():
            self._read(text)

    def silences(self, code: str, line: int) -> bool:
        """Whether a finding with this code on this line (from 1) is not to be shown."""
        return code.startswith((*self._file, *self._lines.get(line, ())))

    def _read(self, text: str) -> None:
        lines = io.StringIO(text).readlines()
        for line in lines:
            self._file += _prefixes(_FILE.match(line))
        for first, last in _line_groups(lines):
            found = _prefixes(_INLINE.search("".join(lines[first - 1 : last])))
            if found:
                self._lines.update(dict.fromkeys(range(first, last + 1), found))


def silencing(text: str, code: str, line: int) -> Edit:
    """The edit that adds a code to the comment that speaks for a line, or such a comment."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    ended = [f"{one}\n" for one in lines]
    groups = (last for first, last in _line_groups(ended) if first <= line <= last)
    last = next(groups, line)
    # a comment must stand behind the last of the lines that it speaks for; one that is there may stand in any of them
    for number in range(line, last + 1):
        found = _INLINE.search(lines[number - 1])
        if found is not None and found["codes"]:
            end = found.start("codes") + len(found["codes"].rstrip(", \t"))
            return Edit(Span(number, end, number, end), f",{code}")
    end = len(lines[last - 1].rstrip())
    return Edit(Span(last, end, last, len(lines[last - 1])), f"  # noqa: {code}")


def _prefixes(match: re.Match[str] | None) -> tuple[str, ...]:
    if match is None:
        return ()
    codes = match["codes"]
    return tuple(re.split(r"[,\s]+", codes.strip(", \t\n").upper())) if codes else _EVERYTHING


def _line_groups(lines: list[str]) -> Iterator[tuple[int, int]]:
    """First and last number of the lines that a comment speaks for together."""
    try:
        tokens = list(tokenize.generate_tokens(iter(lines).__next__))
    except (tokenize.TokenError, SyntaxError):
        yield from ((number, number) for number in range(1, len(lines) + 1))
        return
    first = None
    for token in tokens:
        if token.type in (tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER):
            continue
        first = first or token.start[0]
        if token.type in (tokenize.NL, tokenize.NEWLINE):
            yield first, token.end[0]
            first = None
