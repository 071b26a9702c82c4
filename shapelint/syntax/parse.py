"""From text to facts: the only way into this package, and it never raises on anybody's code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from shapelint.effort import count, phase
from shapelint.grammar.tree import TOO_DEEP, tree_of
from shapelint.project.reads import remembered
from shapelint.regex import regex
from shapelint.source import Problem, Source
from shapelint.syntax import facts
from shapelint.syntax.comments import find_comments
from shapelint.syntax.expressions import Lowering
from shapelint.syntax.places import Places
from shapelint.syntax.statements import docstring_of, lower_body

_NEWLINE = regex(r"\r\n?|\n")


def parse_lines(source: Source, numbers: Sequence[int]) -> facts.Module | Problem:
    """Lower the statements of some lines of a file, as if it held nothing else; their places are those in the file."""
    lines = source.lines
    text = "".join(f"{lines[number - 1]}\n" for number in numbers)
    return parse(replace(source, text=text), [*numbers, len(lines) + 1])  # a text ends with the start of a line


@phase("parse")
def parse(source: Source, numbers: Sequence[int] = ()) -> facts.Module | Problem:
    """Lower a file; a `Problem` with the line when it is not Python, or nested beyond all measure.

    `numbers` are those of the text's lines in the file, where the text is only a part of it. What is parsed whole is
    remembered: a file is checked, and others import it.
    """
    return _parsed(source, numbers) if numbers else _remembered(source)


@remembered(256)
def _remembered(source: Source) -> facts.Module | Problem:
    return _parsed(source, ())


def _parsed(source: Source, numbers: Sequence[int]) -> facts.Module | Problem:
    count("texts parsed")
    try:
        tree, text = tree_of(source.text)
    except UnicodeEncodeError as error:
        line = 1 + len(_NEWLINE.findall(source.text, 0, error.start))
        return Problem(source.path, line, "cannot parse: the text holds a lone surrogate")
    except SyntaxError as error:
        return Problem(source.path, error.lineno or 1, f"cannot parse: {error.msg}")
    except ValueError as error:
        return Problem(source.path, 1, f"cannot parse: {error}")
    except TOO_DEEP as error:
        more = " or takes too much memory" if isinstance(error, MemoryError) else ""
        return Problem(source.path, 1, f"cannot parse: the code is nested too deeply{more}", internal=True)
    places = Places(text, numbers)
    body = lower_body(Lowering(places), tree.body)
    return facts.Module(source.path, body, find_comments(places), docstring_of(body)[0])
