"""Whole files of mistakes and of code that looks like them: exactly the marked lines are reported, and proven."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from root import ROOT

from shapelint.finding import Finding, Status
from shapelint.infer.analyse import analyse
from shapelint.rules.base import RULES, load
from shapelint.rules.findings import findings
from shapelint.source import Problem, Source, read_source
from shapelint.syntax.parse import parse
from shapelint.trace.trace import Trace
from shapelint.verify.client import Verifier
from shapelint.verify.prove import judge, prove

load()

FOLDER = ROOT / "fixtures" / "rules"
FILES = sorted(FOLDER.glob("*.py"))


def read(path: Path) -> Source:
    source = read_source(str(path))
    assert not isinstance(source, Problem)
    return source


def found(source: Source) -> list[tuple[Finding, Trace]]:
    module = parse(source)
    assert not isinstance(module, Problem)
    wanted = {code for code, rule in RULES.items() if rule.default} | {code for _, code in marked(source)}
    return findings(analyse(module, source), frozenset(wanted))


def marked(source: Source) -> list[tuple[int, str]]:
    marks = ((n, re.search(r"# error: ((?:SHP\d{3} ?)+)$", line)) for n, line in enumerate(source.lines, 1))
    return [(n, code) for n, mark in marks if mark for code in mark[1].split()]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_exactly_the_marked_lines_are_reported(path: Path, verifier: Verifier) -> None:
    source = read(path)
    hits = found(source)
    assert [(finding.span.line, finding.code) for finding, _ in hits] == marked(source)
    for finding, trace in hits:
        verdict = prove(judge(finding, trace), verifier).verdict
        assert verdict is not None
        assert verdict.status is Status.CONFIRMED, f"{finding.message}: {verdict.detail}"


def test_there_are_mistakes_and_look_alikes() -> None:
    for path in FILES:
        count = len(marked(read(path)))
        assert count >= 5 if path.stem.startswith("silent") else count == 0, path.stem
