"""The shapes in a text, as a process of its own finds them, and as comments in its file."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from shapelint.pipeline.check import analyse_source, internal_error
from shapelint.pipeline.write import replace_content, unwritten
from shapelint.project.given import Given, take_given
from shapelint.source import NOTEBOOK, Problem, Source, decode_source, encode_source, read_regular

if TYPE_CHECKING:
    from shapelint.finding import Edit
    from shapelint.report.shapes.rows import Found

LINE_LENGTH = 100  #: characters of a line with its comment, unless the user says otherwise


def shapes_in(source: Source, given: Given) -> tuple[Found, tuple[Problem, ...]]:
    """The shapes in a text; never raises."""
    from shapelint.report.shapes.rows import found_in

    take_given(given)
    try:
        analysis = analyse_source(source)
        return found_in(analysis.traces), analysis.problems
    except Exception as error:
        return {}, (internal_error(source.path, error),)


def annotated(source: Source, found: Found, limit: int) -> tuple[str, tuple[Problem, ...]]:
    """The text with the shapes as comments, which is the same program; as it is where that fails. Never raises."""
    from shapelint.verify.edits import apply_edits

    try:
        return apply_edits(source.text, comments(source, found, limit)), ()
    except Exception as error:
        return source.text, (internal_error(source.path, error),)


def comments(source: Source, found: Found, limit: int) -> list[Edit]:
    """The edits that put the shapes into a text as comments; raises what the parser does."""
    from shapelint.report.shapes.comments import comments_for
    from shapelint.verify.edits import apply_edits

    edits = comments_for(source, found, limit)
    if edits and _program(apply_edits(source.text, edits)) != _program(source.text):
        raise AssertionError("comments would make it another program")
    return edits


def _program(text: str) -> str:
    """What a text is to Python: all but places and comments."""
    import ast

    from shapelint.grammar.tree import tree_of

    return ast.dump(tree_of(text)[0])


def as_read(source: Source, text: str) -> str:
    """The text as people read it: of a notebook its cells, each under its number."""
    if not source.path.endswith(NOTEBOOK):
        return text
    from shapelint.notebooks.document import code_cells
    from shapelint.notebooks.join import with_code

    notebook = with_code(read_regular(source.path).decode(source.encoding), text)
    return "\n".join(f"# cell {cell.number}\n{cell.text.rstrip()}\n" for cell in code_cells(notebook))


def write_annotated(source: Source, text: str) -> Problem | None:
    """Put a text with comments into its file, whole or not at all, with the bytes that no comment is about kept."""
    try:
        raw = read_regular(source.path)
        if decode_source(source.path, raw) != source or encode_source(source, raw) != raw:
            raise OSError("it has changed since it was read, or its encoding does not give the bytes back")
        new = replace(source, text=text)
        after = encode_source(new, raw)
        if decode_source(source.path, after) != new:
            raise OSError("a comment would be read as the name of an encoding")
        replace_content(source.path, raw, after)
    except (OSError, UnicodeError) as error:
        return unwritten(source.path, error)
    return None
