"""Pieces of a text: what may be cut of it, and where its words stand."""

from __future__ import annotations

from shapelint.data import dataclass

Place = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Cut:
    """A piece of a text that may go, and what stands there then."""

    start: int
    end: int
    text: str = ""

    def of(self, text: str) -> str:
        """The text without the piece."""
        return text[: self.start] + self.text + text[self.end :]


@dataclass(frozen=True, slots=True)
class Words:
    """All places of each name, of each text in quotes (what is between them), and the comments' own.

    `of_libraries` are names in the packages that were asked for: `weight_norm` of `torch.nn.utils.weight_norm`.
    """

    names: dict[str, tuple[Place, ...]]
    texts: dict[str, tuple[Place, ...]]
    comments: tuple[Place, ...]
    of_libraries: frozenset[str]
