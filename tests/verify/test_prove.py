"""From findings to verdicts, and the proof of fixes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from catalogue import layouts, states
from hypothesis import given
from hypothesis import strategies as st
from traces import B, F, Path, T

from shapelint.claims.rows.batch_independence import BatchIndependence
from shapelint.claims.values.raises import Raises
from shapelint.finding import Claim, Confidence, Edit, Finding, Fix, Ref, Severity, Status, Verdict
from shapelint.shapes.dim import Dim
from shapelint.source import Span
from shapelint.trace.trace import Trace
from shapelint.verify.client import Verifier
from shapelint.verify.edits import apply_edits, map_span
from shapelint.verify.program.program import NotReplayable
from shapelint.verify.prove import Mended, combine, judge, mended_programs, prove, prove_fix, retarget

CONFIRMED, REFUTED, UNVERIFIED = (Verdict(status, "equals", status.value) for status in Status)


def finding(*claims: Claim) -> Finding:
    place = Span(1, 0, 1, 1)
    return Finding("SHP101", "x", Severity.WARNING, Confidence.HIGH, "model.py", place, "m", claims=claims)


def place(text: str, part: str) -> Span:
    """The span of a part of the text that stands in it once."""
    before = text[: text.index(part)]
    line, column = before.count("\n") + 1, len(before) - (before.rfind("\n") + 1)
    ends = (line + part.count("\n"), len(part) - part.rfind("\n") - 1 if "\n" in part else column + len(part))
    return Span(line, column, *ends)


@pytest.mark.parametrize(
    ("verdicts", "status"),
    [
        ([CONFIRMED, CONFIRMED], Status.CONFIRMED),
        ([CONFIRMED, UNVERIFIED], Status.UNVERIFIED),
        ([UNVERIFIED, CONFIRMED, REFUTED], Status.REFUTED),
        ([], Status.UNVERIFIED),
    ],
)
def test_all_claims_must_be_confirmed(verdicts: list[Verdict], status: Status) -> None:
    assert combine(verdicts).status is status


def test_a_footprint_is_shown_before_other_evidence() -> None:
    seen = replace(CONFIRMED, footprint=(((True,),),))
    assert combine([CONFIRMED, seen]) is seen


def test_a_finding_gets_its_verdict(verifier: Verifier) -> None:
    path, claim = layouts.shp101(True)
    _, equals = layouts.shp101_equals(True)
    judged = judge(finding(claim, equals), path.trace)
    proven = prove(judged, verifier)
    assert proven.verdict is not None
    assert proven.verdict.status is Status.CONFIRMED
    assert proven.verdict.footprint is not None


def test_what_cannot_be_replayed_is_unverified_and_costs_no_run() -> None:
    path, _ = layouts.shp101(True)
    judged = judge(finding(Raises(Ref(99))), path.trace)
    with Verifier() as idle:
        assert prove(judged, idle).verdict == Verdict(
            Status.UNVERIFIED, "raises", "a value without a place in the trace"
        )
        assert (idle.ran, idle.starts) == (0, 0)


TEXT = "out, _ = self.lstm(x)\nlast = out[-1]\nreturn self.fc(last)\n"


@pytest.mark.parametrize(
    ("part", "new", "expected"),
    [
        ("-1", ":, -1", "out[:, -1]"),
        ("out[-1]", "h_n[-1]", "h_n[-1]"),
        ("lstm(x)\n", "lstm(\n    x,\n)\n", "out[-1]"),
        ("return ", "", "out[-1]"),
    ],
)
def test_spans_follow_the_edits(part: str, new: str, expected: str) -> None:
    edits = (Edit(place(TEXT, part), new),)
    mended = apply_edits(TEXT, edits)
    assert map_span(place(TEXT, "out[-1]"), edits) == place(mended, expected)


def test_text_at_the_edge_is_inside_on_request() -> None:
    target = place(TEXT, "out[-1]")
    edge = Span(target.end_line, target.end_column, target.end_line, target.end_column)
    edits = (Edit(edge, ".contiguous()"),)
    mended = apply_edits(TEXT, edits)
    assert map_span(target, edits) == place(mended, "out[-1]")
    assert map_span(target, edits, grow=True) == place(mended, "out[-1].contiguous()")


def test_edits_of_one_line_add_up() -> None:
    edits = (Edit(place(TEXT, "out[-1]"), "(out)[:, -1]"), Edit(place(TEXT, "last ="), "\nfinal ="))
    assert apply_edits(TEXT, edits).splitlines()[1:3] == ["", "final = (out)[:, -1]"]
    assert map_span(place(TEXT, "out[-1]"), edits) == place(apply_edits(TEXT, edits), "(out)[:, -1]")


@pytest.mark.parametrize("spans", [(Span(1, 0, 1, 5), Span(1, 3, 1, 7)), (Span(9, 0, 9, 1),)])
def test_impossible_edits_are_refused(spans: tuple[Span, ...]) -> None:
    with pytest.raises(ValueError, match=r"overlap|not in the text"):
        apply_edits(TEXT, [Edit(span, "") for span in spans])


@given(st.text("ab\n", max_size=12), st.integers(0, 20), st.integers(0, 20), st.text("xy\n", max_size=4))
def test_text_before_and_after_an_edit_keeps_its_place(text: str, first: int, last: int, new: str) -> None:
    start, end = sorted((min(first, len(text)), min(last, len(text))))

    def at(whole: str, offset: int) -> tuple[int, int]:
        before = whole[:offset]
        return before.count("\n") + 1, offset - (before.rfind("\n") + 1)

    edits = (Edit(Span(*at(text, start), *at(text, end)), new),)
    mended = apply_edits(text, edits)
    assert mended == text[:start] + new + text[end:]
    after = Span(*at(text, end), *at(text, len(text)))
    shift = len(mended) - len(text)
    assert map_span(after, edits) == Span(*at(mended, end + shift), *at(mended, len(mended)))


def last_step(text: str, index: tuple[Any, ...], **options: Any) -> tuple[Trace, Claim]:
    """The trace of TEXT, or of a mended TEXT, with real spans."""
    path = Path()
    x = path.input("b", "t", "i", roles=(B, T, F))
    rnn = path.layer("LSTM", Dim.symbol("i"), Dim.symbol("h"), batch_first=True, **options)
    target = path.item(path.call(rnn, x).items[0], *index)
    trace = path.trace
    trace.text = text
    shown = "out[-1]" if "out[-1]" in text else "out[:, -1]"
    trace.nodes[2] = replace(trace.nodes[2], span=place(text, "self.lstm(x)"))
    trace.nodes[3] = replace(trace.nodes[3], span=place(text, shown))
    trace.nodes[:2] = [replace(node, span=Span(90 + node.id, 0, 90 + node.id, 1)) for node in trace.nodes[:2]]
    claim = BatchIndependence(target.ref, source=x.ref, batch_axis=0, target_axis=0)
    return trace, claim


def far_away(edits: tuple[Edit, ...]) -> Fix:
    return Fix("take the last step", edits)


def test_a_fix_that_mends_is_proven(verifier: Verifier) -> None:
    old, claim = last_step(TEXT, (-1,))
    flagged, fix = finding(claim), far_away((Edit(place(TEXT, "-1"), ":, -1"),))
    texts: list[str] = []

    def analyse(text: str) -> list[Trace]:
        texts.append(text)
        return [last_step(text, (slice(None), -1))[0]]

    mended = prove_fix(fix, mended_programs(flagged, fix, old, analyse), verifier)
    assert texts == [TEXT.replace("-1", ":, -1")]
    assert mended.proven


def test_a_fix_that_mends_nothing_is_not_proven(verifier: Verifier) -> None:
    old, claim = last_step(TEXT, (-1,))
    flagged, fix = finding(claim), far_away((Edit(place(TEXT, "last ="), "final ="),))
    programs = mended_programs(flagged, fix, old, lambda text: [last_step(text, (-1,))[0]])
    assert prove_fix(fix, programs, verifier) == fix


def test_a_fix_whose_value_is_gone_is_not_proven(verifier: Verifier) -> None:
    old, claim = last_step(TEXT, (-1,))
    flagged, fix = finding(claim), far_away((Edit(place(TEXT, "-1"), ":, -1"),))
    for traces in ([], [Trace("model.py", "Other.forward")], [Trace("model.py", "Model.forward")]):
        programs = mended_programs(flagged, fix, old, lambda text, traces=traces: traces)
        assert programs == Mended((NotReplayable("the value is not found in the mended text"),))
        assert prove_fix(fix, programs, verifier) == fix


def test_a_finding_without_a_claim_needs_no_analysis(verifier: Verifier) -> None:
    old, _ = last_step(TEXT, (-1,))
    fix = far_away((Edit(place(TEXT, "-1"), ":, -1"),))

    def analyse(text: str) -> list[Trace]:
        raise AssertionError("analysed for nothing")

    assert mended_programs(finding(), fix, old, analyse) == Mended()
    assert prove_fix(fix, Mended(), verifier) == fix


def test_a_target_may_become_another_operation() -> None:
    old, claim = last_step(TEXT, (-1,))
    mended = TEXT.replace("out[-1]", "out[:, -1]")
    new, _ = last_step(mended, (slice(None), -1))
    edits = (Edit(place(TEXT, "out[-1]"), "out[:, -1]"),)
    new.nodes[3] = replace(new.nodes[3], op="torch.Tensor.select")
    moved = retarget(old, claim, new, edits)
    assert moved == claim
    new.nodes[0] = replace(new.nodes[0], op="torch.randn")
    assert retarget(old, claim, new, edits) is None


def test_the_same_line_reached_twice_is_told_apart() -> None:
    old, claim = last_step(TEXT, (-1,))
    old.nodes.append(replace(old.nodes[3], id=4))
    second = replace(claim, target=Ref(4))
    moved = retarget(old, second, old, ())
    assert moved is not None
    assert moved.target == Ref(4)


def test_a_mended_line_must_not_raise_anything_else() -> None:
    path, claim = states.shp201(True)
    moved = retarget(path.trace, claim, path.trace, ())
    assert moved is not None
    assert moved.options == {}
