"""Strings that are put together from known parts: names of attributes, kinds of layers."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from shapelint.infer.capture import MAX_ITEMS
from shapelint.infer.constants import constant_key
from shapelint.shapes.value import List, Str, Tuple, Value

#: string methods without arguments
CHANGES: dict[str, Callable[[str], str]] = {
    "lower": str.lower, "upper": str.upper, "strip": str.strip, "title": str.title,
    "capitalize": str.capitalize,
}  # fmt: skip

_PERCENT = re.compile(r"%[sdi]")
_BRACES = re.compile(r"\{(\d?)\}")


def text_of(parts: Iterable[object]) -> Str | None:
    """The parts written one after the other; None where the text gets too long."""
    text = "".join(map(str, parts))
    return Str(text) if len(text) <= MAX_ITEMS else None


def percent(template: Str, value: Value) -> Str | None:
    """`"rnn%d" % i` with plain placeholders; None for others."""
    given = value.items if isinstance(value, Tuple) else (value,)
    pieces, marks = _PERCENT.split(template.value), _PERCENT.findall(template.value)
    if any("%" in piece for piece in pieces) or len(marks) != len(given):
        return None
    return _filled(pieces, given)


def braces(template: Str, args: tuple[Value, ...]) -> Str | None:
    """`"rnn_{}".format(i)` with plain placeholders; None for others."""
    pieces = _BRACES.split(template.value)
    texts, marks = pieces[::2], pieces[1::2]
    numbers = [int(mark) if mark else place for place, mark in enumerate(marks)]
    if any("{" in text or "}" in text for text in texts) or any(number >= len(args) for number in numbers):
        return None
    return _filled(texts, [args[number] for number in numbers])


def joined(separator: Str, sequence: Value) -> Str | None:
    """`separator.join(sequence)`."""
    if not isinstance(sequence, Tuple | List) or (isinstance(sequence, List) and sequence.length is not None):
        return None
    items = list(sequence.items)
    return _filled(["", *[separator.value] * (len(items) - 1), ""], items) if items else Str("")


def _filled(texts: Iterable[str], values: Iterable[Value]) -> Str | None:
    constants = [constant_key(value) for value in values]
    if None in constants:
        return None
    texts = list(texts)
    return text_of([part for pair in zip(texts, constants, strict=False) for part in pair] + texts[-1:])
