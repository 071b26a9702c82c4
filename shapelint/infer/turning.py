"""Which choices of a path are turned, and in which order: there are more of them than paths that are followed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache

from shapelint.infer.follow import errors
from shapelint.infer.plan import Choice, Plan, Turn
from shapelint.infer.run.run import Run
from shapelint.infer.values.scopes import Home
from shapelint.regex import regex

_TEST = regex(r"\b(?:el)?if\b(.*)")
_WORD = regex(r"[A-Za-z_]\w*")
_SUBJECT = regex(r"(?:bool\()?(?:self\.)?([A-Za-z_]\w*)")


def turned(run: Run, plan: Plan, home: Home) -> Iterator[Turn]:
    """The plans that differ from a path in one choice that the path's own plan did not make.

    Close choices come first, among them those that the code asks for in most places, and then those of a kind: an
    option that is asked for all over a class changes more of it than the name of an activation.
    """
    refused = errors(run.trace)
    open_ones = [choice for choice in run.path.choices.values() if choice.key not in plan.choices]
    asked = _asked(home.source.text) if len(open_ones) > 1 else Counter()

    def order(choice: Choice) -> tuple[bool, int, bool]:
        subject = _SUBJECT.match(choice.key)
        return choice.remote, -asked[subject[1]] if subject else 0, not choice.is_of_kind

    for choice in sorted(open_ones, key=order):
        for option in choice.options:
            if option != choice.taken:
                opens = run.path.beyond.get(choice.key, set()) if not choice.is_of_kind else None
                choices = {**plan.choices, choice.key: option}
                yield Turn(replace(run.plan, choices=choices), None if opens is None else frozenset(opens), refused)


@lru_cache(maxsize=4)  # each path of each entry point of a file asks
def _asked(text: str) -> Counter[str]:
    """In how many lines of a file a condition speaks of a name."""
    return Counter(word for test in _TEST.findall(text) for word in set(_WORD.findall(test)))
