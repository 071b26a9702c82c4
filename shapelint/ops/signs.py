"""How two values are compared, whatever name of the comparison is written."""

from __future__ import annotations

from enum import Enum


class Sign(Enum):
    """A comparison, by its short name in torch."""

    LESS = "lt"
    AT_MOST = "le"
    MORE = "gt"
    AT_LEAST = "ge"
    EQUAL = "eq"
    OTHER = "ne"

    @property
    def mirrored(self) -> Sign:
        """The same comparison with its sides exchanged."""
        return _MIRRORED.get(self, self)


_MIRRORED = {
    Sign.LESS: Sign.MORE,
    Sign.MORE: Sign.LESS,
    Sign.AT_MOST: Sign.AT_LEAST,
    Sign.AT_LEAST: Sign.AT_MOST,
}
_LONG = {
    "less": Sign.LESS,
    "less_equal": Sign.AT_MOST,
    "greater": Sign.MORE,
    "greater_equal": Sign.AT_LEAST,
    "not_equal": Sign.OTHER,
}
SIGNS = {**{sign.value: sign for sign in Sign}, **_LONG}  #: by the names of the functions
