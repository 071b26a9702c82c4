"""From text to facts: the only way into this package, and it never raises on anybody's code."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Sequence
from dataclasses import replace

import libcst as cst

from shapelint.effort import count, phase
from shapelint.source import Problem, Source
from shapelint.syntax import facts
from shapelint.syntax.comments import find_comments
from shapelint.syntax.deep import with_deep_stack
from shapelint.syntax.expressions import Lowering
from shapelint.syntax.form_feeds import without_form_feeds
from shapelint.syntax.nesting import too_deep
from shapelint.syntax.positions import LostPositionError, Places, Positions
from shapelint.syntax.statements import docstring_of, lower_body

_NEWLINE = re.compile(r"\r\n?|\n")
_LIBCST_PLACE = re.compile(r"error at (\d+):\d+: (.*)")


def parse_lines(source: Source, numbers: Sequence[int]) -> facts.Module | Problem:
    """Lower the statements of some lines of a file, as if it held nothing else; their places are those in the file."""
    lines = source.lines
    text = "".join(f"{lines[number - 1]}\n" for number in numbers)
    return parse(replace(source, text=text), [*numbers, len(lines) + 1])  # a text ends with the start of a line


@phase("parse")
def parse(source: Source, numbers: Sequence[int] = ()) -> facts.Module | Problem:
    """Lower a file; a `Problem` with the line when it is not Python, or nested beyond all measure.

    `numbers` are those of the text's lines in the file, where the text is only a part of it.
    """
    count("texts parsed")
    surrogate = re.search("[\ud800-\udfff]", source.text)
    if surrogate:
        return _problem(source, surrogate.start(), "the text holds a lone surrogate")
    refusal = too_deep(source.text)
    if refusal is not None:
        return _problem(source, refusal.offset, refusal.message, internal=not refusal.is_pythons)
    return with_deep_stack(lambda: _parse(source, numbers))


def _problem(source: Source, offset: int, message: str, internal: bool = False) -> Problem:
    line = 1 + len(_NEWLINE.findall(source.text, 0, offset))
    return Problem(source.path, line, f"cannot parse: {message}", internal=internal)


def _parse(source: Source, numbers: Sequence[int]) -> facts.Module | Problem:
    try:
        return _lower(source, _tree(source.text), numbers)
    except _RefusedError as refused:
        return Problem(source.path, *_explain(source.text, refused.reason))
    except (RecursionError, MemoryError):
        return Problem(source.path, 1, "cannot parse: the code is nested too deeply", internal=True)
    except LostPositionError as error:
        return Problem(source.path, 1, f"cannot parse: {error}")


class _RefusedError(Exception):
    """libcst does not read the text, for what reason ever."""

    def __init__(self, reason: BaseException) -> None:
        self.reason = reason


def _tree(text: str) -> cst.Module:
    try:
        return cst.parse_module(without_form_feeds(text))
    except (RecursionError, MemoryError):
        raise
    except BaseException as error:  # a panic of the native parser is no Exception; no Ctrl-C reaches this thread
        raise _RefusedError(error) from None


def _lower(source: Source, tree: cst.Module, numbers: Sequence[int]) -> facts.Module:
    positions = Positions(tree, source.text)
    places = Places(source.text, positions.offsets, numbers)
    body = lower_body(Lowering(places), tree.body)
    return facts.Module(source.path, body, find_comments(places, positions.strings), docstring_of(body)[0])


def _explain(text: str, reason: BaseException) -> tuple[int, str]:
    """Line and message: Python's own words where it refuses the code too, else libcst's."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(text)
    except SyntaxError as python:
        return python.lineno or 1, f"cannot parse: {python.msg}"
    except (ValueError, RecursionError, MemoryError):
        pass
    words = reason.message if isinstance(reason, cst.ParserSyntaxError) else str(reason)
    place = _LIBCST_PLACE.search(words)
    if place:
        return int(place[1]), f"cannot parse: {place[2]}"
    line = reason.raw_line if isinstance(reason, cst.ParserSyntaxError) else 1
    first_words = (words.removeprefix("tokenizer error: ").splitlines() or ["libcst gives no reason"])[0]
    return line, f"cannot parse: {first_words}"
