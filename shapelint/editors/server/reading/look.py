"""What the process that checks does for the server: it reads a text once, and answers what is asked of it.

The last texts are remembered: the programs for torch, and what is pointed at, cost no other analysis.
"""

from __future__ import annotations

import ast
import gc
from collections.abc import Mapping
from dataclasses import field
from typing import TYPE_CHECKING

from shapelint.data import dataclass
from shapelint.finding import Confidence
from shapelint.grammar.tree import tree_of
from shapelint.pipeline.check import FileCheck, Wanted
from shapelint.project.given import Given, take_given
from shapelint.project.reads import Reads, forget, recorded, take_unsaved
from shapelint.selection import Chosen
from shapelint.source import Source

if TYPE_CHECKING:
    from shapelint.editors.server.reading.memory import Read
    from shapelint.editors.server.shown.pointed import Pointed
    from shapelint.finding import Edit, Finding
    from shapelint.report.shapes.rows import Found
    from shapelint.verify.prove import Judged

_TEXTS = 3  #: analyses that are remembered: they are large


@dataclass(frozen=True, slots=True)
class Text:
    """A text of the editor, and what is asked of its check.

    `others` are the texts of other files that are not saved. `state` is another number when anything else than the text
    has changed that the check rests on, and `saved` another one when files were written, it may rest on them or not.
    """

    path: str
    text: str
    chosen: Chosen
    min_confidence: Confidence
    may_use_torch: bool = True  #: else there is nothing to be read in it
    is_checked: bool = True  #: whether findings are wanted, beside shapes
    given: Given = Given()
    others: Mapping[str, bytes] = field(default_factory=dict)
    state: int = 0
    saved: int = 0

    @property
    def source(self) -> Source:
        """The text as the rest of the package takes it."""
        return Source(self.path, self.text)


@dataclass(frozen=True, slots=True)
class Look:
    """What is seen in a text before torch has spoken: findings, shapes, and what both rest on."""

    check: FileCheck
    shapes: Found
    reads: Reads


def look(text: Text) -> Look:
    """The findings and shapes of a text, without programs for torch; never raises."""
    with recorded() as reads:
        read = _read(text)
        check = read.check(_wanted(text, prove=False))
        shapes = {} if check.problems else read.shapes()
    return Look(check, shapes, reads)


def programs(text: Text) -> FileCheck:
    """The findings of a text with the programs that put them, and their fixes, to the test."""
    return _read(text).check(_wanted(text, prove=True))


def statements_at(source: Source, first: int, last: int) -> tuple[int, int]:
    """Some lines with the rest of the statements that begin or end there; of those that hold others the lines alone."""
    spans = [
        (node.lineno, node.end_lineno or node.lineno)
        for node in ast.walk(tree_of(source.text)[0])
        if isinstance(node, ast.stmt) and not hasattr(node, "body")
    ]
    met = [(begin, end) for begin, end in spans if begin <= last and first <= end]
    return min([first, *(begin for begin, _ in met)]), max([last, *(end for _, end in met)])


def point(text: Text, line: int, column: int) -> Pointed | None:
    """What is known of the value at a place (the line from 1, the column from 0)."""
    return _read(text).point(line, column)


def comments_of(text: Text, lines: tuple[int, int] | None) -> list[Edit]:
    """The edits that put the shapes of a text into it as comments, of the statements in some lines or of all."""
    edits = _read(text).comments()
    if lines is None or not edits:
        return edits
    first, last = statements_at(text.source, *lines)
    return [edit for edit in edits if first <= edit.span.line <= last]


def witness_of(finding: Finding, judged: Judged | None) -> str:
    """The script that shows a finding, or a comment that says why there is none."""
    from shapelint.verify.witness.witness import NotShownError, script_of

    try:
        return script_of(finding, judged)
    except NotShownError as why:
        return f"# {finding.code} cannot be shown by a script: {why}\n"


def page_of(code: str) -> str:
    """The page of a rule, in Markdown."""
    from click import unstyle

    from shapelint.cli.rule import page
    from shapelint.rules.index import rule_of

    rule = rule_of(code)
    return "" if rule is None else unstyle(page(rule))


def holds(look: Look, text: Text) -> bool:
    """Whether what was seen in a text would be seen again, now that files may have changed."""
    from shapelint.cache.now import Now

    _heed_files(text)
    now = Now(look.reads.states)
    answers = (now.answers(kind, path, given) for (kind, path), given in look.reads.answers.items())
    return look.reads.is_sure and all(answers) and all(map(now.finds, look.reads.searches))


def _wanted(text: Text, prove: bool) -> Wanted:
    from shapelint.rules.index import by_default

    codes = text.chosen.among(by_default()) if text.is_checked else frozenset[str]()
    return Wanted(codes, text.min_confidence, prove, prove_fixes=prove, given=text.given)


_texts: dict[tuple[str, Given], Read] = {}  #: the last texts by their paths, the last one last
_saved = 0  #: what the files were when they were read last


def _read(text: Text) -> Read:
    """A text with what is understood of it: as much as holds of what was understood of the texts before it."""
    global _texts
    _heed_files(text)
    from shapelint.editors.server.reading.memory import Read

    last = _texts.pop((text.path, text.given), None)
    if last is not None and last.state != text.state:
        last = None
    if last is None or last.source != text.source:
        is_new = last is None
        last = Read.of(text.source, text.state, last)
        if is_new:
            _settle()
    _texts = dict([*_texts.items(), ((text.path, text.given), last)][-_TEXTS:])
    return last


def _settle() -> None:
    """Have the collector pass over what is remembered: a look through it takes longer than a change of the text."""
    gc.unfreeze()
    gc.collect()
    gc.freeze()


def _heed_files(text: Text) -> None:
    """Read files anew where one was saved, and take what is not saved for them."""
    global _saved
    if text.saved != _saved:
        forget()
        _saved = text.saved
    take_given(text.given)
    take_unsaved(text.others)
