"""What is told of a text that is checked from end to end: torch runs each candidate, and what it refutes is left out."""

from __future__ import annotations

from collections.abc import Callable

from followed import DEFAULT
from networks import source

from shapelint.pipeline.check import Wanted, check_source
from shapelint.pipeline.verdicts import proven
from shapelint.verify.client import Verifier

Told = Callable[[str], list[str]]


def told_codes(verifier: Verifier, text: str) -> list[str]:
    """The codes of what is told of a text."""
    return [one.code for one in proven(check_source(source(text), Wanted(DEFAULT)), verifier).findings]
