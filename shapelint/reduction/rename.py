"""Other names for an author's: neutral ones wherever the text still shows what it shows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import count

from shapelint.data import dataclass
from shapelint.reduction.shrink import Still, together
from shapelint.regex import regex
from shapelint.syntax.facts.pieces import Place, Words

_DUNDER = regex(r"__\w+__")
_LETTERS = regex(r"\w+")


@dataclass(frozen=True, slots=True)
class Renamed:
    """The new text, and the author's words that had to stay in it."""

    text: str
    kept: tuple[str, ...]


def renamed(text: str, words: Words, public: frozenset[str], still: Still) -> Renamed:
    """The text with a neutral word for each of the author's; `public` are words that tell nothing of him."""
    known = public | words.of_libraries
    names = [name for name in words.names if name not in known and not _DUNDER.fullmatch(name)]
    texts = [one for one in words.texts if not all(part in known for part in _LETTERS.findall(one))]
    new = _neutral(names, {*words.names, *public})

    def with_other(some: Sequence[str]) -> str:
        return _replaced(text, words, {name: new[name] for name in some})

    chosen = together(names, lambda some: still(with_other(some)))
    text_of_names = {name: new[name] for name in chosen}

    def with_texts(some: Sequence[str]) -> str:
        return _replaced(text, words, text_of_names, {one: text_of_names.get(one, "text") for one in some})

    told = together(texts, lambda some: still(with_texts(some)))
    kept = (*(name for name in names if name not in chosen), *(repr(one) for one in texts if one not in told))
    return Renamed(with_texts(told), kept)


def without(text: str, places: Sequence[Place], still: Still) -> str:
    """The text without as many of some pieces as may go."""
    return _written(text, [(place, "") for place in together(places, lambda some: still(_cut(text, some)))])


def _cut(text: str, places: Iterable[Place]) -> str:
    return _written(text, [(place, "") for place in places])


def _neutral(names: Sequence[str], taken: set[str]) -> dict[str, str]:
    """A new word for each name, large where the name is: a class looks like one."""
    free = (f"{letter}{number}" for number in count(1) for letter in "v")
    new: dict[str, str] = {}
    for name in names:
        word = next(word for word in free if not {word, word.upper()} & taken)
        new[name] = word.upper() if name.lstrip("_")[:1].isupper() else word
    return new


def _replaced(text: str, words: Words, names: dict[str, str], texts: dict[str, str] | None = None) -> str:
    pairs = [(place, new) for name, new in names.items() for place in words.names[name]]
    pairs += [(place, new) for old, new in (texts or {}).items() for place in words.texts[old]]
    return _written(text, pairs)


def _written(text: str, pairs: Iterable[tuple[Place, str]]) -> str:
    """The text with other words at some places."""
    for (start, end), word in sorted(pairs, reverse=True):
        text = text[:start] + word + text[end:]
    return text
