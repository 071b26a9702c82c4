"""Whether anybody takes a side of a condition: the project, or a reader of the code that offers it."""

from __future__ import annotations

import re
from collections.abc import Iterable

from shapelint.choices.questions import IsInstance, Question, Related
from shapelint.notation.axis_names import are_inner_and_outer
from shapelint.project.settings import pairs_passed, values_given, values_offered, values_passed
from shapelint.project.written import Given, Something
from shapelint.trace.decision import Decision, without_places
from shapelint.trace.node import LATER_ROUND, is_of_axis
from shapelint.trace.trace import Trace


def is_taken(branch: Decision, trace: Trace, *, raises: bool) -> bool:
    """Whether anything in the project takes a side, or at least the code offers it and nothing speaks against it.

    What a command line offers besides its default counts for what raises: whoever asks for it finds out.
    Who tests the type of an input has several kinds of inputs, and what is stated of its shape is true of one. How
    large an axis is of what the code itself makes, its author knows, and gives what fits it.
    """
    if isinstance(branch.question, IsInstance) and any(name.endswith("Tensor") for name in branch.question.classes):
        return False
    if branch.question is not None and any(name.startswith(LATER_ROUND) for name in branch.question.variables):
        return False  # which round it is, nobody chooses
    if isinstance(branch.question, Related) and any(map(_is_made, branch.question.variables)):
        return False
    if is_of_parameters(branch, trace):
        assert isinstance(branch.question, Related)
        return _differ(branch.question, trace)
    about = _about_the_same(branch, trace)
    given = _given(branch, trace)
    offered = values_offered(trace.path, branch.setting) if raises and branch.setting is not None else ()
    if any(all(one.fits(value) for one in about) for value in (*given, *offered)):
        return True
    speaks_against = branch.likely is False or (bool(given) and not any(isinstance(one, Something) for one in given))
    is_named = branch.setting is None or re.search(rf"\b{branch.setting}\b", trace.text) is not None
    return branch.invited and is_named and not speaks_against and _is_offered(about, trace.text)


def _is_made(symbol: str) -> bool:
    """Whether a symbol is the size of an axis of what an expression gives that is not understood."""
    return is_of_axis(symbol) and without_places(symbol) != symbol


def is_of_parameters(branch: Decision, trace: Trace) -> bool:
    """Whether a side is that two parameters of the constructor differ, where an operation needs them to be equal."""
    question = branch.question
    if not branch.implied or not isinstance(question, Related) or not question.second or branch.choice is not False:
        return False
    return set(question.variables) <= {free.key for entered in trace.entered[:1] for free in entered.parameters}


def _differ(question: Related, trace: Trace) -> bool:
    """Whether anybody gives parameters of the constructor sizes that differ; if nobody calls it, what the names say.

    Classes in which two sizes have to be equal are common (`SEBlock(in_channels, out_channels)`, an attention between
    states of equal width): that their authors did not see it is told where a layer's own width stands in place of that
    of what it is given, or the other way round.
    """
    assert question.second is not None
    pairs = pairs_passed(trace.path, question.first, question.second)
    if pairs:
        return any(question.answer(dict(zip(question.variables, pair, strict=True))) is False for pair in pairs)
    return are_inner_and_outer(question.first, question.second) and _is_refused_by_layer(trace)


def _is_refused_by_layer(trace: Trace) -> bool:
    """Whether the first refusal of a path is a layer's, which was built with one of the sizes."""
    refused = next((node for node in trace.nodes if node.error is not None), None)
    return refused is not None and refused.op.endswith(".forward")


def _given(branch: Decision, trace: Trace) -> tuple[Given, ...]:
    """What the project gives what was asked about; against a default only what is given to its own function counts."""
    if branch.setting is None:
        return ()
    return (values_passed if branch.likely is False else values_given)(trace.path, branch.setting)


def _about_the_same(branch: Decision, trace: Trace) -> list[Decision]:
    """What a path has decided of the value that a branch is about."""
    if branch.question is None or len(branch.question.variables) != 1:
        return [branch]
    return [one for one in trace.decisions if one.question and one.question.variables == branch.question.variables]


def _is_offered(about: list[Decision], code: str) -> bool:
    """Whether the code has a text for this path, or one function that takes all those for which it has none.

    `if kind in ("LSTM", "GRU")` here and `if kind in ("RNN", "GRU")` there offer three texts; the path on which both
    are false is for a fourth one, which nobody has in mind. Nor has anybody another spelling of a text in mind:
    `getattr(nn, kind.upper())` gives an LSTM for "LSTM" too, where all other code speaks of "lstm".
    """
    named = {text for one in about for text in _texts(one.question)}
    fitting = [text for text in named if all(one.fits(text) for one in about)]
    if fitting and all(_is_misspelt(text, code) for text in fitting):
        return False
    if fitting:
        return True
    places = {one.asked_in for one in about}
    return any(_takes_the_rest([one for one in about if one.asked_in == place], named) for place in places)


def _is_misspelt(text: str, code: str) -> bool:
    """Whether the code speaks of a text in other capitals only."""
    quoted = set(re.findall(rf"[\"']((?i:{re.escape(text)}))[\"']", code))
    return bool(quoted) and text not in quoted


def _texts(question: Question | None) -> Iterable[str]:
    """The texts that a question speaks of; `kind.lower() == "gru"` speaks of "gru", not of "GRU"."""
    written = [*getattr(question, "options", ()), getattr(question, "text", None)]
    tried = [value for value in (question.candidates() if question else ()) if isinstance(value, str)]
    return [text for text in tried if text in written] or tried


def _takes_the_rest(decisions: list[Decision], named: set[str]) -> bool:
    return not any(all(one.fits(text) for one in decisions) for text in named)
