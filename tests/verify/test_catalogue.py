"""Mistakes of the catalogue: torch confirms the claim about the bad code, and refutes it for the mended."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from catalogue import CASES, properties
from traces import B, Case, F, Path, T, verdict_on

from shapelint.claims.rows.sees_whole_sequence import SeesWholeSequence
from shapelint.claims.states.statelessness import Statelessness
from shapelint.finding import Status
from shapelint.shapes.dim import Dim
from shapelint.verify.client import Verifier
from shapelint.verify.program.program import build


def test_every_property_has_a_case() -> None:
    assert {case(True)[1].property for case in CASES} == properties()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_torch_confirms_the_mistake_and_refutes_the_mended_code(
    verifier: Verifier, case: Callable[[bool], Case]
) -> None:
    mistake = verdict_on(verifier, case(True))
    assert (mistake.status, mistake.torch) == (Status.CONFIRMED, verifier.torch), mistake.detail
    assert CASES[case] in mistake.detail
    mended = verdict_on(verifier, case(False))
    assert mended.status is Status.REFUTED, mended.detail


@pytest.mark.parametrize("kind", ["RNN", "GRU", "LSTM"])
@pytest.mark.parametrize("as_ids", [False, True])
def test_what_was_read_a_hundred_steps_ago_is_still_seen(verifier: Verifier, kind: str, as_ids: bool) -> None:
    """Numbers are differentiated, ids are changed, and neither may get lost in the steps between."""
    path = Path()
    x = path.ids(100, 2, roles=(T, B)) if as_ids else path.input(100, 2, 3, roles=(T, B, F))
    read = path.call(path.layer("Embedding", 11, 3), x) if as_ids else x
    out = path.call(path.layer(kind, 3, 5), read).items[0]
    claim = SeesWholeSequence(path.item(out, -1).ref, source=x.ref, time_axis=0)
    verdict = verdict_on(verifier, (path, claim))
    assert (verdict.status, verdict.detail) == (Status.REFUTED, "every feature depends on every step")


@pytest.mark.parametrize("kind", ["RNN", "GRU", "LSTM"])
def test_a_state_drawn_at_random_is_seen_three_hundred_steps_later(verifier: Verifier, kind: str) -> None:
    path = Path()
    x = path.input(300, 2, 3, roles=(T, B, F))
    state = path.op("randn", 1, 2, 5)
    h_n = path.call(path.layer(kind, 3, 5), x, (state, state) if kind == "LSTM" else state).items[1]
    target = h_n.items[0] if kind == "LSTM" else h_n
    verdict = verdict_on(verifier, (path, Statelessness(target.ref, source=x.ref)))
    assert verdict.status is Status.CONFIRMED, verdict.detail


def test_one_step_shows_nothing_of_a_sequence(verifier: Verifier) -> None:
    """Of a sequence of one step the first is the last, so that no direction of it misses any."""
    path = Path()
    x = path.input("b", 1, "i", roles=(B, T, F))
    lstm = path.layer("LSTM", Dim.symbol("i"), Dim.symbol("h"), batch_first=True, bidirectional=True)
    out, _ = path.call(lstm, x).items
    claim = SeesWholeSequence(path.item(out, slice(None), -1).ref, source=x.ref, time_axis=1)
    [verdict] = verifier.check([build(path.trace, claim)])
    assert (verdict.status, verdict.detail) == (Status.UNVERIFIED, "the sequence has one step only")
