"""The patterns of einops: `b t (h d) -> b h t d` names the axes of a tensor before and after."""

from __future__ import annotations

from collections.abc import Sequence

from shapelint.data import dataclass
from shapelint.regex import regex

REST = "..."  #: the axes that a pattern does not name, each for itself
MERGED = "(...)"  #: the same inside parentheses: as one axis

_TOKEN = regex(r"\s*(\.\.\.|[A-Za-z_]\w*|\d+|[()])")

Group = tuple[str, ...]  #: what is one axis of the tensor, slowest first; empty for an axis of size 1


@dataclass(frozen=True, slots=True)
class Pattern:
    """Both sides of a pattern."""

    left: tuple[Group, ...]
    right: tuple[Group, ...]

    @property
    def rank(self) -> int | None:
        """The number of axes that the tensor must have; None where `...` leaves it open."""
        return None if (REST,) in self.left else len(self.left)


def parse_pattern(text: str) -> Pattern | None:
    """Read a pattern; None for what einops refuses."""
    left, arrow, right = text.partition("->")
    before, after = _side(left), _side(right)
    if not arrow or before is None or after is None:
        return None
    names = [name for group in before for name in group]
    wanted = [name for group in after for name in group if not name.isdigit()]
    is_odd = any(name.isdigit() for name in names) or MERGED in names or {REST, MERGED} & set(wanted) > set(names)
    if is_odd or len(set(names)) < len(names) or len(set(wanted)) < len(wanted):
        return None
    return Pattern(before, after)


def _side(text: str) -> tuple[Group, ...] | None:
    if _TOKEN.sub("", text).strip():
        return None
    groups: list[Group] = []
    inside: list[str] | None = None
    for token in _TOKEN.findall(text):
        if token == "(" and inside is None:
            inside = []
        elif token == ")" and inside is not None:
            groups.append(tuple(inside))
            inside = None
        elif token in "()":
            return None
        elif inside is None:
            groups.append(() if token == "1" else (token,))
        elif token != "1":
            inside.append(MERGED if token == REST else token)
    return None if inside is not None else tuple(groups)


def spread(pattern: Pattern, rank: int) -> Pattern | None:
    """The pattern for a tensor of `rank` axes, with names for those that `...` stands for; None for a wrong rank."""
    hidden = rank - len(pattern.left) + (pattern.rank is None)
    if hidden < 0 or (pattern.rank is not None and hidden):
        return None
    names = tuple(f"...{i}" for i in range(hidden))
    return Pattern(_spread_side(pattern.left, names), _spread_side(pattern.right, names))


def _spread_side(groups: Sequence[Group], names: Group) -> tuple[Group, ...]:
    found: list[Group] = []
    for group in groups:
        if group == (REST,):
            found.extend((name,) for name in names)
        else:
            found.append(tuple(part for name in group for part in (names if name == MERGED else (name,))))
    return tuple(found)
