"""`--add-noqa`: comments for all that is found, so that from now on only what is new is told."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from shapelint.finding import UNUSED, Finding
from shapelint.pipeline.write import replace_content, unwritten
from shapelint.report.result import FileResult, RunResult
from shapelint.source import Problem, decode_source, encode_source, read_regular
from shapelint.suppress.comments import silencing
from shapelint.verify.edits import apply_edits


def add_noqa(result: RunResult) -> tuple[int, RunResult]:
    """Write a comment behind each finding; how many there are, and the result with what could not be written."""
    added, results = 0, []
    for one in result.results:
        silenced = [finding for finding in one.findings if finding.code != UNUSED]
        problem = _write(one, silenced) if silenced else None
        added += 0 if problem else len(silenced)
        results.append(replace(one, problems=(*one.problems, problem)) if problem else one)
    return added, replace(result, results=tuple(results))


def _write(result: FileResult, findings: Iterable[Finding]) -> Problem | None:
    try:
        raw = read_regular(result.path)
        source = decode_source(result.path, raw)
        if isinstance(source, Problem) or source.text != result.text:
            raise OSError("it has changed since it was read")
        replace_content(result.path, raw, encode_source(replace(source, text=with_noqa(source.text, findings)), raw))
    except (OSError, UnicodeError) as error:
        return unwritten(result.path, error)
    return None


def with_noqa(text: str, findings: Iterable[Finding]) -> str:
    """A text with comments that silence findings in it."""
    # a comment adds no line: the places of the others stay
    for line, code in dict.fromkeys((finding.span.line, finding.code) for finding in findings):
        text = apply_edits(text, [silencing(text, code, line)])
    return text
