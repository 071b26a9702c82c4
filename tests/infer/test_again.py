"""The analysis after a fix: parts of a file are read as if the whole were, and give the same traces."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from root import ROOT

from shapelint.infer.analyse import analyse
from shapelint.infer.definitions import Outline
from shapelint.rules.base import RULES, load
from shapelint.rules.findings import findings
from shapelint.source import Problem, Source, read_source
from shapelint.syntax import facts
from shapelint.syntax.parse import parse, parse_lines
from shapelint.trace.trace import Trace
from shapelint.verify.again import Before
from shapelint.verify.edits import apply_edits

load()

FIXTURES = sorted(ROOT.joinpath("fixtures").rglob("*.py"))
#: a file around an example: names that it uses too, and parts that it does not need
AROUND = """\
# -*- coding: utf-8 -*-
'''A file with more in it.'''
import os, sys
from torch import nn as layers
SIZE = 7; OTHER = dict(a=SIZE)

@staticmethod
def helper(x):
    # (B, T)
    return x

class Other(layers.Module):
    def forward(self, x):
        return helper(x)  # the end
        # (B, T, C)
{example}

if SIZE:
    LATER = 3
    def late(): return SIZE
    # the end of the block
result = helper(LATER)
# the end
"""


def module_of(source: Source) -> facts.Module:
    module = parse(source)
    assert not isinstance(module, Problem), module
    return module


def examples() -> Iterator[tuple[str, str]]:
    for code, rule in sorted(RULES.items()):
        for number, text in enumerate(rule.bad):
            yield f"{code}-{number}", text


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: path.stem)
def test_the_facts_of_a_part_are_those_in_the_whole(path: Path) -> None:
    source = read_source(str(path))
    if isinstance(source, Problem) or isinstance(module := parse(source), Problem):
        return
    outline = Outline.of(module, source)
    assert [line for part in outline.parts for line in range(part.first, part.last + 1)] == [
        *range(1, len(source.lines) + 1)
    ], "each line belongs to one part"
    for odd in (0, 1):
        kept = [part for number, part in enumerate(outline.parts) if number % 2 == odd]
        if not kept:
            continue
        part = parse_lines(source, [line for one in kept for line in range(one.first, one.last + 1)])
        assert not isinstance(part, Problem), part
        lines = {line for one in kept for line in range(one.first, one.last + 1)}
        assert part.body == tuple(s for s in module.body if s.span.line in lines)
        assert part.comments == tuple(c for c in module.comments if c.span.line in lines)


def told(trace: Trace) -> list[tuple[object, ...]]:
    """What a trace says, but for its text."""
    nodes = [(n.op, repr(n.args), repr(n.kwargs), repr(n.result), n.span, n.frames, repr(n.error)) for n in trace.nodes]
    rest = [repr(getattr(trace, name)) for name in ("bindings", "evidence", "decisions", "returned", "solved")]
    return [*nodes, tuple(rest)]


@pytest.mark.parametrize(("name", "example"), list(examples()), ids=[name for name, _ in examples()])
def test_the_traces_after_a_fix_are_those_of_the_whole_mended_text(name: str, example: str) -> None:
    text = AROUND.replace("{example}", example)
    source = Source("example.py", text)
    module = module_of(source)
    before = Before.of(module, source)
    for finding, trace in findings(analyse(module, source), frozenset(RULES)):
        for fix in finding.fixes:
            mended = Source(source.path, apply_edits(text, fix.edits))
            whole = [new for new in analyse(module_of(mended), mended) if new.entry == trace.entry]
            part = before.mended(mended.text, fix.edits, trace)
            assert [told(new) for new in part] == [told(new) for new in whole]
