"""A value that is not known, and what functions of texts make of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from shapelint.data import dataclass


@dataclass(frozen=True, slots=True)
class Change:
    """A method of texts without arguments: `kind.upper()`."""

    method: str

    def of(self, text: str) -> str:
        """The changed text."""
        changed: str = getattr(text, self.method)()
        return changed

    def sources(self, text: str) -> Iterator[str]:
        """Texts that it may have been made of."""
        yield from (text, text.lower(), text.upper(), text.title(), text.capitalize())


@dataclass(frozen=True, slots=True)
class Framed:
    """A text with others around it: `f"{kind}Cell"`."""

    before: str
    after: str

    def of(self, text: str) -> str:
        """The whole text."""
        return f"{self.before}{text}{self.after}"

    def sources(self, text: str) -> Iterator[str]:
        """The text inside."""
        if len(text) >= len(self.of("")) and text.startswith(self.before) and text.endswith(self.after):
            yield text[len(self.before) : len(text) - len(self.after)]


class _Raises:
    """What a function gives of an argument that it does not take."""


RAISES = _Raises()


@dataclass(frozen=True, slots=True)
class Term:
    """A variable, and what functions of texts make of it, the innermost first."""

    variable: str
    functions: tuple[Change | Framed, ...] = ()

    def then(self, function: Change | Framed) -> Term:
        """What a further function makes of it."""
        return Term(self.variable, (*self.functions, function))

    def of(self, values: Mapping[str, object]) -> object:
        """The term's value; RAISES where a function does not take its argument."""
        value = values[self.variable]
        for function in self.functions:
            if not isinstance(value, str):
                return RAISES
            value = function.of(value)
        return value

    def sources(self, constant: object) -> Iterator[object]:
        """Values of the variable for which the term may be this constant."""
        if not self.functions:
            yield constant
            return
        texts = {constant} if isinstance(constant, str) else set()
        for function in reversed(self.functions):
            texts = {source for text in texts for source in function.sources(text)}
        yield from sorted(texts)
