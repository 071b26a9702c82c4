"""Comments that silence findings: `# noqa`, by flake8's own rules, and shapelint's own.

`# noqa` speaks for its physical line; the lines of a multi-line string or of a backslash continuation are one. Alone it
silences every code, `# noqa: SHP101,E501` those codes and what begins with them. `# flake8: noqa` on a line of its
own silences the file (with `: CODES`, these codes in the file).

`# shapelint: ignore[SHP101] reason` speaks for its line too, and on a line of its own for the statement below it;
`# shapelint: disable-file=SHP1` for the file. Beyond flake8, what stands on the first or the last line of a statement
speaks for all of its lines. A statement that holds others is its head.
"""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Iterable, Iterator, Mapping, Sequence

from shapelint.data import dataclass
from shapelint.finding import Edit
from shapelint.notebooks.places import CELL
from shapelint.regex import regex
from shapelint.source import Span

_CODES = r"(?::\s?(?P<codes>(?:[A-Z]+[0-9]+(?:[,\s]+)?)+))?"
_INLINE = regex(r"# noqa" + _CODES, re.IGNORECASE)
_FILE = regex(r"\s*# flake8[:=]\s*noqa" + _CODES, re.IGNORECASE)
_LIST = r"[A-Z]+[0-9]+(?:[,\s]+[A-Z]+[0-9]+)*"
LIST = regex(_LIST, re.IGNORECASE)  #: codes, as they stand in a comment
_IGNORE = regex(rf"#\s*shapelint:\s*ignore(?![\w-])(?:\[\s*(?P<codes>{_LIST})\s*\]|(?!\s*\[))", re.IGNORECASE)
_DISABLE = regex(rf"#\s*shapelint:\s*disable-file\s*=\s*(?P<codes>{_LIST})", re.IGNORECASE)
_SHORT = ("noqa", "shapelint:")  #: a file without these words holds no such comment
_EVERYTHING = ("",)  #: every code begins with the empty prefix
_LINE_END = regex(r"\r\n?|\n")


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment, the codes or prefixes that it names, and where it stands: None where it is part of a text."""

    codes: tuple[str, ...]
    span: Span | None
    is_noqa: bool = True

    def silences(self, code: str) -> bool:
        """Whether it silences a code where it speaks."""
        return code.startswith(self.codes)


@dataclass(slots=True)
class _Lines:
    """Lines that a comment speaks for together, and the statement that they belong to: the numbers of both."""

    first: int
    last: int
    statement: tuple[int, int] = (0, 0)

    @property
    def spoken_for(self) -> range:
        """The lines for which a comment here speaks."""
        first, last = self.statement
        if first and (self.first <= first <= self.last or self.first <= last <= self.last):
            return range(min(first, self.first), max(last, self.last) + 1)
        return range(self.first, self.last + 1)


class Suppressions:
    """The comments of one file. `used` are those that have silenced something, with the codes by which they did."""

    def __init__(self, text: str, noqa: bool = True, own: bool = True) -> None:
        """`noqa` and `own` tell whether to mind flake8's comments and shapelint's."""
        self._file: list[Comment] = []
        self._lines: dict[int, list[Comment]] = {}
        self._wanted = noqa, own
        self.comments: list[Comment] = []
        self.used: set[tuple[Comment, str]] = set()
        # most files hold no such comment: they are never tokenized
        if (noqa or own) and any(word in text.lower() for word in _SHORT):
            self._read(text)

    def silences(self, code: str, line: int) -> bool:
        """Whether a finding with this code on this line (from 1) is not to be shown."""
        found = [one for one in (*self._file, *self._lines.get(line, ())) if one.silences(code)]
        self.used.update((one, prefix) for one in found for prefix in one.codes if code.startswith(prefix))
        return bool(found)

    def _read(self, text: str) -> None:
        lines = _lines_of(text)
        groups, tokens = _groups(lines)
        noqa, own = self._wanted
        comments = {token.start[0]: token for token in tokens if token.type == tokenize.COMMENT}
        if noqa:
            self._read_noqa(lines, groups, comments)
        if own:
            self._read_own(lines, groups, comments)

    def _read_noqa(
        self, lines: Sequence[str], groups: Sequence[_Lines], tokens: Mapping[int, tokenize.TokenInfo]
    ) -> None:
        for number, line in enumerate(lines, 1):
            if match := _FILE.match(line):
                self._add(Comment(_prefixes(match), _span(match, tokens.get(number), 0)), None)
        for group in groups:
            text, at = "".join(lines[group.first - 1 : group.last]), group.first
            if match := _INLINE.search(text):
                at += text.count("\n", 0, match.start())
                offset = text.rfind("\n", 0, match.start()) + 1
                span = _span(match, tokens.get(at), offset)
                self._add(Comment(_prefixes(match), span), group.spoken_for)

    def _read_own(
        self, lines: Sequence[str], groups: Sequence[_Lines], tokens: Mapping[int, tokenize.TokenInfo]
    ) -> None:
        for number, token in tokens.items():
            offset = -token.start[1]
            if match := _DISABLE.search(token.string):
                self._add(Comment(_prefixes(match), _span(match, token, offset), is_noqa=False), None)
            elif match := _IGNORE.search(token.string):
                group = next((one for one in groups if one.first <= number <= one.last), _Lines(number, number))
                spoken_for = group.spoken_for
                if not lines[number - 1][: token.start[1]].strip() and not group.statement[0]:
                    below = next((one.statement for one in groups if one.first > number and one.statement[0]), (0, -1))
                    spoken_for = range(below[0], below[1] + 1)
                self._add(Comment(_prefixes(match), _span(match, token, offset), is_noqa=False), spoken_for)

    def _add(self, comment: Comment, lines: Iterable[int] | None) -> None:
        self.comments.append(comment)
        if lines is None:
            self._file.append(comment)
        for number in lines or ():
            self._lines.setdefault(number, []).append(comment)


def silencing(text: str, code: str, line: int) -> Edit:
    """The edit that adds a code to the comment that speaks for a line, or such a comment."""
    ended = [f"{one}\n" for one in _LINE_END.split(text)]
    lines = [one[:-1] for one in ended]
    last = next((group.last for group in _groups(ended)[0] if group.first <= line <= group.last), line)
    # a comment must stand behind the last of the lines that it speaks for; one that is there may stand in any of them
    for number in range(line, last + 1):
        found = _INLINE.search(lines[number - 1])
        if found is not None and found["codes"]:
            end = found.start("codes") + len(found["codes"].rstrip(", \t"))
            return Edit(Span(number, end, number, end), f",{code}")
    end = len(lines[last - 1].rstrip())
    return Edit(Span(last, end, last, len(lines[last - 1])), f"  # noqa: {code}")


def _lines_of(text: str) -> list[str]:
    return io.StringIO(_LINE_END.sub("\n", text)).readlines()


def _span(match: re.Match[str], token: tokenize.TokenInfo | None, offset: int) -> Span | None:
    """Where a comment stands that was found at `offset` of its line, None if it is no comment."""
    if token is None:
        return None
    start = match.start() + len(match[0]) - len(match[0].lstrip()) - offset
    return Span(token.start[0], start, token.start[0], token.end[1]) if start >= token.start[1] else None


def _prefixes(match: re.Match[str]) -> tuple[str, ...]:
    codes = match["codes"]
    return tuple(re.split(r"[,\s]+", codes.strip(", \t\n").upper())) if codes else _EVERYTHING


def _groups(lines: list[str]) -> tuple[list[_Lines], list[tokenize.TokenInfo]]:
    """The lines that comments speak for together, each with its statement, and the tokens.

    What is no Python goes line by line, in a notebook the cells that are none.
    """
    try:
        tokens = list(tokenize.generate_tokens(iter(lines).__next__))
        return _grouped(tokens), tokens
    except (tokenize.TokenError, SyntaxError):
        cells = [number for number, line in enumerate(lines) if CELL.match(line)]
    if not cells:
        return [_Lines(number, number) for number in range(1, len(lines) + 1)], []
    found: tuple[list[_Lines], list[tokenize.TokenInfo]] = ([], [])
    for first, end in zip(cells, [*cells[1:], len(lines)], strict=True):
        groups, tokens = _groups(lines[first + 1 : end])
        shift = first + 1
        found[0].extend(_Lines(g.first + shift, g.last + shift, _shifted(g.statement, shift)) for g in groups)
        found[1].extend(token._replace(start=(token.start[0] + shift, token.start[1])) for token in tokens)
    return found


def _shifted(statement: tuple[int, int], shift: int) -> tuple[int, int]:
    first, last = statement
    return (first + shift, last + shift) if first else statement


def _grouped(tokens: Sequence[tokenize.TokenInfo]) -> list[_Lines]:
    groups: list[_Lines] = []
    statement: list[_Lines] = []
    for first, last, kinds in _token_lines(tokens):
        group = _Lines(first, last)
        groups.append(group)
        if statement or kinds - {tokenize.COMMENT, tokenize.NL}:
            statement.append(group)
        if tokenize.NEWLINE in kinds:
            for one in statement:
                one.statement = (statement[0].first, last)
            statement = []
    return groups


def _token_lines(tokens: Iterable[tokenize.TokenInfo]) -> Iterator[tuple[int, int, set[int]]]:
    """First and last number of the lines that end together, and the kinds of tokens in them."""
    first = None
    kinds: set[int] = set()
    for token in tokens:
        if token.type in (tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER):
            continue
        first = first or token.start[0]
        kinds.add(token.type)
        if token.type in (tokenize.NL, tokenize.NEWLINE):
            yield first, token.end[0], kinds
            first, kinds = None, set()
