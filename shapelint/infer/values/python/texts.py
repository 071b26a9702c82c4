"""Texts: names of attributes, kinds of layers; those that are put together from known parts, and others."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from shapelint.choices.questions import Holds
from shapelint.infer.protocol import (
    Site,
    attributes,
    classes,
    has_attribute,
    items,
    iterates,
    lengths,
    methods,
    unknown_item,
    unknown_rounds,
)
from shapelint.infer.run.path import shown
from shapelint.infer.run.run import Run
from shapelint.infer.values.constants import constant_key
from shapelint.infer.values.objects import Builtin, Method
from shapelint.infer.values.rounds import MAX_EXACT, Rounds
from shapelint.infer.values.snapshot import MAX_ITEMS
from shapelint.infer.values.truth import truths
from shapelint.regex import regex
from shapelint.shapes.inside import listed
from shapelint.shapes.term import Change, Framed
from shapelint.shapes.value import Bool, Int, Str, Tuple, Unknown, Value, integer
from shapelint.syntax import facts
from shapelint.trace.node import LATER_ROUND

#: string methods without arguments
CHANGES: dict[str, Callable[[str], str]] = {
    "lower": str.lower, "upper": str.upper, "strip": str.strip, "title": str.title,
    "capitalize": str.capitalize,
}  # fmt: skip

TESTS = frozenset({"startswith", "endswith"})

_PERCENT = regex(r"%[sdi]")
_BRACES = regex(r"\{(\d?)\}")
_NUMBER = regex(r"\{[^{}]*\}")
_LATER = "{*}"  #: the number of a later round, in a name


_MAX_WIDTH = 100


@classes(Str)
def _class(text: Str) -> Value:
    return Builtin("str")


@attributes(Str)
def _attribute(run: Run, text: Str, name: str, node: facts.Expression) -> Value:
    return text if name == "value" else Method(text, name)  # of an enumeration of texts


@has_attribute(Str)
def _has(text: Str, name: str) -> bool:
    return hasattr(str, name)


@items(Str)
def _item(run: Run, text: Str, index: Value, node: facts.Subscript) -> Value:
    if isinstance(index, Int) and index.dim.constant is not None:
        return Str(text.value[index.dim.constant : index.dim.constant + 1 or None])
    return unknown_item(run, node)


@lengths(Str)
def _length(run: Run, text: Str, node: facts.Expression) -> Value:
    return integer(len(text.value))


@iterates(Str)
def _rounds(run: Run, text: Str, node: facts.Expression) -> Rounds:
    """The letters of a short text, the names of columns; those of a longer one are data, and so are unknown ones."""
    is_known = len(text.value) <= MAX_EXACT and _LATER not in text.value
    return Rounds(tuple(map(Str, text.value))) if is_known else unknown_rounds(run.key_of(node))


@truths(Str)
def _truth(text: Str) -> bool:
    return bool(text.value)


@methods(Str)
def _method(run: Run, text: Str, site: Site) -> Value:
    made: Value | None = None
    if site.name in TESTS and len(site.args) == 1 and isinstance(site.args[0], Str):
        return Bool(bool(getattr(text.value, site.name)(site.args[0].value)))
    if site.name in CHANGES and not site.args:
        made = Str(CHANGES[site.name](text.value))
    elif site.name == "format" and not site.kwargs:
        made = braces(text, site.args)
    elif site.name == "join" and len(site.args) == 1:
        made = joined(text, site.args[0])
    return made or computed(text, site.name, site.args) or site.unknown(run, f"a text's .{site.name}()")


def computed(text: Str, method: str, args: Sequence[Value]) -> Value | None:
    """What a method of `str` says of a text that is known, a number or another text; None where it says more."""
    given = [constant_key(arg) for arg in args]
    if method.startswith("format") or not hasattr(str, method):
        return None
    if any(one is None or (isinstance(one, int) and one > _MAX_WIDTH) for one in given):
        return None
    try:
        found: object = getattr(text.value, method)(*given)
    except (TypeError, ValueError, LookupError):
        return None
    if isinstance(found, bool):
        return Bool(found)
    return integer(found) if isinstance(found, int) else Str(found) if isinstance(found, str) else None


def text_of(parts: Sequence[Value]) -> Value | None:
    """The parts written one after the other; None where one is not known, or the text gets too long.

    With the number of a later round it is the unknown `rnn{*}`, the same wherever it is put together: what
    later rounds of one loop set under such a name, those of another loop find there. Any other number that is not
    known is told apart (`rnn{depth}`). With one other part that is not known it is an unknown that follows from that
    one.
    """
    unknown = [place for place, part in enumerate(parts) if isinstance(part, Unknown)]
    if len(unknown) == 1 and not any(map(_is_open, parts)):
        return _framed(parts, unknown[0])
    texts = [_open_text(part) or constant_key(part) for part in parts]
    text = "".join(map(str, texts))
    if None in texts or len(text) > MAX_ITEMS:
        return None
    return Unknown(text, "a name with a number") if any(map(_is_open, parts)) else Str(text)


def _framed(parts: Sequence[Value], place: int) -> Value | None:
    """The texts around one part that is not known."""
    inner = parts[place]
    before, after = text_of(parts[:place]), text_of(parts[place + 1 :])
    if not isinstance(inner, Unknown) or not isinstance(before, Str) or not isinstance(after, Str):
        return None
    frame = Framed(before.value, after.value)
    hint = Str(frame.of(inner.hint.value)) if isinstance(inner.hint, Str) else None
    return Unknown(f"{before.value}{{{inner.key}}}{after.value}", "a text", hint, term=inner.as_term.then(frame))


def changed(text: Unknown, method: str) -> Unknown:
    """`kind.upper()` of a text that is not known."""
    change = Change(method)
    hint = Str(change.of(text.hint.value)) if isinstance(text.hint, Str) else None
    return Unknown(f"{text.key}.{method}()", text.reason, hint, term=text.as_term.then(change))


def asked(run: Run, text: Unknown, method: str, part: Str) -> Value:
    """`kind.startswith("LSTM")` of a text that is not known."""
    question = Holds(text.as_term, method, part.value)
    hint = text.hint.value if isinstance(text.hint, Str) else None
    likely = None if hint is None else bool(getattr(hint, method)(part.value))
    call = f".{method}({part.value!r})"
    return Bool(run.path.ask(question, f"{text.key}{call}", f"{shown(text)}{call}", likely))


def _is_open(part: Value) -> bool:
    return isinstance(part, Int) and part.dim.constant is None


def _open_text(part: Value) -> str:
    """What stands for a number that is not known; an empty text for any other part."""
    if not isinstance(part, Int) or part.dim.constant is not None:
        return ""
    return _LATER if any(name.startswith(LATER_ROUND) for name in part.dim.symbols) else f"{{{part.dim}}}"


def percent(template: Str, value: Value) -> Value | None:
    """`"rnn%d" % i` with plain placeholders; None for others."""
    given = value.items if isinstance(value, Tuple) else (value,)
    pieces, marks = _PERCENT.split(template.value), _PERCENT.findall(template.value)
    if any("%" in piece for piece in pieces) or len(marks) != len(given):
        return None
    return _filled(pieces, given)


def braces(template: Str, args: Sequence[Value]) -> Value | None:
    """`"rnn_{}".format(i)` with plain placeholders; None for others."""
    pieces = _BRACES.split(template.value)
    texts, marks = pieces[::2], pieces[1::2]
    numbers = [int(mark) if mark else place for place, mark in enumerate(marks)]
    if any("{" in text or "}" in text for text in texts) or any(number >= len(args) for number in numbers):
        return None
    return _filled(texts, [args[number] for number in numbers])


def joined(separator: Str, sequence: Value) -> Value | None:
    """`separator.join(sequence)`."""
    items = listed(sequence)
    if items is None:
        return None
    return _filled(["", *[separator.value] * (len(items) - 1), ""], items) if items else Str("")


def _filled(texts: Sequence[str], values: Sequence[Value]) -> Value | None:
    """The texts with the values between them."""
    between = [part for text, value in zip(texts, values, strict=False) for part in (Str(text), value)]
    return text_of([*between, Str(texts[-1])])


def name_of(value: Str | Unknown) -> str:
    """The attribute that a text names; of an unknown text its key, which is no name of Python's."""
    return value.value if isinstance(value, Str) else f"{{{value.key}}}"


def names_of(value: Unknown) -> tuple[str, ...]:
    """Where an attribute may lie that an unknown text names: under its own name, else where later rounds set it."""
    own = name_of(value)
    is_numbered = value.term is None  # any other part that is not known has a term of its own
    return (own, f"{{{_NUMBER.sub(_LATER, value.key)}}}") if is_numbered else (own,)
