"""Proof by cases: what a finding rests on where the code does not tell the rank of a leaf.

A leaf gets the rank that the first operation on it reads by all usage: `nn.LSTM` and `nn.Conv1d` read batches. What
the caller gives is such a batch. What comes out of an operation that is not understood may be anything: `nn.LSTM`
takes (T, I) too. What torch shows for one rank says nothing of another, so the path is taken again with every other
rank. A rank for which the code raises is none; one for which the same mistake is found is a further case, which torch
has to confirm as well. Where a rank is left for which nothing is found, the finding rests on a guess, and torch
confirms nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from shapelint.data import dataclass
from shapelint.finding import Confidence, Finding, Ref
from shapelint.infer.plan import GUESSED_RANKS, STATED_RANKS, WISHED, WISHED_RANKS
from shapelint.ops.names import GETITEM
from shapelint.ops.nature import Nature
from shapelint.reading.trail import nature_of
from shapelint.rules.base import RULES
from shapelint.rules.findings import Hit
from shapelint.rules.on_path import on_path
from shapelint.shapes.value import NONE, Int, SliceValue, Tensor, Tuple
from shapelint.trace.node import Node
from shapelint.trace.trace import Trace
from shapelint.verify.program.encode import UnreplayableError
from shapelint.verify.program.program import backward_slice

MAX_RANK = 5  #: (B, C, D, H, W): no operation of torch reads more axes than that by itself
ID_RANKS = (1, 2, 3)  #: of ids that a caller gives
_ALL = SliceValue(NONE, NONE, NONE)
MAX_GUESSES = 8  #: leaves of one finding whose ranks are tried


@dataclass(frozen=True, slots=True)
class Cases:
    """A finding with the paths that show it, one for each rank of a leaf; the ranks that are assumed, in words.

    A finding for which something is assumed is one of low confidence, and so is a refusal that cannot be replayed.
    """

    finding: Finding
    hits: tuple[Hit, ...]
    assumed: tuple[str, ...] = ()


def cases(finding: Finding, trace: Trace) -> Cases:
    """Try the ranks of the leaves of a finding that the code does not tell."""
    hits: list[Hit] = [(finding, trace)]
    assumed: list[str] = []
    for number, leaf in enumerate(_guessed_leaves(finding, trace)):
        found = _with_other_ranks(finding, trace, leaf) if number < MAX_GUESSES else None
        if found is None:
            assumed.append(_told(leaf))
        else:
            hits.extend(found)
    sure = replace(finding, confidence=Confidence.LOW) if assumed or _rests_on_our_word(finding, trace) else finding
    return Cases(sure, tuple(hits), tuple(assumed))


def _rests_on_our_word(finding: Finding, trace: Trace) -> bool:
    """Whether torch cannot be asked for what a finding that tells nothing but torch's refusal rests on."""
    if not RULES[finding.code].general or not finding.claims:
        return False
    try:
        backward_slice(trace, [ref for claim in finding.claims for ref in claim.refs])
    except UnreplayableError:
        return True
    return False


def _guessed_leaves(finding: Finding, trace: Trace) -> list[Node]:
    """The leaves whose ranks a finding rests on and the code does not tell, each key once."""
    roots = [ref for claim in finding.claims for ref in claim.refs]
    try:
        nodes = backward_slice(trace, roots)
    except UnreplayableError:
        return []  # torch is not asked about it
    counted = any(_names_other_axes(node) for node in nodes)
    general = RULES[finding.code].general
    guessed = (n for n in nodes if _is_guessed(n, counted) or (general and _is_looked_up(trace, n)))
    return list({node.leaf_key: node for node in guessed}.values())


def _is_looked_up(trace: Trace, leaf: Node) -> bool:
    """Whether a leaf of unstated rank holds ids: of the steps of samples, or of one thing a sample."""
    if leaf.leaf_key is None or leaf.bound.get("demand") in STATED_RANKS:
        return False
    return any(nature_of(user) is Nature.LOOKUP for user in trace.uses(Ref(leaf.id)))


def _is_guessed(leaf: Node, counted: bool) -> bool:
    """Whether a leaf's rank is not told: it is found inside, given where an index counts other axes, or any will do."""
    if leaf.leaf_key is None or not isinstance(leaf.result, Tensor):
        return False
    demand = leaf.bound.get("demand")
    if demand in GUESSED_RANKS:
        return True
    if demand in STATED_RANKS:
        return counted and demand == "batch_first"  # said of a layer, and of its input only by usage
    return counted or leaf.bound.get("given") is False


def _names_other_axes(node: Node) -> bool:
    """Whether an index that ends in `:`, which nobody has to write, has not as many entries as the tensor has axes.

    `output[-1, :]` is the last step where `output` is (time, feature).
    """
    if node.op != GETITEM or not isinstance(node.args[0], Tensor):
        return False
    index = node.args[1]
    entries = index.items if isinstance(index, Tuple) else ()
    is_counted = all(isinstance(entry, Int | SliceValue) for entry in entries)
    return bool(entries) and is_counted and entries[-1] == _ALL and len(entries) != node.args[0].rank


def _with_other_ranks(finding: Finding, trace: Trace, leaf: Node) -> list[Hit] | None:
    """The same mistake at each other rank that the code admits; None where there is one without it."""
    found: list[Hit] = []
    codes = frozenset({finding.code})
    may_be_one = RULES[finding.code].general and _is_looked_up(trace, leaf)
    for rank in _other_ranks(leaf, ID_RANKS if may_be_one else WISHED_RANKS):
        again = trace.retaken(leaf.leaf_key or "", rank)
        if again is None:
            continue
        same = next((hit for hit in on_path(again, codes) if hit.span == finding.span), None)
        if same is not None:
            found.append((same, again))
        elif not any(node.error is not None and node.span == finding.span for node in again.nodes):
            return None
    return found


def _other_ranks(leaf: Node, given_ranks: tuple[int, ...]) -> Iterator[int]:
    """The ranks that it may have instead; what a caller gives for any number of axes has one of those given."""
    assert isinstance(leaf.result, Tensor)
    is_batch = leaf.bound.get("demand") == WISHED and leaf.bound.get("given")
    ranks = given_ranks if is_batch else range(1, MAX_RANK + 1)
    return (rank for rank in ranks if rank != leaf.result.rank)


def _told(leaf: Node) -> str:
    assert isinstance(leaf.result, Tensor)
    name = (leaf.leaf_key or "").partition("@")[0]
    axes = "axis" if leaf.result.rank == 1 else "axes"
    return f"that `{name}` has {leaf.result.rank} {axes}"
