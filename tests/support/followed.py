"""The paths through a small text, and what the rules that are on by default find on them."""

from __future__ import annotations

from shapelint.finding import Finding
from shapelint.infer.analyse import analyse
from shapelint.rules.base import RULES, load
from shapelint.rules.findings import findings
from shapelint.source import Problem, Source
from shapelint.syntax import facts
from shapelint.syntax.parse import parse
from shapelint.trace.trace import Trace

load()

DEFAULT = frozenset(code for code, rule in RULES.items() if rule.default)


def module_of(source: Source) -> facts.Module:
    module = parse(source)
    assert not isinstance(module, Problem), module
    return module


def traces_of(text: str, path: str = "model.py") -> list[Trace]:
    source = Source(path, text)
    return analyse(module_of(source), source)


def found(text: str, codes: frozenset[str] = DEFAULT) -> list[Finding]:
    return [finding for finding, _ in findings(traces_of(text), codes)]


def only(text: str, code: str, codes: frozenset[str] = DEFAULT) -> Finding:
    (finding,) = found(text, codes)
    assert finding.code == code
    return finding
