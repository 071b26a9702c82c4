"""Shapes as authors write them in comments and docstrings.

`(B, T, D)`, `[batch, seq len, dim]`, `B x T x D`, `B*T*D`, `torch.Size([13, 7, 5])`, `batch, seq, feat`. A
text counts as a shape only when every part of it reads as an axis and at least one part says which: prose,
code, dates and lists of numbers give nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import lru_cache

from shapelint.data import dataclass
from shapelint.notation.axis_names import word_role
from shapelint.notation.axis_roles import AxisExpression, is_axis_like, own_role, parse_axis, roles_in_company
from shapelint.regex import regex
from shapelint.shapes.axis import Role

_MAX_RANK = 6
_MAX_LENGTH = 400  #: a longer line is data, and would cost time that grows with its square
RETURN = "return"  #: the key of what a function returns

_GROUP = regex(r"\(([^()\[\]]*)\)|\[([^()\[\]]*)\]")
_CROSS = regex(
    r"(?<![\w.*/)])[\w*+]+(?: +[xX\u00d7] +[\w*+]+){1,4}(?![\w*/(\[.])"  # B x T x 2*H
    r"|(?<![\w.*/)])[A-Za-z_]\w*(?: [\u00d7*] \w+){2,4}(?! ?[\w*/(\[.])"  # B * T * D
    r"|(?<![\w.*/)])[A-Za-z_]\w*(?:[\u00d7*]\w+){2,4}(?! ?[\w*/(\[.])"  # B*T*D
    r"|(?<![\w.*/)])(?:[A-Z]x){1,4}[A-Z](?![\w(\[])"  # BxTxD
)
_TIMES = regex(r"\s+[xX\u00d7]\s+|(?<=[A-Z])x(?=[A-Z])")
_STAR = regex(r"\s*[\u00d7*]\s*")
_BARE = regex(r"[\s#]*(?P<label>[A-Za-z_][\w ]*[:=]\s*)?(?P<body>[^():=\[\]#]+?)[\s.]*")

_CUE = regex(
    r"(?:\b(?:[Ss]hape[ds]?|SHAPE|[Ss]izes?|[Dd]ims?|[Dd]imensions?|torch\.Size|[A-Za-z]*Tensor|tensor(?!\())\b)"
    r"[\s:=`'\"(]*"
    r"(?:\b(?:is|are|of|as|will be|should be|to|:math:)(?!\w)[\s:=`'\"]*)?(?:torch\.Size\(|:math:`)?\s*$"
)
_NUMBERS_CUE = regex(r"(?:\b[Ss]hape|Size)\b[\s:=`'\"(]*(?:is\s*|of\s*)?[\s:=`'\"(]*$")
_GLUED_CUE = regex(r"(?:\bshape|\bsize|\bSize|Tensor|\bdims?)\(?$")
_NAME = regex(
    r"(?:^|[,;>|=+&])[\s#`*'\"-]*(?P<name>[A-Za-z_][\w.]*)[`*'\"]*\s*"
    r"(?:(?:(?:has|is of|of|with)\s+(?:an?\s+|the\s+)?|\.|')?(?:shape|size|dims?)\b)?\s*"
    r"(?:is\s*|of\s*)?(?P<sign>[:=]?)\s*(?:torch\.Size\()?[`'\"]*$"
)
_NAME_IN_SENTENCE = regex(r"[.!?]\s+[`*'\"]*(?P<name>[A-Za-z_]\w*)[`*'\"]*\s*:\s*[`'\"]*$")
_NAME_AFTER_CUE = regex(r"\b(?:shape|size)s? of (?:the )?[`*'\"]*(?P<name>[A-Za-z_][\w.]*)[`*'\"]*\s*(?:is|:|=)?\s*$")
_NAME_BEFORE_PROSE = regex(
    r"[\s#`*'\":-]*(?:param\s+(?:[\w.\[\]]+\s+)?)?(?P<name>[A-Za-z_]\w*)[`*'\"]*\s*(?:\([^()]*\)\s*)?:(?!:)[^()\[\]:]*(?::math:)?[`'\"]*"
)
#: what stands before a shape that each member of a list has, and the list has not
_OF_MEMBERS = regex(r"\b(?:list|tuple|dict|iterable)s?\s+of\s+(?!shape|size|dim)[^()\[\];]*$", re.IGNORECASE)
_NO_NAMES = frozenset(
    """
    a add all an and are as at be both by current dim dimension dimensions dims e.g each expected final
    first fixme flatten for from get got has have here i.e if in into is it last like list make must new
    not note now of on only or per permute reshape reshaped return returns second shape shaped shapes
    should size sizes so tensor tensors that the then this to todo torch.size transpose tuple via when
    where with
    """.split()
)
_TARGET_OR_CALL = regex(r"[`'\"]?(?:\s*(?:,\s*[\w.()]+\s*)*=(?![=>])|\s+in\s|\s*\*\s*\w|[(\[]|\.\w)")
_NESTED = regex(r"(?<![\w`])\(\s*$|\),\s*$")
_ARROW = regex(r"[-=]+>|→")
_CROSSED = regex(r"[A-Za-z_]\w*\s+[xX*\u00d7](?:\s+\w+\s+[xX*\u00d7])*\s*$")
_OPEN_CALL = regex(r"\w\([^()]*$")
_PROMINENT = regex(r"(?:^|[:=>,|+&;]|[-=]>|→|<-|\bx|@)[\s#`*:]*(?:math:`)?$")
_ITEM = regex(
    r"(?P<indent>\s*)(?:[-*]\s+|:(?:param|parameter|arg|argument|ivar|var)\s+(?:[\w.\[\]]+\s+)?)?"
    r"[`*]*(?P<name>[A-Za-z_]\w*)[`*]*\s*(?:\((?P<type>[^()]*(?:\([^()]*\)[^()]*)*)\))?\s*:(?!:)(?P<rest>.*)"
)
_SECTION = regex(
    r"\s*(?:(?P<returns>returns?|outputs?|yields?|:returns?|:rtype)|args|arguments|parameters|inputs?|shapes?|raises"
    r"|examples?|notes?|references|attributes|>>>.*)"
    r"\s*(?::(?P<rest>.*))?",
    re.IGNORECASE,
)
_LISTED = regex(r"\s*[,;]\s*[`*'\"]*\w+[`*'\"]*\s*:?\s*$")  #: between the shapes of several names
_ALTERNATIVE = regex(r"[\s`,]*(?:or|if|when|unless|otherwise|depending|before)\b", re.IGNORECASE)
_MAX_LABEL = 3  #: words before a shape that is given to what stands beside the comment
_UNDERLINE = regex(r"\s*[-=~]{3,}\s*")


@dataclass(frozen=True, slots=True)
class AxisText:
    """One axis as written; `number` where the author wrote a plain size."""

    text: str
    role: Role
    number: int | None = None


@dataclass(frozen=True, slots=True)
class ShapeText:
    """A shape found in a text: columns `start` to `end` (exclusive) of line `line` (from 0) of that text.

    `name` is the value that the author says has the shape (`x: (B, T)`, `output (B, T, H)`), or None.
    """

    name: str | None
    axes: tuple[AxisText, ...]
    start: int
    end: int
    line: int = 0

    @property
    def roles(self) -> tuple[Role, ...]:
        """The role of each axis."""
        return tuple(axis.role for axis in self.axes)


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A piece of text that may be a shape; `before` and `after` are the rest of its line."""

    parts: tuple[str, ...]
    start: int
    end: int
    before: str
    after: str
    bracketed: bool
    of_one: bool = False  #: `(batch,)`, which is nothing but a shape


@lru_cache(maxsize=4096)
def parse_shape(text: str) -> tuple[ShapeText, ...]:
    """Return the shapes in one line of a comment or docstring, from left to right; () for anything else."""
    found: list[ShapeText] = []
    if len(text) > _MAX_LENGTH:
        return ()
    for candidate in _candidates(text):
        axes = None if _OF_MEMBERS.search(candidate.before) else _axes(candidate)
        if axes is not None and not any(shape.end > candidate.start for shape in found):
            found.append(ShapeText(_name(candidate.before), axes, candidate.start, candidate.end))
    return tuple(found)


def parse_remark(text: str) -> tuple[ShapeText, ...]:
    """The shapes in a comment on a line of its own, where they are stated outright.

    A sentence may deny a shape, speak of another time or place, or quote code: only a name, a label or a word like
    "shape" may stand before the shapes, and nothing after them that makes it an alternative.
    """
    shapes = parse_shape(text)
    ends = [0, *(shape.end for shape in shapes)]
    outright = all(_is_outright(shape, text[end : shape.start]) for end, shape in zip(ends, shapes, strict=False))
    return shapes if outright and not _ALTERNATIVE.match(text[ends[-1] :]) else ()


def _is_outright(shape: ShapeText, before: str) -> bool:
    if any(bracket in before for bracket in "()[]"):
        return False
    label = _PROMINENT.search(before) or _CUE.search(before)
    return shape.name is not None or (label is not None and len(before.split()) <= _MAX_LABEL)


def _candidates(text: str) -> Iterator[_Candidate]:
    groups = [_group(match, text) for match in _GROUP.finditer(text) if not _is_code(match, text)]
    crosses = [_cross(match, text) for match in _CROSS.finditer(text)]
    yield from sorted((*groups, *crosses), key=lambda candidate: candidate.start)
    bare = _BARE.fullmatch(text)
    if bare is not None and "," in bare["body"]:
        start = bare.start("body")
        parts = tuple(bare["body"].split(","))
        yield _Candidate(parts, start, bare.end("body"), text[:start], text[bare.end("body") :], bracketed=False)


def _group(match: re.Match[str], text: str) -> _Candidate:
    body = match[1] if match[1] is not None else match[2]
    parts = body.split(",")
    of_one = len(parts) == 2 and not parts[-1].strip()
    if len(parts) > 1 and not parts[-1].strip():
        parts.pop()
    if len(parts) == 1 and _CROSS.fullmatch(body.strip()):
        parts = _factors(body.strip())
    before, after = text[: match.start()], text[match.end() :]
    return _Candidate(tuple(parts), match.start(), match.end(), before, after, bracketed=True, of_one=of_one)


def _cross(match: re.Match[str], text: str) -> _Candidate:
    return _Candidate(
        tuple(_factors(match[0])),
        match.start(),
        match.end(),
        text[: match.start()],
        text[match.end() :],
        bracketed=False,
    )


def _factors(text: str) -> list[str]:
    return _TIMES.split(text) if _TIMES.search(text) else _STAR.split(text)


def _is_code(match: re.Match[str], text: str) -> bool:
    """Whether the brackets are a call, an index, a target, or a factor of a product."""
    before = text[: match.start()]
    glued = bool(re.search(r"[\w)\]'\"]$", before)) and not _GLUED_CUE.search(before)
    inside_call = bool(_OPEN_CALL.search(before)) and not _CUE.search(before)
    nested = bool(_NESTED.search(before)) and "((" in text
    factor_or_target = bool(_CROSSED.search(before) or _TARGET_OR_CALL.match(text[match.end() :]))
    return glued or inside_call or nested or factor_or_target


def _axes(candidate: _Candidate) -> tuple[AxisText, ...] | None:
    if not 1 <= len(candidate.parts) <= _MAX_RANK:
        return None
    axes = [parse_axis(part) for part in candidate.parts]
    whole = [axis for axis in axes if axis is not None]
    if len(whole) != len(axes) or any(axis.number == 0 for axis in whole):
        return None
    roles = roles_in_company(whole)
    if not _is_shape(candidate, whole, roles):
        return None
    return tuple(AxisText(axis.text, role, axis.number) for axis, role in zip(whole, roles, strict=True))


def _is_shape(candidate: _Candidate, axes: list[AxisExpression], roles: tuple[Role, ...]) -> bool:
    """Whether the axes, taken together and with the words before them, can only be a shape."""
    strangers = sum(not is_axis_like(axis) for axis in axes)
    telling = sum(_is_telling(axis, role) for axis, role in zip(axes, roles, strict=True))
    cued = _CUE.search(candidate.before) is not None or _GLUED_CUE.search(candidate.before) is not None
    if not candidate.bracketed:
        return strangers == 0 and _is_unbracketed_shape(candidate, axes, roles, telling)
    if all(axis.number is not None for axis in axes):
        return len(axes) > 1 and _NUMBERS_CUE.search(candidate.before) is not None
    if len(axes) == 1:
        return strangers == 0 and telling == 1 and (cued or candidate.of_one or _stands_alone(candidate))
    if _is_stated(candidate, axes, roles):
        return True
    if cued:
        return telling > strangers
    if _has_small_letters(axes) and telling < 2 and (Role.BATCH not in roles or _is_vague(axes, roles)):
        return False
    return telling > strangers and (_is_led(candidate.before) or (telling > 1 and len(axes) > 2))


def _is_stated(candidate: _Candidate, axes: list[AxisExpression], roles: tuple[Role, ...]) -> bool:
    """Whether it is said of a name, and its other words stand beside a batch: those are the author's own.

    `x: (batch, hours, sensors)`, `x has the shape (batch, 3)`. What stands beside a single letter may be anything.
    """
    found = _NAME.search(candidate.before)
    words = [axis for axis in axes if axis.number is None]
    if found is None or _is_prose(found["name"]):
        return False
    outright = found["sign"] == ":" or _CUE.search(candidate.before) is not None
    return outright and len(axes) > 1 and Role.BATCH in roles and all(_is_word(axis) for axis in words)


def _is_word(axis: AxisExpression) -> bool:
    return len(axis.atoms) == 1 and len(axis.text) > 2 and axis.text.isidentifier()


def _is_led(before: str) -> bool:
    """Whether the text before a shape introduces it: nothing, a name, an arrow, `x: prose`."""
    introduced = _PROMINENT.search(before) or _NAME_BEFORE_PROSE.fullmatch(before)
    return introduced is not None or _name(before) is not None


def _is_vague(axes: list[AxisExpression], roles: tuple[Role, ...]) -> bool:
    """Whether a pair has an axis that is neither a number nor known: `(a, b)`."""
    return len(axes) == 2 and any(
        axis.number is None and role is Role.UNKNOWN for axis, role in zip(axes, roles, strict=True)
    )


def _has_small_letters(axes: list[AxisExpression]) -> bool:
    return any(len(symbol) == 1 and symbol.islower() for axis in axes for symbol in axis.symbols)


def _is_telling(axis: AxisExpression, role: Role) -> bool:
    """Whether the axis is a batch, time or layers axis: words for features are too common in prose."""
    return role in (Role.BATCH, Role.TIME, Role.LAYERS) or any(
        word_role(symbol) is Role.BATCH for symbol in axis.symbols if symbol != "b"
    )


def _is_unbracketed_shape(
    candidate: _Candidate, axes: list[AxisExpression], roles: tuple[Role, ...], telling: int
) -> bool:
    if "*" in candidate.after[:2] or _TARGET_OR_CALL.match(candidate.after):
        return False
    known = sum(role is not Role.UNKNOWN for role in roles)
    if _has_small_letters(axes) and known < len(axes):
        return False
    if len(axes) == 2:
        return known == 2 and telling >= 1 and _stands_alone(candidate)
    return telling >= 1 and known + sum(own_role(axis) is Role.BATCH for axis in axes) >= 2


def _stands_alone(candidate: _Candidate) -> bool:
    """Whether nothing but a name, a cue and punctuation is beside it."""
    rest = candidate.after.strip(" .,;`*")
    led = bool(_PROMINENT.search(candidate.before) or _CUE.search(candidate.before))
    return led and (not rest or bool(_ARROW.match(rest)))


def _name(before: str) -> str | None:
    """Return the name of the value that a shape after this text belongs to."""
    found = (
        _NAME_AFTER_CUE.search(before)
        or _NAME.search(before)
        or _NAME_IN_SENTENCE.search(before)
        or _NAME_BEFORE_PROSE.fullmatch(before)
    )
    if found is None or found["name"].lower() in _NO_NAMES:
        return None
    unsigned = found.re is _NAME and not found["sign"]
    return None if unsigned and _is_prose(found["name"]) else found["name"]


def _is_prose(word: str) -> bool:
    """Whether a word begins a sentence or a heading rather than naming a variable."""
    return word.lower() in _NO_NAMES or (word[0].isupper() and word[1:].islower())


@lru_cache(maxsize=1024)
def parse_docstring(text: str) -> Mapping[str, ShapeText]:
    """Return the shapes that a docstring gives its function's parameters and, under "return", its result.

    Reads Google, numpy and reST fields and plain `x: Tensor of shape (B, T, D)` lines. What several
    different shapes are written for is left out, and so is `(B, T) or (B, T, D)`.
    """
    found: dict[str, list[ShapeText]] = {}
    key: str | None = None
    returning = False
    lines = text.splitlines()
    for number, line in enumerate(lines):
        section = _SECTION.fullmatch(line)
        if section is not None and _opens_section(section, lines[number + 1 : number + 2]):
            returning = section["returns"] is not None
            key = RETURN if returning else None
        elif not returning:
            key = _item_key(line, key)
        end = 0
        for shape in _shapes_of_line(line, number):
            before, end = line[end : shape.start], shape.end
            # in running text, what is said of a name: "policy; `obs` has the shape (batch, obs_dim)"
            own = None if returning else shape.name
            about = own or key if _LISTED.match(before) else key or own
            if about is not None and not (_ARROW.match(before.lstrip()) and not returning):
                found.setdefault(about, []).append(shape)
    return {key: shapes[0] for key, shapes in found.items() if shapes and _agree(shapes)}


def _shapes_of_line(line: str, number: int) -> list[ShapeText]:
    shapes = [shape for shape in parse_shape(line) if any(axis.number is None for axis in shape.axes)]
    if any(_ALTERNATIVE.match(line[shape.end :]) for shape in shapes):
        return []
    return [replace(shape, line=number) for shape in shapes]


def _opens_section(section: re.Match[str], following: list[str]) -> bool:
    """Whether the line is a header: `Returns:`, `Returns: a tensor`, underlined, or a doctest."""
    return (
        section["rest"] is not None
        or ">>>" in section[0]
        or (bool(following) and _UNDERLINE.fullmatch(following[0]) is not None)
    )


def _item_key(line: str, key: str | None) -> str | None:
    """Return the parameter that a line is about: a new one, the last one, None after a blank line."""
    item = _ITEM.fullmatch(line)
    if item is not None:
        return None if _is_prose(item["name"]) else item["name"]
    return key if line.strip() else None


def _agree(shapes: list[ShapeText]) -> bool:
    return all(shape.roles == shapes[0].roles for shape in shapes)
