"""From somebody's file to a small text with other names in which the same is found.

The text alone is looked at, as if no project were around it. Each step is tried: what is left is checked, and torch is
asked again where it was asked before. No name loses what binds it.
"""

from __future__ import annotations

from shapelint.data import dataclass
from shapelint.finding import Confidence, Finding, Status
from shapelint.grammar.tree import TOO_DEEP, tree_of
from shapelint.pipeline.check import FileCheck, Wanted, check_source
from shapelint.pipeline.processes.bounds import Bounded
from shapelint.pipeline.processes.pool import bounded_check
from shapelint.pipeline.verdicts import proven
from shapelint.project.given import Given
from shapelint.reduction.rename import renamed, without
from shapelint.reduction.shrink import smaller
from shapelint.reduction.steps import public_words, simplifications, statements, words
from shapelint.regex import regex
from shapelint.source import Problem, Source
from shapelint.syntax.undefined import undefined_names
from shapelint.verify.client import Verifier

NAME = "reduced.py"
MAX_TRIALS = 3_000
_BLANKS = regex(r"\n(?:[ \t]*\r?\n)+")
_FAILURE = regex(r"internal error at [\w.]+:\d+: \w+")


@dataclass(frozen=True, slots=True)
class Reduced:
    """The small text, what is found in it, and the author's words that had to stay."""

    text: str
    told: Finding | Problem
    kept: tuple[str, ...]


class RestsOnOthersError(Exception):
    """What is found in the file is not found in its text alone."""


class Reducer:
    """Makes texts small in the bounded process; `verifier` is asked for the verdict, where it is to stay the same."""

    def __init__(self, bounded: Bounded, verifier: Verifier | None, given: Given) -> None:
        self._bounded = bounded
        self._verifier = verifier
        self._given = given
        self._trials = 0

    def reduced(self, text: str, code: str | None) -> Reduced:
        """A small text that shows a finding of the code, or else the failure of the check, that the text shows.

        Raises RestsOnOthersError where the text alone does not show it.
        """
        first = self._shown(text, code, None)
        if first is None:
            raise RestsOnOthersError
        known: dict[str, bool] = {}
        undefined = len(undefined_names(text))

        def still(tried: str) -> bool:
            if tried not in known:
                is_one = _is_python(tried) and len(undefined_names(tried)) <= undefined
                known[tried] = is_one and self._trials < MAX_TRIALS and self._shown(tried, code, first) is not None
            return known[tried]

        call = self._bounded.call
        text = without(text, call(words, text).comments, still)
        text = smaller(text, still, [lambda one: call(statements, one), lambda one: call(simplifications, one)])
        few = _BLANKS.sub("\n", text)
        text = few if still(few) else text
        new = renamed(text, call(words, text), call(public_words), still)
        told = self._shown(new.text, code, first)
        assert told is not None, "each step was tried"
        return Reduced(new.text, told, new.kept)

    def _shown(self, text: str, code: str | None, like: Finding | Problem | None) -> Finding | Problem | None:
        """What a text shows of that kind, if it does."""
        self._trials += 1
        codes, asked = frozenset({code} if code else ()), self._verifier is not None
        wanted = Wanted(codes, Confidence.LOW, prove=asked, prove_fixes=False, given=self._given)
        check = bounded_check(self._bounded, NAME, check_source, Source(NAME, text), wanted)
        if code is None:
            return next((one for one in check.problems if _is_alike(one, like)), None)
        found = [] if check.problems else self._findings(check)
        return next((one for one in found if like is None or _kind(one) == _kind(like)), None)

    def _findings(self, check: FileCheck) -> list[Finding]:
        if self._verifier is None:
            return [candidate.finding for candidate in check.candidates]
        result = proven(check, self._verifier)
        return [*result.findings, *result.refuted]


def _is_python(text: str) -> bool:
    try:
        tree_of(text)
    except (SyntaxError, ValueError, *TOO_DEEP):
        return False
    return True


def _is_alike(problem: Problem, like: Finding | Problem | None) -> bool:
    if like is None:
        return problem.internal
    return isinstance(like, Problem) and _failure(problem) == _failure(like)


def _failure(problem: Problem) -> str:
    """The place in the tool and the kind of error, without what an error says of names."""
    found = _FAILURE.match(problem.message)
    return found[0] if found else problem.message


def _kind(told: Finding | Problem) -> tuple[Confidence, Status | None] | None:
    if isinstance(told, Problem):
        return None
    return told.confidence, told.verdict.status if told.verdict else None
