"""shapelint.regex: what a compiled pattern answers, from the first question on."""

from __future__ import annotations

import re

import pytest

from shapelint.regex import regex

TEXT = "one, two,three"


@pytest.mark.parametrize("method", ["search", "match", "fullmatch", "finditer", "findall", "split"])
def test_it_answers_what_a_compiled_pattern_answers(method: str) -> None:
    for pattern in (r"(\w+),\s*", r"[A-Z, ]+"):
        ours, theirs = (getattr(made(pattern, re.IGNORECASE), method)(TEXT) for made in (regex, re.compile))
        assert shown(ours) == shown(theirs)


def shown(answer: object) -> object:
    """Matches as what they match."""
    if isinstance(answer, re.Match):
        return answer.span(), answer.groups()
    return answer if answer is None or isinstance(answer, list) else [shown(one) for one in answer]  # type: ignore[attr-defined]


def test_it_replaces() -> None:
    assert regex(r",\s*").sub(";", TEXT) == "one;two;three"
    assert regex(rb",\s*").sub(b";", b"a, b") == b"a;b"


def test_it_is_compiled_once_and_when_it_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled: list[str] = []
    own = re.compile
    monkeypatch.setattr(re, "compile", lambda pattern, flags=0: compiled.append(pattern) or own(pattern, flags))
    made = regex("t(w)o")
    assert compiled == []
    assert [made.search(TEXT), made.sub("2", TEXT), made.groups][1:] == ["one, 2,three", 1]
    assert compiled == ["t(w)o"]
