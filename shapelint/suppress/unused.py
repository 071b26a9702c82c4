"""Comments that name codes and silence nothing by them: the mistake is mended, or the code is wrong."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence

from shapelint.finding import UNUSED, Confidence, Edit, Finding, Fix, Severity
from shapelint.source import Span
from shapelint.suppress.comments import LIST, Comment, Suppressions

NAME = "unused-suppression"
_OURS = "SHP"


def unused(
    path: str, text: str, suppressions: Suppressions, known: Collection[str], on: Collection[str]
) -> Iterator[Finding]:
    """A finding for each comment with codes that silence nothing, once all findings have been asked about.

    `known` are all codes, `on` those that are looked for: of what is not looked for nothing can be said.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for comment in suppressions.comments:
        idle = [code for code in comment.codes if _is_idle(code, comment, suppressions, known, on)]
        if comment.span is not None and idle:
            yield _finding(path, lines, comment, comment.span, idle, known)


def _is_idle(
    prefix: str, comment: Comment, suppressions: Suppressions, known: Collection[str], on: Collection[str]
) -> bool:
    if not prefix.startswith(_OURS) or (comment, prefix) in suppressions.used:
        return False
    return all(code in on for code in known if code.startswith(prefix) and code != UNUSED)


def _finding(
    path: str, lines: Sequence[str], comment: Comment, span: Span, idle: Sequence[str], known: Collection[str]
) -> Finding:
    strange = [code for code in idle if not any(one.startswith(code) for one in known)]
    why = f"no rule is called {strange[0]}" if strange else "nothing that it names is found here"
    is_whole = len(idle) == len(comment.codes)
    edit = _without(lines, span) if is_whole else _without_codes(lines, span, idle)
    return Finding(
        code=UNUSED,
        name=NAME,
        severity=Severity.INFO,
        confidence=Confidence.HIGH,
        path=path,
        span=span,
        message=f"the comment silences nothing by {', '.join(idle)}: {why}",
        fixes=(Fix("take it away" if is_whole else "take the code away", (edit,), safe=True),),
    )


def _without(lines: Sequence[str], span: Span) -> Edit:
    """Without the comment; where it is alone, without its line."""
    line = lines[span.line - 1]
    before = line[: span.column].rstrip()
    if before:
        return Edit(Span(span.line, len(before), span.line, len(line)), "")
    if span.line < len(lines):
        return Edit(Span(span.line, 0, span.line + 1, 0), "")
    return Edit(Span(span.line, 0, span.line, len(line)), "")


def _without_codes(lines: Sequence[str], span: Span, idle: Sequence[str]) -> Edit:
    """The comment with the other codes alone."""
    listed = LIST.search(lines[span.line - 1], span.column)
    if listed is None:
        raise ValueError("the comment names no codes")
    left = [code for code in re.split(r"[,\s]+", listed[0]) if code.upper() not in idle]
    between = ", " if ", " in listed[0] else ","
    return Edit(Span(span.line, listed.start(), span.line, listed.end()), between.join(left))
