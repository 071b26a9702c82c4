"""Every rule against its own page and examples: what is marked is found and proven, and nothing else is."""

from __future__ import annotations

import ast
import re
from collections import Counter
from functools import lru_cache
from itertools import chain

import pytest
from followed import DEFAULT, traces_of

from shapelint.finding import Finding, Severity, Status
from shapelint.pipeline.check import Wanted, check_source
from shapelint.pipeline.fix import mender
from shapelint.pipeline.verdicts import proven
from shapelint.report.result import FileResult
from shapelint.rules.base import CHECKS, HEADINGS, RULES, UNDECIDED, RegisteredCheck, Rule, load
from shapelint.rules.docs import seen
from shapelint.rules.findings import findings
from shapelint.source import Source
from shapelint.trace.trace import Trace
from shapelint.verify.client import Verifier
from shapelint.verify.edits import apply_edits
from shapelint.verify.prove import judge, mended_programs, prove, prove_fix

load()

MARK = re.compile(r"# error: ((?:SHP\d{3} ?)+)$")
#: the rooms of the rules, with the first digit of their codes and the last code that the catalogue of mistakes has
FAMILIES = {
    "layout": (1, 26),
    "state": (2, 18),
    "results": (3, 9),
    "packing": (4, 21),
    "sizes": (5, 21),
    "construction": (6, 17),
    "cells": (7, 6),
    "modules": (8, 6),
    "refusals": (9, 8),
    "networks": (9, 9),
}
#: the mistakes that are known of: each has a rule, or a reason why the source alone cannot decide it
KNOWN = [f"SHP{digit}{number:02}" for digit, last in FAMILIES.values() for number in range(1, last + 1)]

ALL = sorted(RULES.values(), key=lambda rule: rule.code)
BAD = [pytest.param(rule, text, id=f"{rule.code}-{n}") for rule in ALL for n, text in enumerate(rule.bad)]
GOOD = [pytest.param(rule, text, id=f"{rule.code}-{n}") for rule in ALL for n, text in enumerate(rule.good)]


@lru_cache(maxsize=8)  # an example's tests follow each other
def found(text: str, rule: Rule) -> list[tuple[Finding, Trace]]:
    """What the rules find that are on by default, and the given one."""
    return findings(traces_of(text), DEFAULT | {rule.code})


def wanted(rule: Rule) -> Wanted:
    return Wanted(DEFAULT | {rule.code})


def checked(text: str, rule: Rule, verifier: Verifier) -> FileResult:
    return proven(check_source(Source("example.py", text), wanted(rule)), verifier)


def codes(hits: list[tuple[Finding, Trace]]) -> Counter[str]:
    return Counter(finding.code for finding, _ in hits)


def marked(text: str) -> list[tuple[int, str]]:
    lines = enumerate(text.splitlines(), 1)
    return sorted((n, code) for n, line in lines for mark in MARK.findall(line) for code in mark.split())


@pytest.mark.parametrize("code", KNOWN)
def test_every_known_mistake_has_a_rule_or_a_reason(code: str) -> None:
    assert (code in RULES) != (code in UNDECIDED)


@pytest.mark.parametrize(
    "check", list(chain.from_iterable(CHECKS.values())), ids=lambda check: "-".join(rule.code for rule in check.rules)
)
def test_a_check_lies_in_the_room_of_a_code(check: RegisteredCheck) -> None:
    """What is added later has a page in docs/rules, which is held against the rules by itself."""
    room = check.run.__module__.split(".")[2]
    assert FAMILIES[room][0] in {int(rule.code[3]) for rule in check.rules}


def test_codes_and_names_are_unique_and_well_formed() -> None:
    names = [rule.name for rule in ALL]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"SHP\d{3}", rule.code) for rule in ALL)
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)+", name) for name in names)


@pytest.mark.parametrize("code", sorted(UNDECIDED))
def test_what_is_undecided_has_no_rule_and_a_reason(code: str) -> None:
    entry = UNDECIDED[code]
    assert re.fullmatch(r"SHP\d{3}", code)
    assert code not in RULES
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)+", entry.name)
    assert len(entry.reason) >= 40
    assert "\n" not in entry.reason


@pytest.mark.parametrize("rule", ALL, ids=lambda rule: rule.code)
class TestPage:
    def test_page_has_every_heading_in_order(self, rule: Rule) -> None:
        assert tuple(re.findall(r"^## (.+)$", rule.page, re.MULTILINE)) == HEADINGS

    def test_each_section_says_something(self, rule: Rule) -> None:
        sections = re.split(r"^## .+$", rule.page, flags=re.MULTILINE)[1:]
        assert all(section.strip() for section in sections)

    def test_page_names_the_properties_that_the_examples_claim(self, rule: Rule) -> None:
        proved_by = rule.page.partition("## Proved by")[2].partition("##")[0]
        assert all(name in proved_by for name in seen(rule).properties)

    def test_snippets_parse(self, rule: Rule) -> None:
        snippets = re.findall(r"```python\n(.*?)```", rule.page, re.DOTALL)
        assert len(snippets) >= 2
        for snippet in snippets:
            ast.parse("def page(self):\n" + re.sub(r"^", "    ", snippet, flags=re.MULTILINE))

    def test_summary_is_one_line(self, rule: Rule) -> None:
        assert 0 < len(rule.summary) <= 110
        assert "\n" not in rule.summary

    def test_examples_show_both_sides(self, rule: Rule) -> None:
        assert len(rule.bad) >= 2
        assert len(rule.good) >= 3
        assert all(rule.code in {code for _, code in marked(text)} for text in rule.bad)
        assert not any(marked(text) for text in rule.good)


@pytest.mark.parametrize(("rule", "text"), BAD, scope="class")
class TestBad:
    def test_marked_lines_are_found(self, rule: Rule, text: str) -> None:
        assert sorted((finding.span.line, finding.code) for finding, _ in found(text, rule)) == marked(text)

    def test_torch_confirms(self, rule: Rule, text: str, verifier: Verifier) -> None:
        for finding, trace in found(text, rule):
            verdict = prove(judge(finding, trace), verifier).verdict
            assert verdict is not None
            assert verdict.status is Status.CONFIRMED, f"{finding.message}: {verdict.detail}"

    def test_finding_tells_severity_and_where(self, rule: Rule, text: str) -> None:
        own = [finding for finding, _ in found(text, rule) if finding.code == rule.code]
        assert own, f"{rule.code} is not found: what its `at=` names must occur, and rules/index.json must say the same"
        for finding in own:
            raises = any(claim.property == "raises" for claim in finding.claims)
            assert finding.name == rule.name
            assert (finding.severity is Severity.ERROR) == raises
            assert finding.help or finding.fixes

    def test_fix_mends(self, rule: Rule, text: str, verifier: Verifier) -> None:
        before = found(text, rule)
        for finding, trace, fix in [(*hit, fix) for hit in before for fix in hit[0].fixes]:
            mended = apply_edits(text, fix.edits)
            ast.parse(mended)
            assert codes(found(mended, rule)) < codes(before), mended
            assert prove_fix(fix, mended_programs(finding, fix, trace, traces_of), verifier).proven, mended

    def test_fixing_ends_and_leaves_no_fix(self, rule: Rule, text: str, verifier: Verifier) -> None:
        before = checked(text, rule, verifier)
        fixable = [finding for finding in before.findings if finding.fixes]
        safe = [finding for finding in fixable if finding.fixes[0].safe]
        fixed(text, rule, before, safe, False, verifier)
        if fixable != safe:
            fixed(text, rule, before, fixable, True, verifier)


def fixed(text: str, rule: Rule, before: FileResult, due: list[Finding], unsafe: bool, verifier: Verifier) -> None:
    """Fix a text: what is due is gone, nothing else has come or gone, and to fix it again changes nothing."""
    after = mender(wanted(rule), unsafe, verifier).mend(text.encode(), before)
    assert (after.change is not None) == bool(due)
    assert after.unfixed == ()
    assert Counter(f.code for f in after.findings) == Counter(f.code for f in before.findings if f not in due)
    if due:
        ast.parse(after.text)
        again = checked(after.text, rule, verifier)
        assert again.findings == after.findings
        assert mender(wanted(rule), unsafe, verifier).mend(after.text.encode(), again) == again


@pytest.mark.parametrize(("rule", "text"), GOOD)
def test_good_examples_are_silent(rule: Rule, text: str) -> None:
    assert [(finding.span.line, finding.code, finding.message) for finding, _ in found(text, rule)] == []


def test_a_sequence_packed_by_keywords_alone_is_no_error() -> None:
    text = (
        "from torch import nn\n"
        "from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence\n"
        "class Model(nn.Module):\n"
        "    def __init__(self):\n"
        "        super().__init__()\n"
        "        self.rnn = nn.GRU(3, 5, batch_first=True)\n"
        "    def forward(self, x, lengths):\n"
        "        packed = pack_padded_sequence(input=x, lengths=lengths, batch_first=True)\n"
        "        return pad_packed_sequence(self.rnn(packed)[0], batch_first=True)[0]\n"
    )
    assert check_source(Source("model.py", text), Wanted(DEFAULT)).problems == ()
