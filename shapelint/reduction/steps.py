"""What the process is asked for that parses: here nothing of it is loaded before it is called."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shapelint.syntax.facts.pieces import Cut, Words


def statements(text: str) -> list[Cut]:
    """Runs of statements that may go."""
    from shapelint.syntax.parts import statements as of

    return of(text)


def simplifications(text: str) -> list[Cut]:
    """What may go inside of statements."""
    from shapelint.syntax.parts import simplifications as of

    return of(text)


def words(text: str) -> Words:
    """The author's words."""
    from shapelint.reduction.vocabulary import packages
    from shapelint.syntax.words import words as of

    return of(text, packages())


def public_words() -> frozenset[str]:
    """Words that are nobody's."""
    from shapelint.reduction.vocabulary import public_words as known

    return known()
