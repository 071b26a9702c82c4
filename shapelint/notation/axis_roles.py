"""One axis as it is written (`T`, `2*H`, `src len`, `seq_len - 1`), and its role among the axes beside it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from shapelint.data import dataclass
from shapelint.notation.axis_names import is_direction, normalized, word_role
from shapelint.regex import regex
from shapelint.shapes.axis import Role

_ATOM = regex(r"\.\.\.|[*?](?=$)|\d+|[^\W\d][\w']*(?:[ \-](?!(?:or|and|if|is)\b)[^\W\d][\w']*){0,3}")
_OPERATOR = regex(r"\s*(//|[-+*/\u00d7]|\\times|\\cdot)\s*")
_LETTER = regex(r"([A-Za-z])(?:_?(?:in|out|enc|dec|hid|emb|x|y|[0-9]))?'?")
_MARKUP = regex(r"[`$]|\\(?:text|mathrm|textrm)\b|:math:")
_BRACES = regex(r"[{}]")

#: axes that are no batch, time, feature or layer, and are often written beside them
_OTHER_AXES = frozenset(
    """
    action actions agent agents beam beams bins channel channels chunk chunks class classes depth dim
    dimension directions field fields filters freq freqs frequency group groups head heads height keys
    label labels mels node nodes none patches queries rank size sources speakers spks states tag tags topk
    vocab width
    """.split()
)
_OTHER_NAME = regex(
    r"(?:num|n|no\.|nb|max|total)_\w+|\w+_(?:dim|dims|size|sz|len|length|num|channels?|classes|heads?|steps?|units?"
    r"|features?|nodes|layers|frames|bins|freq|vocab)"
)
_FEATURE_LETTERS = frozenset("CDEFHI")


@dataclass(frozen=True, slots=True)
class AxisExpression:
    """An axis text cut into its atoms (names, letters, numbers) and the operators between them."""

    text: str
    atoms: tuple[str, ...]
    operators: tuple[str, ...] = ()

    @property
    def symbols(self) -> tuple[str, ...]:
        """The atoms that are no numbers."""
        return tuple(atom for atom in self.atoms if not atom.isdigit())

    @property
    def number(self) -> int | None:
        """The size, where a number is all that is written."""
        return int(self.text) if self.text.isdecimal() and len(self.text) < 10 else None

    @property
    def letter(self) -> str | None:
        """The upper case of the one letter that the axis is named by, factors aside (`2*H`, `H_out`)."""
        symbols = [symbol for symbol in self.symbols if not is_direction(symbol)]
        if "D" in symbols and "*" in self.operators and len(symbols) == 2:
            symbols.remove("D")
        found = _LETTER.fullmatch(symbols[0]) if len(symbols) == 1 else None
        return found[1].upper() if found is not None else None


def parse_axis(text: str) -> AxisExpression | None:
    """Cut one axis text; None when it is not written like an axis."""
    bare = _BRACES.sub("", _MARKUP.sub("", text)).strip()
    atoms: list[str] = []
    operators: list[str] = []
    position = 1 if re.match(r"-1\b", bare) else 0
    while True:
        atom = _ATOM.match(bare, position)
        if atom is None:
            return None
        atoms.append(atom[0])
        if atom.end() == len(bare):
            return AxisExpression(bare, tuple(atoms), tuple(operators))
        operator = _OPERATOR.match(bare, atom.end())
        if operator is None:
            return None
        operators.append("*" if operator[1] in ("\u00d7", "\\times", "\\cdot") else operator[1])
        position = operator.end()


def is_axis_like(axis: AxisExpression) -> bool:
    """Whether every name in it is one that people give to axes."""
    return all(_is_axis_name(symbol) for symbol in axis.symbols)


def _is_axis_name(symbol: str) -> bool:
    name = normalized(symbol)
    if symbol in ("...", "*", "?") or _LETTER.fullmatch(symbol) or name in _OTHER_AXES:
        return True
    return word_role(symbol) is not Role.UNKNOWN or is_direction(symbol) or bool(_OTHER_NAME.fullmatch(name))


def own_role(axis: AxisExpression) -> Role:
    """Return the role that the axis has whatever stands beside it."""
    symbols = axis.symbols
    if len(symbols) == 1:
        role = word_role(symbols[0])
        scaled = role is Role.BATCH and bool(axis.operators)
        shifted = role is Role.LAYERS and set(axis.operators) != {"*"} and bool(axis.operators)
        return Role.UNKNOWN if scaled or shifted else role
    if len(symbols) > 1 and set(axis.operators) == {"*"}:
        return _product_role(symbols)
    if len(symbols) > 1 and all(word_role(symbol) is Role.FEATURE for symbol in symbols):
        return Role.FEATURE
    return Role.UNKNOWN


def _product_role(symbols: tuple[str, ...]) -> Role:
    roles = [word_role(symbol) for symbol in symbols]
    directions = [is_direction(symbol) or symbol == "D" for symbol in symbols]
    if set(symbols) in ({"L", "D"}, {"K", "D"}):
        return Role.LAYERS
    for role in (Role.LAYERS, Role.FEATURE):
        if role in roles and all(own is role or turn for own, turn in zip(roles, directions, strict=True)):
            return role
    return Role.UNKNOWN


def roles_in_company(axes: Sequence[AxisExpression]) -> tuple[Role, ...]:
    """Return the role of each axis, ambiguous letters decided by the other axes where no doubt is left.

    `(B, T, H)`: H is the feature axis. `(N, L, H)` and `(L, N, H)`: torch's own notation. `(B, C, H, W)`: an
    image, H and C stay unknown. Two batch axes contradict each other: neither counts.
    """
    roles = [own_role(axis) for axis in axes]
    letters = [axis.letter if role is Role.UNKNOWN else None for axis, role in zip(axes, roles, strict=True)]
    _decide_sequence_letters(roles, letters)
    _decide_feature_letters(roles, letters)
    if roles.count(Role.BATCH) > 1:
        roles = [Role.UNKNOWN if role is Role.BATCH else role for role in roles]
    return tuple(roles)


def _decide_sequence_letters(roles: list[Role], letters: list[str | None]) -> None:
    """Decide N, L and S of a rank 3 shape that ends in features."""
    if len(roles) != 3 or (roles[-1] is not Role.FEATURE and letters[-1] not in _FEATURE_LETTERS):
        return
    for this, other in ((0, 1), (1, 0)):
        beside_batch = letters[other] == "N" or (roles[other] is Role.BATCH and (this == 1 or letters[this] == "S"))
        if letters[this] in ("L", "S") and beside_batch:
            roles[this] = Role.TIME
    for this, other in ((0, 1), (1, 0)):
        if letters[this] == "N" and roles[other] in (Role.TIME, Role.LAYERS):
            roles[this] = Role.BATCH


def _decide_feature_letters(roles: list[Role], letters: list[str | None]) -> None:
    """Decide a feature letter at the end, or as the third axis beside batch and time."""
    if "W" in letters or not {Role.BATCH, Role.TIME} & set(roles):
        return
    if len(roles) > 1 and letters[-1] in _FEATURE_LETTERS:
        roles[-1] = Role.FEATURE
    if len(roles) == 3 and {Role.BATCH, Role.TIME} <= set(roles):
        for place, letter in enumerate(letters[:-1]):
            if letter in ("D", "E", "F"):
                roles[place] = Role.FEATURE
            elif letter == "C":
                roles[place] = Role.CHANNEL


def roles_of_names(names: Sequence[str]) -> tuple[Role, ...]:
    """Return the roles of identifiers unpacked together: `b, t, _ = x.size()`, `L, N, H = x.shape`."""
    axes = [parse_axis(name) or AxisExpression(name, (name,)) for name in names]
    return roles_in_company(axes)
