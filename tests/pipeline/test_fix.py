"""Fixing one file: what is applied, in which order, what is refused, and that every other byte stays."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random

import pytest
from followed import DEFAULT
from hypothesis import given, settings
from hypothesis import strategies as st

from shapelint.finding import Confidence, Edit, Finding, Fix, Severity
from shapelint.pipeline.check import Analyse, Wanted, analyse_source, check_bytes
from shapelint.pipeline.fix import Mender, mender
from shapelint.pipeline.verdicts import Judge, proven
from shapelint.report.result import FileResult
from shapelint.rules.base import load
from shapelint.source import Problem, Source, Span, decode_source
from shapelint.syntax.parse import parse
from shapelint.verify.client import Verifier

load()

WANTED = Wanted(frozenset(("SHP101", "SHP102")))
WORD = re.compile(r"[A-Z]\w*|\+")


@dataclass
class WordJudge:
    """Stands for the rules and torch: each word of `cures` is a mistake, and its cure is a proven fix.

    A cure that begins with `^` is a first line of the file, and mends the word where it stands.
    `codes` gives words another code than SHP101, `unsafe` are the words whose cure changes results, and
    `enemies` are pairs of words whose cures do not mend together. `checked` are the texts that were checked.
    """

    cures: Mapping[str, str]
    codes: Mapping[str, str] = field(default_factory=dict)
    unsafe: Sequence[str] = ()
    enemies: Sequence[str] = ()
    checked: list[str] = field(default_factory=list)
    analyse: Analyse = analyse_source

    def check(self, source: Source) -> FileResult:
        self.checked.append(source.text)
        module = parse(source)
        problems = (module,) if isinstance(module, Problem) else ()
        lines = enumerate(source.text.split("\n"), 1)
        words = [(n, word) for n, line in lines for word in WORD.finditer(line)]
        found = [self._finding(n, word) for n, word in words if self._is_mistake(word[0], source.text)]
        return FileResult("m.py", source.text, tuple(found), problems=problems)

    def _is_mistake(self, word: str, text: str) -> bool:
        cure = self.cures.get(word)
        return cure is not None and not (cure.startswith("^") and text.startswith(cure[1:]))

    def _finding(self, line: int, word: re.Match[str]) -> Finding:
        span = Span(line, word.start(), line, word.end())
        code = self.codes.get(word[0], "SHP101")
        cure = self.cures[word[0]]
        edit = Edit(Span(1, 0, 1, 0), cure[1:]) if cure.startswith("^") else Edit(span, cure)
        fix = Fix("cure it", (edit,), safe=word[0] not in self.unsafe, proven=self.cures[word[0]] != word[0])
        return Finding(code, "a-word", Severity.WARNING, Confidence.HIGH, "m.py", span, word[0], fixes=(fix,))

    def all_mended(self, found: Sequence[Finding], before: Source, after: Source) -> bool:
        return not self.enemies or not {*self.enemies} <= {finding.message for finding in found}


def mend(text: str, judge: WordJudge, unsafe: bool = False, encoding: str = "utf-8") -> FileResult:
    first = judge.check(Source("m.py", text))
    told = tuple(finding for finding in first.findings if finding.code in WANTED.codes)
    result = FileResult("m.py", text, told, problems=first.problems)
    return Mender(WANTED, unsafe, judge).mend(text.encode(encoding), result)


def test_all_fixes_are_applied_in_one_round() -> None:
    judge = WordJudge({"One": "1", "Two": "22"})
    mended = mend("x = Two + One\ny = One\n", judge)
    assert mended.text == "x = 22 + 1\ny = 1\n"
    assert mended.change is not None
    assert (mended.change.before, mended.change.after) == (b"x = Two + One\ny = One\n", mended.text.encode())
    assert (mended.fixed, mended.findings, mended.unfixed) == (3, (), ())
    assert len(judge.checked) == 3, "once by the test, once before and once after the round"


def test_a_fix_that_needs_another_one_first_comes_in_a_later_round() -> None:
    judge = WordJudge({"Nine": "Eight + 1", "Eight": "8"})
    assert mend("x = Nine\n", judge).unfixed[0].why == "it leads to SHP101 on line 1"
    judge = WordJudge({"A": "a", "B": "b"}, enemies=("A", "B"))
    assert mend("x = A + B\n", judge).text == "x = a + b\n"
    assert "x = a + B\n" in judge.checked


def test_fixes_that_touch_are_applied_one_after_the_other() -> None:
    judge = WordJudge({"A": "a", "+": "-"})
    assert mend("x = A+A\n", judge).text == "x = a-a\n"
    assert "x = a+a\n" in judge.checked


def test_what_brings_a_mistake_is_not_applied_and_the_rest_is() -> None:
    judge = WordJudge({"Bad": "Worse", "Worse": "Worse", "One": "1"}, codes={"Worse": "SHP402"})
    mended = mend("x = One\ny = Bad\n# z\nz = One\n", judge)
    assert mended.text == "x = 1\ny = Bad\n# z\nz = 1\n"
    (left,) = mended.unfixed
    assert (left.finding.span.line, left.why) == (2, "it leads to SHP402 on line 2"), "nobody asked for SHP402"
    assert (mended.fixed, [finding.message for finding in mended.findings]) == (2, ["Bad"])


@pytest.mark.parametrize("place", [0, 20, 63])
def test_one_bad_fix_among_many_costs_few_rounds(place: int) -> None:
    judge = WordJudge({"Bad": "Worse", "Worse": "Worse", "One": "1"}, codes={"Worse": "SHP402"})
    words = ["Bad" if number == place else "One" for number in range(64)]
    mended = mend("".join(f"x = {word}\n" for word in words), judge)
    assert (mended.fixed, len(mended.unfixed)) == (63, 1)
    assert len(judge.checked) <= 2 + 2 + 6 + 1, "halves of halves, not one round for each fix"


def test_what_was_refused_is_not_tried_again_where_a_later_fix_moves_it() -> None:
    judge = WordJudge({"Bad": "Worse", "Worse": "Worse", "Up": "^# one\n# two\n"})
    mended = mend("x = Bad\ny = Up\n", judge)
    assert mended.text == "# one\n# two\nx = Bad\ny = Up\n"
    assert [(u.finding.span.line, u.why) for u in mended.unfixed] == [(3, "it leads to SHP101 on line 1")]


def test_what_would_not_parse_is_not_applied() -> None:
    judge = WordJudge({"Open": "(", "One": "1"})
    mended = mend("x = Open\ny = One\n", judge)
    assert mended.text == "x = Open\ny = 1\n"
    assert [u.why for u in mended.unfixed] == [
        "the file could not be checked any more: cannot parse: '(' was never closed"
    ]
    alone = mend("x = Open\n", judge)
    assert alone.change is None
    assert len(alone.unfixed) == len(alone.findings) == 1


def test_a_cure_that_turns_in_circles_ends() -> None:
    judge = WordJudge({"A": "B", "B": "A"})
    mended = mend("x = A\ny = B\n", judge)
    assert mended.change is None
    assert len(mended.unfixed) == 2


def test_unsafe_fixes_are_applied_on_request_only() -> None:
    judge = WordJudge({"One": "1", "Two": "2"}, unsafe=("Two",))
    assert mend("x = One + Two\n", judge).text == "x = 1 + Two\n"
    assert mend("x = Two\n", judge).change is None
    assert mend("x = One + Two\n", judge, unsafe=True).text == "x = 1 + 2\n"


def test_what_is_not_proven_not_selected_or_silenced_is_left_alone() -> None:
    judge = WordJudge({"Same": "Same", "Other": "0", "One": "1"}, codes={"Other": "SHP204"})
    text = "a = Same\nb = Other\nc = One  # noqa: SHP101\nd = One\n"
    mended = mend(text, judge)
    assert mended.text == text.replace("d = One", "d = 1")
    assert [finding.message for finding in mended.findings] == ["Same"]
    assert mended.fixed == 1


def test_what_the_encoding_cannot_hold_is_not_applied() -> None:
    judge = WordJudge({"Alpha": "'日'", "One": "1"})
    text = "# coding: latin-1\nx = 'é', Alpha, One\n"
    mended = mend(text, judge, encoding="latin-1")
    assert mended.change is not None
    assert mended.change.after == text.replace("One", "1").encode("latin-1")
    assert [u.why for u in mended.unfixed] == ["the encoding iso-8859-1 has no bytes for it"]


def test_bytes_that_their_encoding_does_not_give_back_are_not_touched() -> None:
    judge = WordJudge({"One": "1"})
    raw = b"# coding: utf-7\nx = One  # +AGE-\n"
    source = decode_source("m.py", raw)
    assert isinstance(source, Source)
    mended = Mender(WANTED, False, judge).mend(raw, judge.check(source))
    assert mended.change is None
    assert [u.why for u in mended.unfixed] == ["the encoding does not give the bytes back"]


@settings(max_examples=30, deadline=None)
@given(st.lists(st.sampled_from(["A", "B", "C", "D", "E"]), min_size=1, max_size=8), st.randoms(use_true_random=False))
def test_any_cures_end_parse_and_leave_nothing_to_do(words: list[str], random: Random) -> None:
    pieces = ["1", "(", "A", "B + C", "D", "'x'", "E", ""]
    judge = WordJudge({word: random.choice(pieces) for word in "ABCDE"})
    text = "".join(f"x = {word} + {other}\n" for word, other in zip(words, reversed(words), strict=True))
    mended = mend(text, judge)
    assert not isinstance(parse(Source("m.py", mended.text)), Problem)
    assert len(mended.findings) == len(judge.check(Source("m.py", text)).findings) - mended.fixed
    assert mend(mended.text, judge).change is None


MODEL = """\
import torch.nn as nn

class Tagger(nn.Module):
    def __init__(self, n, h):
        super().__init__()
        self.rnn = nn.GRU(n, h, batch_first=True)
        self.idle = nn.LSTM(n, h, dropout=0.5)

    def forward(self, x):
        out, _ = self.rnn(x)
        return out[-1]
"""
MISTAKES = {"out[-1]": "out[:, -1]", ", dropout=0.5": ""}


def mend_bytes(raw: bytes, verifier: Verifier, unsafe: bool = True, codes: Iterable[str] = DEFAULT) -> FileResult:
    wanted = Wanted(frozenset(codes))
    return mender(wanted, unsafe, verifier).mend(raw, proven(check_bytes("m.py", raw, wanted), verifier))


comments = st.text(st.characters(codec="latin-1", exclude_characters="\r\n\0", exclude_categories=("Cs",)), max_size=12)
ends = st.sampled_from(["\n", "\r\n", "\r"])


@settings(max_examples=40, deadline=None)
@given(
    comments=st.lists(comments, min_size=11, max_size=11),
    ends=st.one_of(ends.map(lambda end: [end] * 12), st.lists(ends, min_size=12, max_size=12)),
    indent=st.sampled_from(["    ", "\t", " ", "\t \t"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "latin-1"]),
    last=st.sampled_from(["", "\n", "\r\n", "\n\n", "\n\x0c\n", "\n  \t"]),
    page=st.sampled_from(["", "\x0c"]),
)
def test_every_other_byte_stays(
    verifier: Verifier, comments: list[str], ends: list[str], indent: str, encoding: str, last: str, page: str
) -> None:
    lines = MODEL.replace("    ", indent).replace("class", page + "class").rstrip().split("\n")
    commented = [f"{line}  # {comment}" if line else "" for line, comment in zip(lines, comments, strict=True)]
    cookie = "# -*- coding: latin-1 -*-" if encoding == "latin-1" else "# plain"
    text = "".join(line + end for line, end in zip([cookie, *commented], ends, strict=True)).rstrip("\r\n") + last
    mended = text
    for mistake, cure in MISTAKES.items():
        mended = mended.replace(mistake, cure)
    result = mend_bytes(text.encode(encoding), verifier)
    assert result.change is not None
    assert result.change.after == mended.encode(encoding)
    assert (result.fixed, result.findings) == (2, ())


def test_safe_fixes_only_without_leave(verifier: Verifier) -> None:
    result = mend_bytes(MODEL.encode(), verifier, unsafe=False)
    assert result.text == MODEL.replace(", dropout=0.5", "")
    assert [finding.code for finding in result.findings] == ["SHP101"]


def test_two_uses_of_one_layer_need_one_fix(verifier: Verifier) -> None:
    text = (
        MODEL.replace("batch_first=True", "num_layers=1")
        .replace(", dropout=0.5", "")
        .replace(
            "        out, _ = self.rnn(x)\n        return out[-1]\n",
            "        # x: (batch, time, feature)\n        batch, time, _ = x.shape\n"
            "        a, _ = self.rnn(x)\n        b, _ = self.rnn(x)\n        return a[:, -1] + b[:, -1]\n",
        )
    )
    result = mend_bytes(text.encode(), verifier)
    assert result.text.count("batch_first=True") == 1
    assert result.findings == ()


TWO_CALLS = """\
import torch
from torch import nn

class Tagger(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.rnn = nn.GRU(n, 16)

    def forward(self, x):
        # x: (batch, time, feature)
        batch, time, _ = x.shape
        out, _ = self.rnn(x)
        again, _ = self.rnn(x, torch.zeros(1, time, 16))
        return out, again
"""


@pytest.mark.parametrize(("codes", "comment"), [(DEFAULT, ""), (["SHP110"], ""), (DEFAULT, "  # noqa: SHP204")])
def test_a_fix_for_one_call_must_be_right_for_the_others(
    verifier: Verifier, codes: Iterable[str], comment: str
) -> None:
    text = TWO_CALLS.replace("time, 16))", f"time, 16)){comment}")
    result = mend_bytes(text.encode(), verifier, codes=codes)
    assert result.change is None
    assert [(u.finding.code, u.finding.span.line, u.why) for u in result.unfixed] == [
        ("SHP110", 12, "it leads to SHP204 on line 13")
    ]


@pytest.mark.parametrize(("other", "mended"), [("out[:, -1]", True), ("out[-1, :]", False)])
def test_torch_is_asked_about_the_text_with_all_fixes(verifier: Verifier, other: str, mended: bool) -> None:
    judge = Judge(Wanted(DEFAULT), verifier)
    before = Source("m.py", MODEL)
    after = Source("m.py", MODEL.replace(", dropout=0.5", "").replace("out[-1]", other))
    assert judge.all_mended(judge.check(before).findings, before, after) is mended
